"""What is done to several insights at once, in one transaction and with the same few statements for any number."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from dashboards.changelog.tracking import changing, lock_all, note_insight
from dashboards.exceptions import TooManyTilesTouched
from dashboards.models import Dashboard, Insight, Tile
from dashboards.services.bulk import TOO_MANY_TAGS, BulkResult, TagAction
from dashboards.services.content_access import editable
from dashboards.services.tags import link_tags, tags_named, unlink_other_tags, unlink_tags
from dashboards_api.db.fields import dump_json
from dashboards_api.limits import TAGS_MAX
from users.models import Membership, Project

# The tiles of all dashboards whose insights go or come back in one request: what each of these shows is written down.
TILES_MAX = 10_000


class Flipped(NamedTuple):
    """Which insights were deleted or restored, and which were skipped, with the reason."""

    insights: list[Insight]
    skipped: list[tuple[int, str]]


@changing
def delete_insights(project: Project, *, insight_ids: Sequence[int], deleted_by: Membership) -> Flipped:
    """Delete insights, and remove their tiles everywhere. Unknown, deleted and closed ones are skipped.

    Raises TooManyTilesTouched.
    """
    _lock_dashboards(project, insight_ids, deleted_by)
    found = _editable(project, insight_ids, deleted_by, wants_deleted=False)
    deletion_id = uuid.uuid4()
    Tile.objects.not_deleted().filter(insight__in=found.insights).update(deleted=True, deletion_id=deletion_id)
    for insight in found.insights:
        note_insight(insight)
        insight.mark_deleted(deletion_id)
    Insight.objects.filter(pk__in=_ids(found.insights)).update(deleted=True, deletion_id=deletion_id)
    return found


@changing
def restore_insights(project: Project, *, insight_ids: Sequence[int], restored_by: Membership) -> Flipped:
    """Bring back deleted insights, each with the tiles that went with it. Unknown, live and closed ones are skipped.

    A tile whose dashboard was deleted since then comes back when its dashboard does. Raises TooManyTilesTouched.
    """
    _lock_dashboards(project, insight_ids, restored_by)
    found = _editable(project, insight_ids, restored_by, wants_deleted=True)
    went_along = Tile.objects.filter(insight__in=found.insights, deletion_id=F("insight__deletion_id"))
    dashboard = Dashboard.objects.filter(pk=OuterRef("dashboard"))
    went_along.update(
        deleted=Subquery(dashboard.values("deleted")), deletion_id=Subquery(dashboard.values("deletion_id"))
    )
    for insight in found.insights:
        note_insight(insight)
        insight.mark_restored()
    Insight.objects.filter(pk__in=_ids(found.insights)).update(deleted=False, deletion_id=None)
    return found


@changing
def update_insight_tags(
    project: Project, *, insight_ids: Sequence[int], action: TagAction, tags: Sequence[str], updated_by: Membership
) -> BulkResult:
    """Add tags to insights, take tags from them, or replace their tags. Unknown and closed ones are skipped."""
    found = _editable(project, insight_ids, updated_by, wants_deleted=False)
    result = BulkResult([], found.skipped)
    changed = []
    for insight in found.insights:
        before = set(insight.tag_names)
        after = {TagAction.ADD: before | {*tags}, TagAction.REMOVE: before - {*tags}, TagAction.SET: {*tags}}[action]
        if len(after) > max(TAGS_MAX, len(before)):
            result.skipped.append((insight.pk, TOO_MANY_TAGS))
            continue
        result.updated.append((insight.pk, sorted(after)))
        if after != before:
            note_insight(insight)
            insight.derive(after)
            changed.append(insight)
    _save_tags(changed, action, tags)
    _sign(changed, updated_by)
    return result


def _save_tags(insights: list[Insight], action: TagAction, tags: Sequence[str]) -> None:
    """Write the tags of insights that are locked and differ."""
    if action == TagAction.REMOVE:
        unlink_tags(insights, tags)
    elif action == TagAction.SET:
        unlink_other_tags(insights, tags)
    if insights and action != TagAction.REMOVE:
        link_tags(insights, tags_named(insights[0].project_id, tags))


def _sign(insights: list[Insight], member: Membership) -> None:
    """Write what is derived from tags, and who changed them. One statement for each row takes less than one for all."""
    now = timezone.now()
    changed = Insight.objects.filter(pk__in=_ids(insights))
    changed.update(updated_at=now, last_modified_at=now, last_modified_by=member.user_id, is_sample=False)
    if insights:
        table = connection.ops.quote_name(Insight._meta.db_table)
        sql = f"UPDATE {table} SET search_text = %s, tag_names = %s WHERE id = %s"  # noqa: S608  the name of our own table
        with connection.cursor() as cursor:
            cursor.executemany(sql, [(each.search_text, dump_json(each.tag_names), each.pk) for each in insights])


def _lock_dashboards(project: Project, insight_ids: Sequence[int], member: Membership) -> None:
    """Lock the dashboards that show these insights, or will again: before the insights, as everywhere.

    Raises TooManyTilesTouched where they hold more than can be written down.
    """
    is_shown = Q(deleted=False) | Q(deletion_id=F("insight__deletion_id"))
    shown = Tile.objects.filter(is_shown, insight__in=insight_ids, insight__project=project)
    dashboards = Dashboard.objects.in_project(project).filter(pk__in=shown.values("dashboard"))
    if Tile.objects.not_deleted().filter(dashboard__in=dashboards.values("pk")).count() > TILES_MAX:
        raise TooManyTilesTouched(TILES_MAX)
    lock_all(Dashboard.objects.in_project(project).with_is_collaborator(member).filter(pk__in=dashboards.values("pk")))


def _editable(project: Project, insight_ids: Sequence[int], member: Membership, *, wants_deleted: bool) -> Flipped:
    """Lock the insights; those that are so and that the member may edit, each once and in this order."""
    wanted = list(dict.fromkeys(insight_ids))
    rows = Insight.objects.in_project(project).select_for_update().filter(pk__in=wanted).order_by("pk")
    there = {insight.pk: insight for insight in rows if wants_deleted or not insight.deleted}
    may_edit = editable("insight", there, member)
    found = Flipped([], [])
    for id_ in wanted:
        if id_ not in there:
            found.skipped.append((id_, "not found"))
        elif id_ not in may_edit:
            found.skipped.append((id_, "no edit permission"))
        elif there[id_].deleted != wants_deleted:
            found.skipped.append((id_, "not deleted"))
        else:
            found.insights.append(there[id_])
    return found


def _ids(rows: Sequence[Insight]) -> list[int]:
    return [row.pk for row in rows]
