"""Results of funnels: steps, the times between steps, or the rates over time. Pure functions."""

from datetime import datetime
from typing import Any

from pages.components.charts.formats import SECONDS, format_duration
from pages.components.charts.options import Options
from pages.components.charts.shapes import (
    GROUPED,
    LINES,
    MAX_GROUPS,
    MAX_POINTS,
    MAX_STEPS,
    Funnel,
    Graph,
    Series,
    Step,
    describe_rest,
    join_notes,
    to_number,
    to_text,
)
from pages.components.charts.trends import build_graph, write_breakdown

Json = dict[str, Any]


def parse_funnel(groups: list[list[Json]]) -> Funnel | None:
    """Return the steps of each group, or of the whole funnel, or None if no step can be drawn."""
    parsed = [(_get_group(steps), _parse_steps(steps)) for steps in groups[:MAX_GROUPS] if steps]
    found = [(name, steps) for name, steps in parsed if steps]
    more = describe_rest(len(groups) - MAX_GROUPS, "group")
    more_steps = describe_rest(max((len(steps) for steps in groups), default=0) - MAX_STEPS, "step")
    return Funnel(found, join_notes(more, more_steps)) if found else None


def _get_group(steps: list[Json]) -> str:
    return write_breakdown(steps[0]["breakdown_value"]) if "breakdown_value" in steps[0] else ""


def _parse_steps(steps: list[Json]) -> list[Step]:
    return [
        Step(
            to_text(step.get("custom_name") or step.get("name")),
            count,
            to_number(step.get("average_conversion_time")),
            to_number(step.get("median_conversion_time")),
        )
        for step in steps[:MAX_STEPS]
        if (count := to_number(step.get("count"))) is not None
    ]


def parse_funnel_trends(rows: list[Json], options: Options, moment: datetime | None) -> Graph:
    """Return the rates as lines in percent."""
    named = [row if row.get("label") or "breakdown_value" in row else {**row, "label": "Conversion"} for row in rows]
    return build_graph(named, options, moment, LINES)


def parse_time_to_convert(result: Json) -> Graph | None:
    """Return the histogram of the time between two steps."""
    pairs = [pair for pair in result.get("bins") or () if isinstance(pair, list) and len(pair) == 2]
    starts, counts = [to_number(start) for start, _ in pairs], [to_number(count) for _, count in pairs]
    labels = ["" if start is None else format_duration(start) for start in starts]
    average = to_number(result.get("average_conversion_time"))
    if not pairs or len(pairs) > MAX_POINTS:
        return None
    note = "" if average is None else f"Average time {SECONDS.write(average)}"
    return Graph(labels, [Series("Persons", counts)], GROUPED, note=note, axis="Time from")
