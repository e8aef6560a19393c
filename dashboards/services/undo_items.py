"""Taking back changes of one dashboard, or of one insight, by the services that everybody changes them with."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dashboards.access import check_may_edit
from dashboards.changelog.activity_log import insight_state
from dashboards.changelog.dashboard_limits import check_room
from dashboards.changelog.diff import (
    SEPARATOR,
    SHARING,
    TILES,
    Step,
    field_change,
    is_in,
    overlap,
    path_of,
    taken_back,
)
from dashboards.changelog.snapshots import states
from dashboards.models import ActivityScope, Dashboard, Insight, Tile
from dashboards.services.dashboards import lock_dashboard, update_dashboard
from dashboards.services.insights import update_insight
from dashboards.services.version_restore import changes_to
from dashboards.tracked_fields import DASHBOARD_FIELDS
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import DomainError
from users.models import Membership, Project

# What an act was done to: its scope and id.
Key = tuple[str, int]
# The types of changes that give somebody a right, or take it.
RIGHTS = ("Collaborator", "SharePassword")
# Stands for the creation of something: taken back, it deletes what was made.
CREATION = field_change("Dashboard", ["deleted"], True, False)


class Undo(NamedTuple):
    """All that one undo takes back, by what it was done to."""

    project: Project
    undone_by: Membership
    steps: dict[Key, list[Step]]

    @property
    def placed(self) -> set[int]:
        """The ids of the tiles that the key placed, and nobody changed since."""
        steps = [step for each in self.steps.values() for step in each if not step.is_superseded]
        parts = [step.change["field"].split(SEPARATOR) for step in steps if step.change["before"] is None]
        return {int(part[1]) for part in parts if part[0] == TILES and len(part) == 2}

    def dashboards(self, are: Callable[[Sequence[Step]], bool]) -> list[int]:
        """The ids of the dashboards whose steps are so."""
        dashboard = ActivityScope.DASHBOARD
        return [id_ for (scope, id_), steps in self.steps.items() if scope == dashboard and are(steps)]


class Fields(NamedTuple):
    """Those of one item that are as they were again, and those that are not, by the reason."""

    undone: list[str]
    changed_since: Sequence[str] = ()
    gives_rights: Sequence[str] = ()
    lost: Sequence[str] = ()


def undo_dashboard(undo: Undo, dashboard_id: int) -> Fields:
    """Take the other changes of a dashboard back, the latest last."""
    steps = undo.steps[ActivityScope.DASHBOARD, dashboard_id]
    [shown] = states([dashboard_id])
    now = shown.state
    wanted, undone, kept = taken_back(now, [step for step in steps if not is_of_sharing(step)])
    held = hold_back(now, wanted)
    undone = [path for path in undone if path not in held]
    is_own = is_creation(steps)
    if now["deleted"] and wanted["deleted"]:  # nothing of it can be changed
        return Fields([], [] if is_own else [*undone, *kept], held)
    dashboard = lock_dashboard(dashboard_id, project=undo.project, member=undo.undone_by)
    check_may_edit(dashboard, undo.undone_by)
    if now["deleted"]:
        _restore(undo, dashboard)
    changed_since, lost = _show_again(undo, dashboard, now, wanted, undone)
    undone = [path for path in undone if not any(is_in(path, each) for each in (*changed_since, *lost))]
    if wanted["deleted"] and is_own:  # what became of it is of no interest
        return Fields(undone, gives_rights=held)
    return Fields(undone, [*kept, *changed_since], held, lost)


def _restore(undo: Undo, dashboard: Dashboard) -> None:
    changes: Any = {"deleted": False}
    update_dashboard(dashboard.pk, project=undo.project, changes=changes, edited_by=undo.undone_by)
    dashboard.refresh_from_db(fields=["deleted", "deletion_id"])


def _show_again(
    undo: Undo, dashboard: Dashboard, now: dict[str, Any], wanted: dict[str, Any], undone: list[str]
) -> tuple[list[str], list[str]]:
    """Make a live dashboard show this; the paths of what others changed, and of what cannot be had again."""
    touched = {path.split(SEPARATOR)[1] for path in undone if path.startswith(TILES + SEPARATOR)}
    overtaken, closed = _bring_home(undo, dashboard, now, wanted)
    may_change = [path for path in undone if _shows_what_the_key_left(undo, dashboard, now, path)]
    body, lost = changes_to(
        dashboard,
        wanted,
        undo.undone_by,
        may_change=may_change,
        fields=[field for field in DASHBOARD_FIELDS if field in undone],
        only_tiles=touched,
    )
    if wanted["restriction_level"] != now["restriction_level"]:
        body["restriction_level"] = wanted["restriction_level"]
    if wanted["deleted"]:
        body["deleted"], body["delete_insights"] = True, _goes_with_insights(undo, dashboard)
    update_dashboard(dashboard.pk, project=undo.project, changes=body, edited_by=undo.undone_by, from_history=True)
    if body["tiles"] or now["deleted"]:
        check_room([dashboard.pk])
    return overtaken, [*closed, *lost]


def undo_insight(undo: Undo, insight_id: int) -> Fields:
    """The same for an insight."""
    # Locked before it is looked at: nobody else has changed it then.
    insight = Insight.objects.in_project(undo.project).select_for_update().get(pk=insight_id)
    now = insight_state(insight)
    steps = undo.steps[ActivityScope.INSIGHT, insight_id]
    wanted, undone, kept = taken_back(now, steps)
    if now["deleted"] and wanted["deleted"]:  # nothing of it can be changed
        is_gone_again = is_creation(steps) or flip_of(steps) is False
        return Fields([], [] if is_gone_again else [*undone, *kept])
    body: Any = {field: value for field, value in wanted.items() if field in now and json_differs(now[field], value)}
    if body:
        update_insight(insight_id, project=undo.project, changes=body, edited_by=undo.undone_by)
    if body.get("deleted") is False:
        shown_on = Tile.objects.not_deleted().filter(insight=insight_id).values_list("dashboard_id", flat=True)
        check_room(list(shown_on))
    return Fields(undone, kept)


def flip_of(steps: Sequence[Step]) -> bool | None:
    """Whether the key deleted something that was there, or restored it (False), at last."""
    changes = [step.change for step in steps if step.change["field"] == "deleted"]
    flips = [change["after"] for change in changes if change is not CREATION]
    return flips[-1] if flips else None


def is_creation(steps: Sequence[Step]) -> bool:
    """Whether the key made it."""
    return any(step.change is CREATION for step in steps)


def is_of_sharing(step: Step) -> bool:
    """Whether it is about who else sees or edits a dashboard."""
    return step.change["type"] in RIGHTS or step.change["field"].startswith(SHARING)


def hold_back(now: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Leave as it is what would open a link or let somebody do more; the paths of that."""
    held = []
    if wanted["restriction_level"] < now["restriction_level"]:
        wanted["restriction_level"] = now["restriction_level"]
        held.append("restriction_level")
    for field, value in now[SHARING].items():
        closes = {"enabled": value is True, "password_required": value is False}.get(field, False)
        if json_differs(value, wanted[SHARING][field]) and not closes:
            wanted[SHARING][field] = value
            held.append(path_of(SHARING, field))
    return held


