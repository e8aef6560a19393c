"""What decides who may edit an insight, a text or a button: the dashboards it is on."""

from collections.abc import Iterable
from typing import Any

from dashboards.access import Restriction, check_may_edit_content, may_edit_content
from dashboards.models import Collaborator, Tile
from dashboards.models.tile import CONTENT_KINDS, ContentKind
from users.models import Membership


def contents_of(tiles: Iterable[Tile]) -> dict[ContentKind, set[Any]]:
    """The ids of what tiles show, by its kind."""
    shown = list(tiles)
    return {kind: {getattr(tile, f"{kind}_id") for tile in shown} - {None} for kind in CONTENT_KINDS}


def check_may_edit_contents(kind: ContentKind, ids: Iterable[Any], member: Membership) -> None:
    """Raises Forbidden where the member may not edit one of these."""
    for restrictions in _restrictions_of(kind, ids, member).values():
        check_may_edit_content(member, restrictions)


def editable(kind: ContentKind, ids: Iterable[Any], member: Membership) -> set[Any]:
    """Those of these that the member may edit."""
    found = _restrictions_of(kind, ids, member)
    return {id_ for id_, restrictions in found.items() if may_edit_content(member, restrictions)}


def _restrictions_of(kind: ContentKind, ids: Iterable[Any], member: Membership) -> dict[Any, list[Restriction]]:
    """By its id, what decides what a member may do with each of the dashboards that show it, in one query."""
    found: dict[Any, list[Restriction]] = {id_: [] for id_ in ids}
    if not found:
        return found
    rows = (
        Tile.objects.live_or_restorable()
        .filter(**{f"{kind}__in": found})
        .annotate(is_collaborator=Collaborator.objects.includes(member.pk, dashboard="dashboard_id"))
        .values_list(kind, "dashboard__created_by_id", "dashboard__restriction_level", "is_collaborator")
    )
    for id_, *restriction in rows:
        found[id_].append(Restriction(*restriction))
    return found
