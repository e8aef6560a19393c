"""The tags of a dashboard. Called inside the transaction of the service that needs it."""

from collections.abc import Iterable

from dashboards.models import Dashboard, DashboardTag, Tag


def tag_names(dashboard: Dashboard) -> list[str]:
    """The names of a dashboard's tags, sorted by code point."""
    return list(
        DashboardTag.objects.filter(dashboard=dashboard).order_by("tag__name").values_list("tag__name", flat=True)
    )


def replace_tags(dashboard: Dashboard, names: Iterable[str]) -> None:
    """Make these the tags of a dashboard; the names are trimmed, in lower case and unique."""
    wanted = set(names)
    kept = DashboardTag.objects.filter(dashboard=dashboard)
    kept.exclude(tag__name__in=wanted).delete()
    missing = wanted - set(kept.values_list("tag__name", flat=True))
    if not missing:
        return
    Tag.objects.bulk_create(
        [Tag(project_id=dashboard.project_id, name=name) for name in sorted(missing)], ignore_conflicts=True
    )
    tags = Tag.objects.filter(project_id=dashboard.project_id, name__in=missing)
    DashboardTag.objects.bulk_create([DashboardTag(dashboard=dashboard, tag=tag) for tag in tags])
