"""Results of lifecycles and of stickiness: bars above and below zero by status, and bars by number of intervals."""

from datetime import datetime
from typing import Any

from pages.components.charts.options import Options
from pages.components.charts.shapes import GROUPED, LINES, STACKED, Graph
from pages.components.charts.trends import build_graph

# The color of each status, regardless of the other statuses in a result.
STATUS_COLORS = {"new": 0, "returning": 2, "resurrecting": 4, "dormant": 1}

Json = dict[str, Any]


def is_lifecycle(rows: list[Json]) -> bool:
    return all(row.get("status") in STATUS_COLORS for row in rows if isinstance(row.get("status"), str | None)) and all(
        isinstance(row.get("status"), str) and isinstance(row.get("data"), list) and row["data"] for row in rows
    )


def parse_lifecycle(rows: list[Json], options: Options, moment: datetime | None) -> Graph:
    """Return the statuses as stacked bars, with dormant persons below zero."""
    named = [{**row, "label": row["status"].capitalize()} for row in rows]
    graph = build_graph(named, options, moment, STACKED, has_totals=False)
    colors = [STATUS_COLORS[row["status"]] for row in rows]
    series = [each._replace(color=color) for each, color in zip(graph.series, colors, strict=False)]
    return graph._replace(series=series)


def parse_stickiness(rows: list[Json], options: Options) -> Graph:
    """Return the number of persons for each number of active intervals."""
    style = LINES if options.display in ("ActionsLineGraph", "ActionsAreaGraph") else GROUPED
    is_cumulative = options.filter.get("computedAs") == "cumulative"
    graph = build_graph(rows, options, None, style, has_totals=not is_cumulative)
    return graph._replace(axis="Active for")
