"""Closing what a key opened: links, and the rights that it gave."""

from collections.abc import Iterable, Sequence
from typing import Any

from dashboards.access import check_may_edit
from dashboards.changelog.diff import PUBLISHED, SHARING, Change, Step, path_of, paths_of, taken_back
from dashboards.changelog.snapshots import states
from dashboards.changelog.tracking import note_act
from dashboards.models import ActivityName, ActivityScope, Dashboard, SharePassword, SharingConfiguration
from dashboards.services.dashboards import lock_dashboard
from dashboards.services.sharing import change_sharing
from dashboards.services.undo_items import RIGHTS, Fields, Undo, hold_back
from dashboards_api.db.fields import json_differs

ACCESS_TOKEN = path_of(SHARING, "access_token")


def close_dashboard(undo: Undo, dashboard_id: int) -> Fields:
    """Close what a key opened of a dashboard, deleted or not, and remove the rights that it gave."""
    steps = undo.steps[ActivityScope.DASHBOARD, dashboard_id]
    [shown] = states([dashboard_id])
    rights = [step for step in steps if step.change["type"] in RIGHTS]
    links = [
        step for step in steps if step.change["type"] == "SharingConfiguration" and step.change["field"] != ACCESS_TOKEN
    ]
    wanted, undone, kept = taken_back(shown.state, links)
    held = hold_back(shown.state, wanted)
    dashboard = lock_dashboard(dashboard_id, project=undo.project, member=undo.undone_by)
    check_may_edit(dashboard, undo.undone_by)
    sharing = SharingConfiguration.objects.get(dashboard=dashboard)
    now, then = shown.state[SHARING], wanted[SHARING]
    fields: Any = {field: value for field, value in then.items() if json_differs(now[field], value)}
    change_sharing(sharing, fields)
    removed, taken = _remove_rights(dashboard, sharing, _net(rights))
    closed = [path for path in undone if path not in held]
    return Fields([*closed, *removed], kept, [*held, *taken], _lost_tokens(steps))


def _lost_tokens(steps: Sequence[Step]) -> list[str]:
    """The token, where the key replaced one that was handed out, and nobody did after it."""
    opened = [step.change["before"] for step in steps if step.change["field"] == PUBLISHED]
    replaced = [step for step in steps if step.change["field"] == ACCESS_TOKEN]
    was_open = not opened or opened[0]
    return [ACCESS_TOKEN] if replaced and was_open and not replaced[-1].is_superseded else []


def _net(steps: Iterable[Step]) -> list[Change]:
    """Of each path what it was at first and is at last, where that differs and nobody changed it since."""
    paths: dict[str, list[Step]] = {}
    for step in steps:
        paths.setdefault(step.change["field"], []).append(step)
    last = [each for each in paths.values() if not each[-1].is_superseded]
    nets = [{**each[-1].change, "before": each[0].change["before"]} for each in last]
    return [net for net in nets if (net["before"] is None) != (net["after"] is None)]


def _remove_rights(
    dashboard: Dashboard, sharing: SharingConfiguration, rights: list[Change]
) -> tuple[list[str], list[str]]:
    """Take rights that were given; the paths of those that were there still, and of those that the key had taken."""
    removed, taken = [], []
    for each in rights:
        right = each["after"] or each["before"]
        found = (
            dashboard.collaborators.filter(membership__user__uuid=right)
            if each["type"] == "Collaborator"
            else SharePassword.objects.filter(sharing_configuration=sharing, pk=right["id"])
        )
        if each["after"] is None and not found.exists():
            taken.append(each["field"])
        elif each["after"] is not None and found.delete()[0]:
            removed.append({**each, "action": "deleted", "before": each["after"], "after": None})
    if removed:
        note_act(dashboard.pk, ActivityName.UNDONE, removed)
    return paths_of(removed), taken
