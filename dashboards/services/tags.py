"""The tags of a dashboard or an insight. Called inside the transaction of the service that needs it."""

from collections.abc import Iterable

from dashboards.models import Dashboard, DashboardTag, Insight, InsightTag, Tag


def normalized_tags(names: Iterable[str]) -> list[str]:
    """Trimmed, in lower case and unique."""
    return list(dict.fromkeys(name.strip().lower() for name in names))


def tags_named(project_id: int, names: Iterable[str]) -> list[Tag]:
    """The tags of a project with these names; those that it lacks are made."""
    wanted = sorted(set(names))
    Tag.objects.bulk_create([Tag(project_id=project_id, name=name) for name in wanted], ignore_conflicts=True)
    return list(Tag.objects.filter(project_id=project_id, name__in=wanted))


def replace_tags(owner: Dashboard | Insight, names: Iterable[str]) -> None:
    """Make these its tags; the names are trimmed, in lower case and unique."""
    wanted = set(names)
    owner.tag_links.exclude(tag__name__in=wanted).delete()
    missing = wanted - set(owner.tag_links.values_list("tag__name", flat=True))
    if not missing:
        return
    tags = tags_named(owner.project_id, missing)
    if isinstance(owner, Dashboard):
        DashboardTag.objects.bulk_create([DashboardTag(dashboard=owner, tag=tag) for tag in tags])
    else:
        InsightTag.objects.bulk_create([InsightTag(insight=owner, tag=tag) for tag in tags])
