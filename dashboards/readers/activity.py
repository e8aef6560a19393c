"""Read the activity log of a project, and the versions of a dashboard."""

from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from dashboards.changelog.diff import Snapshot, diff_snapshots, fill_added_fields
from dashboards.changelog.versions import get_snapshot_at
from dashboards.exceptions import DashboardNotFound, InsightNotFound, VersionNotFound
from dashboards.models import Activity, ActivityName, ActivityScope, Dashboard, Insight, build_activity_uuid
from dashboards.models.activity import ActivityQuerySet
from dashboards_api.db.fields import raw_json
from dashboards_api.errors import ValidationFailed
from users.models import Project
from users.readers import build_basic_user, get_user_columns

PAGE_ROWS = 100
# Maximum size of the changes on a page, in characters. A page ends early if its changes would be larger.
MAX_PAGE_SIZE = 4_000_000
COLUMNS = ("id", "activity", "scope", "item_id", "name", "short_id", "key_id", "key_label", "created_at", "version")
_USER = get_user_columns("user")


class ActivityQuery(NamedTuple):
    """The filters of the activity log."""

    scope: str = ""
    item_id: int | None = None
    user_id: int | None = None
    key_id: str = ""


class Page(NamedTuple):
    """The newest entries before a cursor, and the cursor of the next page, which is None on the last page."""

    rows: list[dict[str, Any]]
    next: int | None


def list_activity(project: Project, *, query: ActivityQuery, before: int | None) -> Page:
    """Return a page of the activity log of a project, newest entries first (component ActivityLog)."""
    found = Activity.objects.in_project(project)
    if query.scope:
        found = found.filter(scope=query.scope)
    if query.item_id is not None:
        found = found.filter(item_id=query.item_id)
    if query.user_id is not None:
        found = found.filter(user=query.user_id)
    if query.key_id:
        found = found.filter(key_id=query.key_id)
    page = _read_page(found, before)
    return Page([_build_activity(row) for row in page.rows], page.next)


def list_dashboard_activity(dashboard_id: int, *, project: Project, before: int | None) -> Page:
    """Return a page of the activity log of a live dashboard. Raises DashboardNotFound."""
    _check_dashboard_exists(dashboard_id, project)
    return list_activity(project, query=ActivityQuery(ActivityScope.DASHBOARD, dashboard_id), before=before)


