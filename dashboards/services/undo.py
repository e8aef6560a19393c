"""Taking back what was done with a key: each field as it was, unless it was changed since."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboards.access import check_may_undo
from dashboards.changelog.diff import TILES, Step, overlap, path_of, paths_of
from dashboards.changelog.tracking import attempt, changing, lock_unnoted, name_acts
from dashboards.exceptions import UnknownKey
from dashboards.models import Activity, ActivityName, ActivityScope, Dashboard, Insight, Tile
from dashboards.services.undo_bounds import acts_since, bounded_acts, check_reach
from dashboards.services.undo_items import (
    CREATION,
    Fields,
    Key,
    Undo,
    flip_of,
    is_creation,
    is_of_sharing,
    undo_dashboard,
    undo_insight,
)
from dashboards.services.undo_sharing import close_dashboard
from dashboards_api.db.fields import dump_json
from dashboards_api.errors import DomainError
from users.models import Membership, PersonalAPIKey, Project

ACTS_AT_ONCE = 500
CHANGED_SINCE = "changed since"
GIVES_RIGHTS = "would open a link or give a right"
LOST = "cannot be had again"


class Item(NamedTuple):
    scope: str
    item_id: int
    name: str


class Undone(NamedTuple):
    """Of each dashboard and insight the fields that are as they were again, and those that are not, with the reason.

    What was as it was already is neither.
    """

    undone: list[tuple[Item, list[str]]]
    skipped: list[tuple[Item, list[str], str]]


# What others did after the first of the acts: the number of each act, and the paths that it changed.
Others = Mapping[Key, list[tuple[int, list[str]]]]


def undo_key(
    project: Project, *, key_id: str, since: datetime, until: datetime | None, is_preview: bool, undone_by: Membership
) -> Undone:
    """Take back what was done in a project with a key, from `since` to before `until`, or to now; or only see what
    would be.

    A preview does it all and drops it, so that it says just what would happen. Raises Forbidden for the key of
    somebody else, unless an admin asks, UnknownKey for a key that nobody here has or had, and TooManyActs.
    """
    check_may_undo(undone_by, owner_id=PersonalAPIKey.objects.filter(pk=key_id).values_list("user", flat=True).first())
    if not _is_known(project, key_id):
        raise UnknownKey
    with transaction.atomic():
        result = _undo(project, key_id=key_id, since=since, until=until or timezone.now(), undone_by=undone_by)
        if is_preview:
            transaction.set_rollback(True)
    return result


def _is_known(project: Project, key_id: str) -> bool:
    """Whether a member has this key, or something was done with it here before it was revoked."""
    of_member = PersonalAPIKey.objects.filter(pk=key_id, user__memberships__project=project)
    return of_member.exists() or Activity.objects.in_project(project).filter(key_id=key_id).exists()


@changing
def _undo(project: Project, *, key_id: str, since: datetime, until: datetime, undone_by: Membership) -> Undone:
    name_acts(ActivityName.UNDONE)
    acts = bounded_acts(
        Activity.objects.in_project(project).filter(key_id=key_id, created_at__gte=since, created_at__lt=until)
    )
    keys = {(act.scope, act.item_id) for act in acts}
    _lock(project, check_reach(project, keys, since=acts[0].pk if acts else 0), undone_by)
    others = _acts_of_others(project, acts, key_id)
    undo = Undo(project, undone_by, _steps_of(acts, others))
    result = _Result(_there(project, undo.steps))
    placed_by_others = _PlacedByOthers(project, acts[0].pk if acts else 0, key_id)
    for key, steps in undo.steps.items():
        if flip_of(steps) is False and (others[key] or placed_by_others.includes(key)):
            undo.steps[key] = result.keep(key, steps, lambda step: step.change["field"] == "deleted")
    made, placed = undo.dashboards(is_creation), undo.placed
    brought_back = undo.dashboards(lambda steps: flip_of(steps) is False)
    for key in sorted(undo.steps, key=lambda key: (_turn(key, undo.steps[key], brought_back), key)):
        if is_creation(undo.steps[key]) and (others[key] or _is_shown_by_others(key, made, placed)):
            undo.steps[key] = result.keep(key, undo.steps[key], lambda step: step.change is CREATION)
        sharing = [step for step in undo.steps[key] if is_of_sharing(step)]
        rest = [step for step in undo.steps[key] if not is_of_sharing(step)]
        take_back = undo_dashboard if key[0] == ActivityScope.DASHBOARD else undo_insight
        # What was opened is closed also where the rest is refused.
        for part, steps in ((close_dashboard, sharing), (take_back, rest)):
            if steps:
                result.add(key, steps, partial(part, undo, key[1]))
    return result.undone


class _There(NamedTuple):
    name: str
    deleted: bool


class _Result:
    """What came of each item so far."""

    def __init__(self, there: Mapping[Key, _There]) -> None:
        self.there = there
        self.taken: dict[Item, list[str]] = defaultdict(list)
        self.left: dict[tuple[Item, str], list[str]] = defaultdict(list)

    def item(self, key: Key) -> Item:
        return Item(*key, self.there[key].name)

    def keep(self, key: Key, steps: list[Step], are: Callable[[Step], bool]) -> list[Step]:
        """Leave out steps that others have built on; the others are given back."""
        if not self.there[key].deleted:
            paths = paths_of([step.change for step in steps if are(step)])
            self.left[self.item(key), CHANGED_SINCE].extend(paths)
        return [step for step in steps if not are(step)]

    def add(self, key: Key, steps: list[Step], take_back: Callable[[], Fields]) -> None:
        """A part of an item, whole or not at all."""
        try:
            with attempt():
                fields = take_back()
        except DomainError as refusal:
            self.left[self.item(key), refusal.detail].extend(paths_of([step.change for step in steps]))
            return
        self.taken[self.item(key)].extend(fields.undone)
        for reason, paths in (
            (CHANGED_SINCE, fields.changed_since),
            (GIVES_RIGHTS, fields.gives_rights),
            (LOST, fields.lost),
        ):
            self.left[self.item(key), reason].extend(paths)

    @property
    def undone(self) -> Undone:
        taken = [(item, paths) for item, paths in self.taken.items() if paths]
        return Undone(taken, [(item, paths, reason) for (item, reason), paths in self.left.items() if paths])


def _acts_of_others(project: Project, acts: list[Activity], key_id: str) -> Others:
    """What somebody else, or another key, did since to the same, but for changes that were taken back after that."""
    found: dict[Key, list[tuple[int, list[str]]]] = defaultdict(list)
    if not acts:
        return found
    later = acts_since(project, acts[0].pk, {(act.scope, act.item_id) for act in acts}).order_by("-id")
    columns = later.values_list("id", "scope", "item_id", "key_id", "activity", "changes")
    taken_back: set[tuple[Key, int]] = set()
    for number, scope, item_id, by, activity, changes in columns.iterator(chunk_size=ACTS_AT_ONCE):
        key = (scope, item_id)
        if activity == ActivityName.UNDONE:
            taken_back |= {(key, hash(dump_json([each["field"], each["after"], each["before"]]))) for each in changes}
        elif by != key_id:
            marks = {each["field"]: hash(dump_json([each["field"], each["before"], each["after"]])) for each in changes}
            if paths := [field for field, mark in marks.items() if (key, mark) not in taken_back]:
                found[key].append((number, paths))
    return found


def _steps_of(acts: Iterable[Activity], others: Others) -> dict[Key, list[Step]]:
    steps: dict[Key, list[Step]] = defaultdict(list)
    for act in acts:
        key = (act.scope, act.item_id)
        later = [path for number, paths in others[key] if number > act.pk for path in paths]
        for change in act.changes if act.activity != ActivityName.CREATED else [CREATION]:
            steps[key].append(Step(change, any(overlap(change["field"], path) for path in later)))
    return steps


def _turn(key: Key, steps: list[Step], brought_back: list[int]) -> int:
    """When something has its turn.

    Insights that come back bring tiles that dashboards would miss, and those that go again take theirs along: before
    the dashboards, unless they came with one and go with it. Insights that were made must be on none when they go.
    """
    scope, item_id = key
    if scope == ActivityScope.DASHBOARD:
        return 1
    flip = flip_of(steps)
    if flip is None or is_creation(steps):
        return 2
    is_taken_along = not flip and Tile.objects.filter(insight=item_id, dashboard__in=brought_back).exists()
    return 2 if is_taken_along else 0


def _is_shown_by_others(key: Key, made: list[int], placed: set[int]) -> bool:
    """Whether an insight is on a dashboard, or will be again; what the key made or placed counts while it is there."""
    scope, item_id = key
    tiles = Tile.objects.live_or_restorable().filter(insight=item_id)
    tiles = tiles.exclude(dashboard__in=made, dashboard__deleted=True).exclude(pk__in=placed, deleted=True)
    return scope == ActivityScope.INSIGHT and tiles.exists()


class _PlacedByOthers:
    """The tiles that somebody put on dashboards after the first of the acts, read once for each dashboard."""

    def __init__(self, project: Project, first: int, key_id: str) -> None:
        self.later = Activity.objects.in_project(project).filter(id__gt=first).exclude(key_id=key_id)
        self.paths: dict[int, set[str]] = {}

    def includes(self, key: Key) -> bool:
        """Whether one of them shows this insight."""
        scope, item_id = key
        if scope != ActivityScope.INSIGHT:
            return False
        tiles = Tile.objects.not_deleted().filter(insight=item_id).values_list("dashboard_id", "pk")
        return any(path_of(TILES, tile) in self._paths_on(board) for board, tile in tiles)

    def _paths_on(self, dashboard_id: int) -> set[str]:
        if dashboard_id not in self.paths:
            acts = self.later.of(ActivityScope.DASHBOARD, dashboard_id).values_list("changes", flat=True)
            self.paths[dashboard_id] = {path for changes in acts.iterator(ACTS_AT_ONCE) for path in paths_of(changes)}
        return self.paths[dashboard_id]


def _there(project: Project, keys: Iterable[Key]) -> dict[Key, _There]:
    """What dashboards and insights are called now, and whether they are deleted."""
    kinds: dict[ActivityScope, QuerySet[Dashboard] | QuerySet[Insight]] = {
        ActivityScope.DASHBOARD: Dashboard.objects.in_project(project),
        ActivityScope.INSIGHT: Insight.objects.in_project(project),
    }
    found: dict[Key, _There] = {}
    for scope, rows in kinds.items():
        ids = [item_id for each, item_id in keys if each == scope]
        found.update({(scope.value, row.pk): _There(str(row.name), row.deleted) for row in rows.filter(pk__in=ids)})
    return found


def _lock(project: Project, ids: Collection[int], member: Membership) -> None:
    """Every dashboard that may be touched, in the order of their ids, before it is asked what others did."""
    lock_unnoted(
        Dashboard.objects.in_project(project).without_free_json().with_is_collaborator(member).filter(pk__in=ids)
    )
