"""What decides who may edit an insight: the dashboards it is on."""

from collections.abc import Collection, Iterable

from dashboards.access import Restriction, check_may_edit_insight, may_edit_insight
from dashboards.models import Collaborator, Tile
from users.models import Membership


def check_may_edit_insights(insight_ids: Collection[int], member: Membership) -> None:
    """Raises Forbidden where the member may not edit one of them."""
    for restrictions in _restrictions_of(insight_ids, member).values():
        check_may_edit_insight(member, restrictions)


def editable_insights(insight_ids: Iterable[int], member: Membership) -> set[int]:
    """Those of these that the member may edit."""
    found = _restrictions_of(insight_ids, member)
    return {id_ for id_, restrictions in found.items() if may_edit_insight(member, restrictions)}


def _restrictions_of(insight_ids: Iterable[int], member: Membership) -> dict[int, list[Restriction]]:
    """By insight, what decides what a member may do with each of the dashboards that show it, in one query."""
    found: dict[int, list[Restriction]] = {id_: [] for id_ in insight_ids}
    rows = (
        Tile.objects.there_or_coming_back()
        .filter(insight__in=found)
        .annotate(is_collaborator=Collaborator.objects.includes(member.pk, dashboard="dashboard_id"))
        .values_list("insight_id", "dashboard__created_by_id", "dashboard__restriction_level", "is_collaborator")
    )
    for insight_id, *restriction in rows:
        found[insight_id].append(Restriction(*restriction))
    return found
