"""What every change of dashboards leaves behind: higher revisions, and how many dashboards a list shows.

A service is `changing`: it runs in a transaction whose last statements count up the revisions of all dashboards that it
locked, and of those that show the same content, if anything was written at all; and write down what was done
(`history.py`). Nobody has to remember it, and since no row is locked after that count, which goes in the order of ids,
no two transactions wait for each other.
"""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from typing import Any, ParamSpec, TypeVar, cast

from django.db import connection, transaction

from dashboards.changelog.activity_log import Act, ChangedInsight, Done, begin, insight_state, write_down
from dashboards.changelog.content_changes import ChangedContent, ContentKey, content_key
from dashboards.changelog.counters import count_up, listed, sharing, showing
from dashboards.changelog.diff import Change, State
from dashboards.models import (
    Activity,
    ActivityName,
    Button,
    Collaborator,
    CreationMode,
    Dashboard,
    DashboardTag,
    Insight,
    RevisionKind,
    SharingConfiguration,
    Text,
    Tile,
)
from dashboards.models.dashboard import DashboardQuerySet
from users.models import Membership

_WRITTEN = re.compile(r'\s*(INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"')
# What places a tile, or removes it: on which dashboards its content is, the others say too.
_PLACING = re.compile(r'"(?:deleted|dashboard_id)" = ')
_CONTENT = {model._meta.db_table for model in (Text, Button)}
# What history holds of a dashboard.
_STATE = _CONTENT | {model._meta.db_table for model in (Dashboard, DashboardTag, Tile, SharingConfiguration)}


