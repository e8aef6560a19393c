"""Funnels as lists of steps, each with a bar for its share of the first step and the change since the previous step."""

from typing import Any

from pages.components.charts.formats import format_duration, format_number, format_share
from pages.components.charts.shapes import Funnel, Step, join_notes


def build_funnel_view(found: Funnel) -> dict[str, Any]:
    return {
        "groups": [
            {"name": name, "steps": [_build_step(steps, place) for place in range(len(steps))]}
            for name, steps in found.groups
        ],
        "note": found.note,
    }


def _build_step(steps: list[Step], place: int) -> dict[str, Any]:
    step, first = steps[place], steps[0].persons
    return {
        "name": step.name,
        "count": format_number(step.persons),
        "share": format_share(step.persons, first),
        "length": round(step.persons / first * 100, 2) if first else 0,
        "details": describe_step(steps, place),
    }


def describe_step(steps: list[Step], place: int) -> str:
    """Return the change since the previous step, such as `25% of the previous step, 150 dropped off`."""
    if not place:
        return ""
    step, before = steps[place], steps[place - 1]
    share, lost = format_share(step.persons, before.persons), before.persons - step.persons
    return join_notes(
        f"{share} of the previous step" if share else "",
        f"{format_number(lost)} dropped off" if lost > 0 else "",
        "" if step.average is None else f"average time {format_duration(step.average)}",
        "" if step.median is None else f"median {format_duration(step.median)}",
    )