def _shows_what_the_key_left(undo: Undo, dashboard: Dashboard, now: dict[str, Any], path: str) -> bool:
    """Of the path of a tile's content: a removed tile's may have been changed through another dashboard."""
    tiles, id_, kind = [*path.split(SEPARATOR), "", ""][:3]
    if tiles != TILES or kind not in ("text", "button_tile"):
        return False
    if id_ in now[TILES]:
        return True
    removals = [
        step.change["before"]
        for step in undo.steps[ActivityScope.DASHBOARD, dashboard.pk]
        if step.change["field"] == path_of(TILES, id_) and step.change["after"] is None
    ]
    tile = Tile.objects.select_related("text", "button").filter(pk=int(id_)).first()
    shown = tile and (tile.text or tile.button)
    left = removals[-1].get(kind, {}) if removals else {}
    fields = [field for field in left if field != "id"]
    return bool(shown and fields) and all(getattr(shown, field) == left[field] for field in fields)


def _bring_home(
    undo: Undo, dashboard: Dashboard, now: dict[str, Any], wanted: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Tiles that the key moved to other dashboards come back, where they are as it left them.

    Gives back the paths of those that others changed or that are here again, and of those that cannot be moved: these
    are wanted no more.
    """
    overtaken: list[str] = []
    closed: list[str] = []
    missing = [id_ for id_ in wanted[TILES] if id_ not in now[TILES]]
    if not missing:
        return overtaken, closed
    there = {str(tile.pk): tile for tile in Tile.objects.filter(pk__in=[int(id_) for id_ in missing])}
    for id_ in missing:
        tile = there.get(id_)
        if tile and tile.dashboard_id == dashboard.pk:
            continue
        path = path_of(TILES, id_)
        if tile is None:
            insight = wanted[TILES][id_].get("insight")
            if insight is not None and not _is_here_again({"insight": insight}, dashboard, wanted):
                continue  # it is placed anew
            closed.append(path)
        elif not _is_here_again(tile.content, dashboard, wanted) and _gives_up(undo, tile):
            try:
                _move(undo, tile, dashboard)
                continue
            except DomainError:
                closed.append(path)
        else:
            overtaken.append(path)
        del wanted[TILES][id_]
    return overtaken, closed


def _is_here_again(content: dict[str, Any], dashboard: Dashboard, wanted: dict[str, Any]) -> bool:
    """Whether the content of a tile is on this dashboard by another tile, which stays."""
    twins = Tile.objects.on_dashboard(dashboard).not_deleted().filter(**content)
    return any(str(twin.pk) in wanted[TILES] for twin in twins)


def _move(undo: Undo, tile: Tile, home: Dashboard) -> None:
    """Also a tile that was removed where it was moved to. Raises Forbidden for what the member may not edit there."""
    check_may_edit(lock_dashboard(tile.dashboard_id, project=undo.project, member=undo.undone_by), undo.undone_by)
    Tile.objects.on_dashboard(home).filter(**tile.content).delete()  # a tile that is removed, or to be removed
    tile.dashboard = home
    tile.set_deleted(False)
    tile.save(update_fields=["dashboard", "deleted", "deletion_id"])


def _gives_up(undo: Undo, tile: Tile) -> bool:
    """Whether the key brought this tile to the dashboard where it is, and nobody changed it since."""
    steps = undo.steps.get((ActivityScope.DASHBOARD, tile.dashboard_id))
    if not steps:
        return False
    path = path_of(TILES, tile.pk)
    [shown] = states([tile.dashboard_id])
    wanted, _, kept = taken_back(shown.state, steps)
    came = any(step.change["field"] == path and step.change["before"] is None for step in steps)
    return came and str(tile.pk) not in wanted[TILES] and not any(overlap(path, each) for each in kept)


def _goes_with_insights(undo: Undo, dashboard: Dashboard) -> bool:
    """Whether the key brought it back together with its insights, which go with it again then."""
    insight = ActivityScope.INSIGHT
    restored = {id_ for (scope, id_), steps in undo.steps.items() if scope == insight and flip_of(steps) is False}
    insights = set(Insight.objects.only_on_dashboard(dashboard).not_deleted().values_list("pk", flat=True))
    return bool(insights) and insights <= restored
