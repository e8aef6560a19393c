"""Taking back what was done with a key: each field as it was, unless somebody changed it since."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction

from dashboards.access import check_may_undo
from dashboards.exceptions import TooManyActs
from dashboards.history import PUBLISHED, SHARING, Change, change, paths_of, taken_back
from dashboards.models import Activity, ActivityScope, Dashboard, Insight, Tile
from dashboards.services.dashboards import update_dashboard
from dashboards.services.history import TILES_MAX, check_room, insight_state, states
from dashboards.services.insights import update_insight
from dashboards.services.restoring import changes_to
from dashboards.services.revisions import attempt, changing, lock_unnoted, note_name
from dashboards.services.sharing import update_sharing
from dashboards_api.errors import DomainError
from dashboards_api.fields import differs
from users.models import Membership, PersonalAPIKey, Project

# More than a change of one dashboard makes. What changes many at once may make more.
ACTS_MAX = 2 * TILES_MAX
# Of what they changed, in characters.
SIZE_MAX = 20_000_000
CHANGED_SINCE = "changed since"
NOT_TAKEN_BACK = "not taken back"
# What was made is deleted again.
BIRTH = change("Dashboard", ["deleted"], True, False)


class Item(NamedTuple):
    scope: str
    item_id: int
    name: str


class Fields(NamedTuple):
    """Those of one item that are as they were again, that were changed since, and that cannot be had again."""

    undone: list[str]
    changed_since: list[str]
    lost: list[str]


class Undone(NamedTuple):
    """Of each dashboard and insight the fields that are as they were again, and those that are not, with the reason.

    What was as it was already is neither.
    """

    undone: list[tuple[Item, list[str]]]
    skipped: list[tuple[Item, list[str], str]]


def undo_key(
    project: Project, *, key_id: str, since: datetime, until: datetime, is_preview: bool, undone_by: Membership
) -> Undone:
    """Take back what was done in a project with a key, from `since` to before `until`; or only see what would be.

    A preview does it all and drops it, so that it says just what would happen. Raises Forbidden for the key of
    somebody else, unless an admin asks, and TooManyActs.
    """
    check_may_undo(undone_by, owner_id=PersonalAPIKey.objects.filter(pk=key_id).values_list("user", flat=True).first())
    with transaction.atomic():
        result = _undo(project, key_id=key_id, since=since, until=until, undone_by=undone_by)
        if is_preview:
            transaction.set_rollback(True)
    return result


@changing
def _undo(project: Project, *, key_id: str, since: datetime, until: datetime, undone_by: Membership) -> Undone:
    found = Activity.objects.in_project(project).filter(key_id=key_id, created_at__gte=since, created_at__lt=until)
    sizes = list(found.order_by("id").values_list("size", flat=True)[: ACTS_MAX + 1])
    if len(sizes) > ACTS_MAX or sum(sizes) > SIZE_MAX:
        raise TooManyActs(ACTS_MAX)
    acts = list(found.order_by("id").defer("state"))
    names = {(act.scope, act.item_id): act.name for act in acts}
    changes: dict[Item, list[Change]] = defaultdict(list)
    for act in acts:
        item = Item(act.scope, act.item_id, names[act.scope, act.item_id])
        changes[item] += act.changes if act.activity != "created" else [BIRTH]
    _lock(project, changes, undone_by)
    result = Undone([], [])
    others = _changed_by_others(project, acts, key_id)
    for item in sorted(changes):
        undoable, refused = _sorted_out(changes[item], is_shared_work=item[:2] in others or _is_shown(item))
        undo = _undo_dashboard if item.scope == ActivityScope.DASHBOARD else _undo_insight
        _take_back(item, undoable, partial(undo, project, item.item_id, undoable, undone_by), result)
        result.skipped.extend((item, fields, reason) for reason, fields in refused.items())
    return result


def _changed_by_others(project: Project, acts: list[Activity], key_id: str) -> set[tuple[str, int]]:
    """What somebody else, or another key, has worked on since."""
    if not acts:
        return set()
    since = Activity.objects.in_project(project).filter(id__gt=acts[0].pk).exclude(key_id=key_id)
    return set(since.filter(item_id__in={act.item_id for act in acts}).values_list("scope", "item_id"))


def _is_shown(item: Item) -> bool:
    """Whether an insight is on a dashboard still, after those of the key are as they were: then others placed it."""
    is_insight = item.scope == ActivityScope.INSIGHT
    return is_insight and Tile.objects.not_deleted().filter(insight=item.item_id).exists()


def _lock(project: Project, items: Iterable[Item], member: Membership) -> None:
    """Every dashboard that may be touched, in the order of their ids, before anything else."""
    insights = [item.item_id for item in items if item.scope == ActivityScope.INSIGHT]
    ids = {item.item_id for item in items if item.scope == ActivityScope.DASHBOARD}
    ids |= set(Tile.objects.filter(insight__in=insights).values_list("dashboard_id", flat=True))
    lock_unnoted(Dashboard.objects.in_project(project).as_seen_by(member).filter(pk__in=ids))


def _sorted_out(changes: list[Change], *, is_shared_work: bool) -> tuple[list[Change], dict[str, list[str]]]:
    """What can be taken back, and the fields that cannot, by reason. No link is opened again, and no right given."""
    undoable, refused = [], defaultdict(list)
    for each in changes:
        if each is BIRTH and is_shared_work:
            refused[CHANGED_SINCE].append(each["field"])
        elif each["field"] == "restriction_level" and each["after"] > each["before"]:
            refused[NOT_TAKEN_BACK].append(each["field"])
        elif each["type"] in ("Dashboard", "Tile", "Insight") or (each["field"] == PUBLISHED and each["after"]):
            undoable.append(each)
        else:
            refused[NOT_TAKEN_BACK].append(each["field"])
    return undoable, refused


def _take_back(item: Item, changes: list[Change], undo: Callable[[], Fields], result: Undone) -> None:
    """One item, whole or not at all."""
    try:
        with attempt():
            fields = undo()
    except DomainError as refusal:
        result.skipped.append((item, paths_of(changes), refusal.detail))
        return
    if undone := [path for path in fields.undone if path not in fields.lost]:
        result.undone.append((item, undone))
    if fields.changed_since:
        result.skipped.append((item, fields.changed_since, CHANGED_SINCE))
    if fields.lost:
        result.skipped.append((item, fields.lost, NOT_TAKEN_BACK))


def _undo_dashboard(project: Project, dashboard_id: int, changes: list[Change], undone_by: Membership) -> Fields:
    """Take the changes of one dashboard back."""
    [shown] = states([dashboard_id])
    wanted, undone, kept = taken_back(shown.state, changes)
    if shown.state["deleted"] and wanted["deleted"]:
        return Fields([], [*undone, *kept], [])
    body, lost = changes_to(Dashboard.objects.in_project(project).get(pk=dashboard_id), wanted, undone_by)
    for field in ("restriction_level", "deleted"):
        if wanted[field] != shown.state[field]:
            body[field] = wanted[field]
    note_name(dashboard_id, "undone")
    is_open = shown.state[SHARING]["enabled"] and not wanted[SHARING]["enabled"]
    close = partial(update_sharing, dashboard_id, project=project, changes={"enabled": False}, updated_by=undone_by)
    # The sharing of a deleted dashboard cannot be changed: it is closed while the dashboard is there.
    if is_open and not shown.state["deleted"]:
        close()
    update_dashboard(dashboard_id, project=project, changes=body, edited_by=undone_by)
    if is_open and shown.state["deleted"]:
        close()
    check_room([dashboard_id])
    return Fields(undone, kept, lost)


def _undo_insight(project: Project, insight_id: int, changes: list[Change], undone_by: Membership) -> Fields:
    """The same for an insight."""
    insight = Insight.objects.in_project(project).get(pk=insight_id)
    now = insight_state(insight)
    wanted, undone, kept = taken_back(now, changes)
    body: Any = {field: value for field, value in wanted.items() if field in now and differs(now[field], value)}
    if body:
        update_insight(insight_id, project=project, changes=body, edited_by=undone_by)
    if body.get("deleted") is False:
        shown_on = Tile.objects.not_deleted().filter(insight=insight_id).values_list("dashboard_id", flat=True)
        check_room(list(shown_on))
    return Fields(undone, kept, [])
