"""Results in the shapes of PostHog's responses, and their charts."""

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from hypothesis import strategies as st

from pages.components.charts import render_chart
from pages.components.charts.results import parse_result
from pages.components.charts.shapes import Graph

DAYS = ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]
LABELS = ["21 Nov", "22 Nov", "23 Nov", "24 Nov"]
TRENDS: list[dict[str, Any]] = [
    {"label": "Visits", "data": [10, 20, 5, 40], "days": DAYS, "count": 75},
    {"label": "Sign-ups", "data": [1, None, 2, 3.5], "days": DAYS, "count": 6.5},
]
TOTALS = [
    {"label": "Chrome", "aggregated_value": 30},
    {"label": "Firefox", "aggregated_value": 60},
    {"label": "", "aggregated_value": 10},
]
MANY = [{"label": f"v{n}", "aggregated_value": 100 - n} for n in range(30)]
TUESDAY_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    *("label", "data", "labels", "days", "count", "aggregated_value", "name", "order", "values", "breakdown_value"),
    *("status", "compare_label", "action", "date", "custom_name", "average_conversion_time"),
)
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={**dict.fromkeys(KEYS, JSON), "data": st.lists(st.integers() | st.floats())}),
    max_size=4,
)
DISPLAYS = st.sampled_from(
    [
        *("", "ActionsPie", "BoldNumber", "ActionsBar", "ActionsUnstackedBar", "ActionsAreaGraph"),
        *("ActionsTable", "ActionsBarValue", "WorldMap"),
    ]
)
KINDS = st.sampled_from(["TrendsQuery", "FunnelsQuery", "StickinessQuery", "RetentionQuery"])


def trends_query(display: str = "", **options: Any) -> dict[str, Any]:
    source = {"kind": "TrendsQuery", "interval": "day", "trendsFilter": {"display": display, **options}}
    return {"kind": "InsightVizNode", "source": source}


def render_checked(result: Any, query: Any = None, moment: datetime | None = None) -> str:
    """Return the image and the data of a chart, after checking for well-formed HTML without styles and scripts."""
    chart = render_chart(result, query, "Name & more", moment)
    assert chart is not None
    text = f"<div>{chart.picture}{chart.data or ''}</div>"
    ElementTree.fromstring(text)  # noqa: S314  output of the service
    assert not re.search(r"style=|<script|\son\w+=", text)
    return text


def parse_graph(result: Any, query: Any = None, moment: datetime | None = None) -> Graph:
    found = parse_result(result, query, moment)
    assert isinstance(found, Graph)
    return found
