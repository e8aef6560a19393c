"""Tags by what carries them, in one query."""

from collections.abc import Collection, Iterable
from typing import Any

from dashboards.models import DashboardTag, InsightTag


def dashboard_tags(dashboard_ids: Collection[int]) -> dict[int, list[str]]:
    """Sorted tag names by dashboard."""
    links = DashboardTag.objects.filter(dashboard_id__in=dashboard_ids).order_by("tag__name")
    return _grouped(links.values_list("dashboard_id", "tag__name"))


def insight_tags(insight_ids: Any) -> dict[int, list[str]]:
    """Sorted tag names by insight, for ids or for a query for them."""
    links = InsightTag.objects.filter(insight_id__in=insight_ids).order_by("tag__name")
    return _grouped(links.values_list("insight_id", "tag__name"))


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    for owner_id, name in pairs:
        tags.setdefault(owner_id, []).append(name)
    return tags
