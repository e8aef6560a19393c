"""The right to edit content: an insight, a text or a button may be edited by those who may edit all its dashboards."""

from collections.abc import Iterable
from typing import Any

from dashboards.access import Restriction, check_may_edit_content, may_edit_content
from dashboards.models import Collaborator, Tile
from dashboards.models.tile import CONTENT_KINDS, ContentKind
from users.models import Membership


def group_contents(tiles: Iterable[Tile]) -> dict[ContentKind, set[Any]]:
    """Return the ids of the content of tiles, by its kind."""
    rows = list(tiles)
    return {kind: {getattr(tile, f"{kind}_id") for tile in rows} - {None} for kind in CONTENT_KINDS}


def check_may_edit_contents(kind: ContentKind, ids: Iterable[Any], member: Membership) -> None:
    """Raise Forbidden where the member may not edit one of these."""
    for restrictions in _load_restrictions(kind, ids, member).values():
        check_may_edit_content(member, restrictions)


def filter_editable(kind: ContentKind, ids: Iterable[Any], member: Membership) -> set[Any]:
    """Return those of these that the member may edit."""
    found = _load_restrictions(kind, ids, member)
    return {id_ for id_, restrictions in found.items() if may_edit_content(member, restrictions)}


def _load_restrictions(kind: ContentKind, ids: Iterable[Any], member: Membership) -> dict[Any, list[Restriction]]:
    """Return by content id the restrictions of all dashboards that show it, by one statement."""
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