def list_insight_activity(
    project: Project, *, reference: str | None, page: int, limit: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of entries of one insight or of all insights, and one page of them (component ActivityLog).

    Raises InsightNotFound, and ValidationFailed if the changes on the page are too large for one response.
    """
    found = Activity.objects.in_project(project).filter(scope=ActivityScope.INSIGHT)
    if reference is not None:
        insight_id = (
            Insight.objects.in_project(project).not_deleted().by_reference(reference).values_list("pk", flat=True)
        )
        if (item_id := insight_id.first()) is None:
            raise InsightNotFound
        found = found.filter(item_id=item_id)
    total, offset = found.count(), (page - 1) * limit
    if offset >= total:
        return total, []
    sizes = list(found.order_by("-pk").values_list("pk", "size")[offset : offset + limit])
    if len(sizes) > 1 and sum(size for _, size in sizes) > MAX_PAGE_SIZE:
        raise ValidationFailed(
            "The changes on this page are too large for one response.", attr="limit", code="too_large"
        )
    rows = _select(Activity.objects.filter(pk__in=[pk for pk, _ in sizes])).order_by("-pk")
    return total, [_build_activity(row) for row in rows]


def list_versions(dashboard_id: int, *, project: Project, before: int | None) -> Page:
    """Return a page of the versions of a live dashboard, newest first (component DashboardVersionBasic).

    Raises DashboardNotFound.
    """
    _check_dashboard_exists(dashboard_id, project)
    page = _read_page(Activity.objects.versions_of(dashboard_id), before)
    return Page([_build_version(row) for row in page.rows], page.next)


def find_version_before(dashboard_id: int, version: int) -> int | None:
    """Return the version of a dashboard that precedes another version, or None if the log has no earlier version."""
    found = Activity.objects.versions_of(dashboard_id).filter(version__lt=version).order_by("-version")
    before: int | None = found.values_list("version", flat=True).first()
    return before


def read_version(dashboard_id: int, version: int, *, project: Project) -> dict[str, Any]:
    """Return a version of a dashboard with its snapshot (component DashboardVersion).

    Raises DashboardNotFound and VersionNotFound.
    """
    _check_dashboard_exists(dashboard_id, project)
    found = Activity.objects.versions_of(dashboard_id).filter(version=version).annotate(raw_state=raw_json("state"))
    row = _select(found, "raw_state").first()
    if row is None:
        raise VersionNotFound
    if row["raw_state"] is not None:
        return {**_build_version(row), "state": orjson.Fragment(row["raw_state"])}
    return {**_build_version(row), "state": _load_snapshot(dashboard_id, version)}


def read_diff(dashboard_id: int, version: int, other: int | None, *, project: Project) -> dict[str, Any]:
    """Return the fields that differ between two versions (component DashboardDifference).

    Raises DashboardNotFound, VersionNotFound, and ValidationFailed if no other version is given.
    """
    _check_dashboard_exists(dashboard_id, project)
    before = _load_snapshot(dashboard_id, version)
    if other is None:
        raise ValidationFailed("The version to compare with is required.", attr="to", code="required")
    after = _load_snapshot(dashboard_id, other)
    return {
        "from_version": version,
        "to_version": other,
        "changes": diff_snapshots(fill_added_fields(before), fill_added_fields(after), ActivityScope.DASHBOARD),
    }


def _load_snapshot(dashboard_id: int, version: int) -> Snapshot:
    """Return the snapshot of a version. Raises VersionNotFound."""
    state = get_snapshot_at(dashboard_id, version)
    if state is None:
        raise VersionNotFound
    return state


def _check_dashboard_exists(dashboard_id: int, project: Project) -> None:
    if not Dashboard.objects.in_project(project).not_deleted().filter(pk=dashboard_id).exists():
        raise DashboardNotFound


def _read_page(found: ActivityQuerySet, before: int | None) -> Page:
    if before is not None:
        found = found.filter(pk__lt=before)
    sizes = list(found.order_by("-pk").values_list("pk", "size")[: PAGE_ROWS + 1])
    totals = accumulate(size for _, size in sizes[:PAGE_ROWS])
    fitting = max(1, sum(total <= MAX_PAGE_SIZE for total in totals))
    ids = [pk for pk, _ in sizes[:fitting]]
    rows = _select(Activity.objects.filter(pk__in=ids)).order_by("-pk")
    return Page(list(rows), ids[-1] if len(sizes) > len(ids) else None)


def _select(found: ActivityQuerySet, *more: str) -> Any:
    return found.annotate(raw_changes=raw_json("changes")).values(*COLUMNS, *_USER, "raw_changes", *more)


def _build_activity(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": build_activity_uuid(row["id"]),
        "user": _build_user(row),
        "activity": row["activity"],
        "scope": row["scope"],
        "item_id": str(row["item_id"]),
        "detail": {
            "name": row["name"],
            "short_id": row["short_id"] or None,
            "changes": orjson.Fragment(row["raw_changes"]),
            "trigger": _build_trigger(row),
        },
        "version": row["version"],
        "created_at": row["created_at"],
        "is_system": row["activity"] == ActivityName.RECORDED,
        "was_impersonated": False,
        "unread": False,
    }


def _build_version(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": row["version"],
        "activity": row["activity"],
        "user": _build_user(row),
        "trigger": _build_trigger(row),
        "changes": orjson.Fragment(row["raw_changes"]),
        "created_at": row["created_at"],
    }


def _build_user(row: dict[str, Any]) -> dict[str, Any] | None:
    return build_basic_user(tuple(row[column] for column in _USER))


def _build_trigger(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the API key of an entry as its trigger, or None without an API key."""
    if not row["key_id"]:
        return None
    return {"job_type": "personal_api_key", "job_id": row["key_id"], "payload": {"label": row["key_label"]}}