class _Change:
    """What one transaction has locked, counted and written so far."""

    def __init__(self, by: Membership) -> None:
        self.by = by
        self.dashboards: set[int] = set()
        self.created: set[int] = set()
        self.lists: dict[int, int] = {}
        self.insights: dict[int, ChangedInsight] = {}
        self.shown_insights: set[int] = set()
        self.acts: dict[int, Act] = {}
        self.known: dict[int, list[Change]] = {}
        self.reaching: set[int] = set()
        self.contents: dict[ContentKey, ChangedContent] = {}
        self.name: ActivityName | None = None
        self.tables: set[str] = set()
        self.updated: set[str] = set()
        self.writes = 0
        self.reaches_others = False

    def notice(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """For Django's `execute_wrapper`."""
        found = _WRITTEN.match(sql)
        if found and found[2] != Activity._meta.db_table:  # to write down is no change
            verb, table = found.groups()
            self.writes += 1
            self.tables.add(table)
            if verb == "UPDATE":
                self.updated.add(table)
            is_placing = table == Tile._meta.db_table and (verb != "UPDATE" or _PLACING.search(sql))
            self.reaches_others |= bool(is_placing) or table == Collaborator._meta.db_table
        return execute(sql, params, many, context)


P = ParamSpec("P")
R = TypeVar("R")
_current: ContextVar[_Change | None] = ContextVar("change", default=None)


def changing(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service in one transaction that counts up what it changes, and writes down what it did.

    Who acts is its keyword of the type Membership.
    """
    [actor] = [name for name, each in inspect.signature(service).parameters.items() if each.annotation is Membership]

    @functools.wraps(service)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with change(by=cast(Membership, kwargs[actor])):
            return service(*args, **kwargs)

    return wrapped


@contextmanager
def change(*, by: Membership) -> Iterator[None]:
    """The same, for a part of a service. Within another one it is a part of that."""
    if _current.get():
        yield
        return
    started = _Change(by)
    token = _current.set(started)
    try:
        with transaction.atomic():
            with connection.execute_wrapper(started.notice):
                yield
            if started.tables:
                write_down(_done(started, _count_up(started)))
    finally:
        _current.reset(token)


@contextmanager
def attempt() -> Iterator[None]:
    """A part of a change that may be refused, or find nothing to do: then nothing of it has happened, or is noted."""
    current = _expected()
    before = {name: copy(value) for name, value in vars(current).items()}
    try:
        with transaction.atomic():
            yield
    except BaseException:
        vars(current).update(before)
        raise
    if current.writes == before["writes"]:
        vars(current).update(before)


def lock_all(dashboards: DashboardQuerySet) -> dict[int, Dashboard]:
    """Dashboards by id, locked in that order, so that nobody waits for each other, and noted as what may be changed."""
    locked = lock_unnoted(dashboards)
    note_locked(locked.values())
    return locked


def lock_unnoted(dashboards: DashboardQuerySet) -> dict[int, Dashboard]:
    """The same, of which those that are changed are still to be noted."""
    locked = {dashboard.pk: dashboard for dashboard in dashboards.with_has_history().select_for_update().order_by("pk")}
    begin([dashboard.pk for dashboard in locked.values() if not dashboard.has_history])
    return locked


def note_locked(dashboards: Iterable[Dashboard]) -> None:
    """These dashboards are locked, and may be changed."""
    current = _expected()
    for dashboard in dashboards:
        current.dashboards.add(dashboard.pk)
        current.lists.setdefault(dashboard.project_id, 0)


def note_list(project_id: int) -> None:
    """The list of a project may be another one."""
    _expected().lists.setdefault(project_id, 0)


def note_changes(dashboard: Dashboard, changes: list[Change], *, reaches_others: bool = False) -> None:
    """A locked dashboard is changed by this and nothing else: what it shows need not be read to find out.

    Where it is noted as what may be changed, too, it is read all the same. A change `reaches_others` where it is seen
    on any dashboard that shows the same content; those that show an insight that is noted are known by that.
    """
    current = _expected()
    if reaches_others:
        current.reaching.add(dashboard.pk)
    current.known[dashboard.pk] = [*current.known.get(dashboard.pk, []), *changes]
    note_list(dashboard.project_id)


def note_content(content: Text | Button, before: State) -> None:
    """A text or a button was changed, from these fields, wherever it is shown."""
    _expected().contents.setdefault(content_key(content), ChangedContent(content, before))


def note_created(dashboard: Dashboard) -> None:
    """This dashboard was made just now."""
    note_locked([dashboard])
    _expected().created.add(dashboard.pk)


def note_act(dashboard_id: int, activity: ActivityName, changes: Iterable[Change] = ()) -> None:
    """Name an act on a dashboard in the log; `changes` are what no state shows, such as collaborators."""
    acts = _expected().acts
    before = acts.get(dashboard_id)
    acts[dashboard_id] = Act(activity, [*(before.changes if before else []), *changes])


def name_acts(activity: ActivityName) -> None:
    """Name whatever this transaction turns out to have changed."""
    _expected().name = activity


def note_listed(dashboard: Dashboard, by: int) -> None:
    """A list shows this dashboard now (1), or no more (-1)."""
    lists = _expected().lists
    by = 0 if dashboard.creation_mode == CreationMode.UNLISTED else by
    lists[dashboard.project_id] = lists.get(dashboard.project_id, 0) + by


def note_insight(insight: Insight) -> None:
    """This insight is locked, and may be changed wherever it is shown by then."""
    current = _expected()
    _note_insight(current, insight, insight_state(insight))
    current.shown_insights.add(insight.pk)


def note_new_insights(insights: Iterable[Insight]) -> None:
    """These insights were made just now, on dashboards that are locked, or on none."""
    current = _expected()
    for insight in insights:
        _note_insight(current, insight, None)


def note_deletion(insight: Insight) -> None:
    """This insight is about to go with its dashboard, which is locked, or to come back with it."""
    _note_insight(_expected(), insight, {"deleted": insight.deleted})


def _note_insight(current: _Change, insight: Insight, before: State | None) -> None:
    """Of one that is noted again counts what it was at first, and the latest object."""
    if insight.pk in current.insights:
        first = current.insights[insight.pk].before
        before = None if first is None else {**(before or {}), **first}
    current.insights[insight.pk] = ChangedInsight(insight, before)


def note_rights() -> None:
    """Who may do what with a dashboard changes, and with it what others say of the content that they share."""
    _expected().reaches_others = True


def _expected() -> _Change:
    current = _current.get()
    assert current is not None, "a service that changes dashboards is `changing`"  # noqa: S101  a rule of the house
    return current


def _count_up(change: _Change) -> list[int]:
    """The dashboards whose revision is higher now."""
    noted = [(RevisionKind.LIST.value, id_, by) for id_, by in change.lists.items()]
    changed = change.dashboards | change.known.keys()
    noted += [(RevisionKind.DASHBOARD.value, id_, 0) for id_ in changed]
    if not noted and not change.shown_insights:
        return []
    parts = [listed(noted)] if noted else []
    dashboards = sorted(change.dashboards | change.reaching)
    if dashboards and change.reaches_others:
        parts.append(sharing("insight_id", dashboards))
    if dashboards and (change.reaches_others or change.updated & _CONTENT):
        parts += [sharing("text_id", dashboards), sharing("button_id", dashboards)]
    if change.shown_insights:
        parts.append(showing(sorted(change.shown_insights)))
    return count_up(" UNION ".join(part.sql for part in parts), [param for part in parts for param in part.params])


def _done(change: _Change, counted: list[int]) -> Done:
    """What is to be written down. Text that was changed is another one on each dashboard that shows it."""
    compared = change.dashboards if change.tables & _STATE or change.acts else set()
    return Done(
        by=change.by,
        dashboards=compared,
        created=change.created,
        acts=change.acts,
        known={id_: changes for id_, changes in change.known.items() if id_ not in change.dashboards},
        reached=set(counted) - change.dashboards if change.contents else set(),
        contents=change.contents,
        insights=change.insights.values(),
        name=change.name,
    )
