"""Charts of results in the shapes of PostHog's responses."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.charts import render_chart
from pages.components.charts.render import format_short, nice_step
from pages.components.charts.results import parse_result
from pages.components.charts.shapes import Lines, Number, Parts, Series, Table, format_number

DAYS = ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]
TRENDS = [
    {
        "label": "Visits",
        "data": [10, 20, 5, 40],
        "days": DAYS,
        "labels": ["21 Nov", "22 Nov", "23 Nov", "24 Nov"],
        "count": 75,
    },
    {"label": "Sign-ups", "data": [1, None, 2, 3.5], "days": DAYS, "count": 6.5},
]
TOTALS = [
    {"label": "Chrome", "aggregated_value": 30},
    {"label": "Firefox", "aggregated_value": 60},
    {"label": "", "aggregated_value": 10},
]
FUNNEL = [
    {"name": "Visit", "order": 0, "count": 200, "average_conversion_time": None},
    {"name": "Pay", "order": 1, "count": 50, "average_conversion_time": 3.2},
]
RETENTION = [
    {"date": "2026-11-01", "label": "Week 0", "values": [{"count": 100}, {"count": 40}]},
    {"date": "2026-11-08", "label": "Week 1", "values": [{"count": 90}]},
]


def trends_query(display: str) -> dict[str, Any]:
    return {"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "trendsFilter": {"display": display}}}


def render_checked(result: Any, query: Any = None) -> str:
    chart = render_chart(result, query, "Name & more")
    assert chart is not None
    # The markup is well-formed, and a strict policy blocks nothing of it.
    ElementTree.fromstring(f"<div>{chart.picture}</div>")  # noqa: S314  our own
    assert not re.search(r"style=|<script|\son\w+=", chart.picture)
    return chart.picture


def test_trends_are_rendered_as_lines() -> None:
    assert parse_result(TRENDS, None) == Lines(
        ["21 Nov", "22 Nov", "23 Nov", "24 Nov"],
        [Series("Visits", [10, 20, 5, 40]), Series("Sign-ups", [1, None, 2, 3.5])],
        as_bars=False,
    )
    chart = render_checked(TRENDS)
    assert chart.count("<polyline") == 3  # the second series has a gap
    assert 'points="0.0,225.0 333.3,150.0 666.7,262.5 1000.0,0.0"' in chart
    assert "<title>Name &amp; more</title>" in chart
    for row in (
        '<th scope="row">22 Nov</th><td>20</td><td>null</td>',
        '<th scope="row">24 Nov</th><td>40</td><td>3.5</td>',
    ):
        assert row in chart
    assert "Visits <b>75</b>" in chart


def test_data_is_in_the_picture_or_a_table_of_its_own() -> None:
    assert '<div class="unseen"><table>' in render_checked(TRENDS)
    chart = render_chart(TRENDS, None, "Name & more", has_table=True)
    assert chart is not None
    assert "<table>" not in chart.picture
    assert chart.data is not None
    assert '<caption class="unseen">Name &amp; more</caption>' in chart.data
    ElementTree.fromstring(chart.data)  # noqa: S314  our own


def test_trends_are_rendered_as_bars() -> None:
    chart = render_checked(TRENDS, trends_query("ActionsBar"))
    assert (chart.count("<rect"), chart.count("<polyline")) == (7, 0)


def test_single_point_is_a_dot() -> None:
    assert 'points="500.0,0.0 500.0,0.0"' in render_checked([{"label": "a", "data": [4], "labels": ["x"]}])


def test_negative_values_are_within_the_chart() -> None:
    chart = render_checked([{"label": "a", "data": [-10, 10], "labels": ["x", "y"]}])
    assert 'points="0.0,300.0 1000.0,0.0"' in chart
    assert ">-10<" in chart


def test_zeros_are_a_line_at_the_bottom() -> None:
    assert 'points="0.0,300.0 1000.0,300.0"' in render_checked([{"label": "a", "data": [0, 0]}])


def test_totals_are_bars_in_descending_order() -> None:
    assert parse_result(TOTALS, None) == Parts(
        [("Firefox", 60), ("Chrome", 30), ("Value", 10)], as_pie=False, of_first=False
    )
    chart = render_checked(TOTALS)
    assert '<rect class="fill-0" width="100.0" height="10"/>' in chart
    assert '<rect class="fill-1" width="50.0" height="10"/>' in chart


def test_pie_has_a_slice_with_a_share_for_each_series() -> None:
    chart = render_checked(TOTALS, trends_query("ActionsPie"))
    assert chart.count("<path") == 3
    assert 'd="M0,0L0.0,-80.0A80,80,0,1,1,' in chart  # more than half of it
    for share in ("60%", "30%", "10%"):
        assert f"<td>{share}</td>" in chart


def test_small_slices_are_combined() -> None:
    chart = render_checked(
        [{"label": str(n), "aggregated_value": 100 - n} for n in range(20)], trends_query("ActionsPie")
    )
    assert chart.count("<path") == 9
    assert "Other" in chart


def test_pie_of_one_is_a_circle_and_of_none_is_bars() -> None:
    assert "A80,80,0,1,1,0,80A80,80" in render_checked(
        [{"label": "a", "aggregated_value": 5}], trends_query("ActionsPie")
    )
    assert "<path" not in render_checked([{"label": "a", "aggregated_value": 0}], trends_query("ActionsPie"))


def test_number_is_shown_alone() -> None:
    assert parse_result(TRENDS, trends_query("BoldNumber")) == Number("75")
    assert (
        render_checked([{"label": "a", "aggregated_value": 1234567.4}], trends_query("BoldNumber")).strip()
        == '<p class="number">1,234,567.4</p>'
    )


def test_funnel_shows_each_step_as_a_share_of_the_first() -> None:
    chart = render_checked(FUNNEL)
    assert "200 <span>100%</span>" in chart
    assert "50 <span>25%</span>" in chart
    assert parse_result([FUNNEL, FUNNEL], None) == Parts(
        [("Visit", 200), ("Pay", 50)] * 2, as_pie=False, of_first=True, has_colors=False
    )


def test_retention_is_a_table() -> None:
    assert parse_result(RETENTION, None) == Table(["", "0", "1"], [["Week 0", "100", "40"], ["Week 1", "90", ""]])


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        "x",
        5,
        [1],
        [[]],
        [None],
        [{}],
        {"results": [], "columns": []},
        {"results": 1, "columns": ["a"]},
        [{"data": []}],
    ],
)
def test_unsupported_results_are_not_rendered(result: Any) -> None:
    assert render_chart(result, None, "x") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("label", "data", "labels", "days", "count", "aggregated_value", "name", "order", "values", "breakdown_value")
ROWS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, JSON)), max_size=4)
DISPLAYS = st.sampled_from(["", "ActionsPie", "BoldNumber", "ActionsBar", "ActionsTable", "ActionsBarValue"])


@given(ROWS | st.lists(ROWS, max_size=2) | JSON, DISPLAYS)
def test_any_result_is_handled(result: Any, display: str) -> None:
    render_chart(result, trends_query(display), "x")


def test_axis_labels_are_round_and_short() -> None:
    assert [nice_step(rough) for rough in (0, 0.3, 1, 3, 7, 12, 400)] == [1, 0.5, 1, 5, 10, 20, 500]
    numbers = (0, 1500.0, 2.5, 1234567.891, 0.00123, -7, 2**60)
    assert [format_number(value) for value in numbers] == [
        *("0", "1,500", "2.5", "1,234,567.89", "0.00123", "-7", "1,152,921,504,606,846,976")
    ]
    assert [format_short(value) for value in (0, 1500, 2_000_000, -3e9, 0.25)] == ["0", "1.5K", "2M", "-3B", "0.25"]
