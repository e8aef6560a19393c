"""Charts of results in the shapes of PostHog's responses."""

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.charts import render_chart
from pages.components.charts.results import parse_result
from pages.components.charts.shapes import (
    AREAS,
    GROUPED,
    LINES,
    STACKED,
    Bars,
    Graph,
    Item,
    Number,
    Pie,
    Series,
    Table,
)

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


def trends_query(display: str = "", **options: Any) -> dict[str, Any]:
    source = {"kind": "TrendsQuery", "interval": "day", "trendsFilter": {"display": display, **options}}
    return {"kind": "InsightVizNode", "source": source}


def render_checked(result: Any, query: Any = None, moment: datetime | None = None) -> str:
    """Return the picture and the data of a chart. They are well-formed, and a strict policy blocks nothing of them."""
    chart = render_chart(result, query, "Name & more", moment)
    assert chart is not None
    text = f"<div>{chart.picture}{chart.data or ''}</div>"
    ElementTree.fromstring(text)  # noqa: S314  our own
    assert not re.search(r"style=|<script|\son\w+=", text)
    return text


def parse_graph(result: Any, query: Any = None, moment: datetime | None = None) -> Graph:
    found = parse_result(result, query, moment)
    assert isinstance(found, Graph)
    return found


def test_trends_are_rendered_as_lines() -> None:
    assert parse_graph(TRENDS) == Graph(
        LABELS,
        [
            Series("Visits", [10, 20, 5, 40], 0, "75"),
            Series("Sign-ups", [1, None, 2, 3.5], 1, "6.5"),
        ],
    )
    chart = render_checked(TRENDS)
    assert '<polyline class="line c0" points="0,75 33.33,50 66.67,87.5 100,0"/>' in chart
    assert '<polyline class="line c1" points="66.67,95 100,91.25"/>' in chart  # there is a gap before
    assert chart.count("<circle") == 7
    assert 'aria-label="Name &amp; more"' in chart
    assert "A Visits <b>75</b>" in chart
    assert '<text class="letter" x="100%" y="0%" dx="6" dy=".35em" aria-hidden="true">A</text>' in chart


def test_data_has_every_value() -> None:
    chart = render_checked(TRENDS)
    assert '<caption class="unseen">Name &amp; more: data</caption>' in chart
    assert '<th scope="col">Date</th><th scope="col" class="grid__number">Visits</th>' in chart
    null = '<td class="grid__number"><span class="null">null</span></td>'
    assert f'<th scope="row">22 Nov</th><td class="grid__number">20</td>{null}' in chart


def test_values_appear_at_the_pointer() -> None:
    tip = '24 Nov<br/><i class="c0"></i>A <b>40</b><br/><i class="c1"></i>B <b>3.5</b></p>'
    assert f'<p class="tip tip--left">{tip}' in render_checked(TRENDS)


@pytest.mark.parametrize(
    ("display", "style"),
    [
        ("", LINES),
        ("ActionsLineGraph", LINES),
        ("ActionsLineGraphCumulative", LINES),
        ("ActionsBar", STACKED),
        ("ActionsStackedBar", STACKED),
        ("ActionsUnstackedBar", GROUPED),
        ("ActionsAreaGraph", AREAS),
    ],
)
def test_each_display_has_a_style(display: str, style: str) -> None:
    assert parse_graph(TRENDS, trends_query(display)).style == style


def test_stacked_bars_stand_on_each_other() -> None:
    chart = render_checked(TRENDS, trends_query("ActionsBar"))
    assert '<rect class="bar c0" x="2.5%" y="83.33%" width="20%" height="16.67%"/>' in chart
    assert '<rect class="bar c1" x="2.5%" y="81.67%" width="20%" height="1.66%"/>' in chart


def test_unstacked_bars_stand_side_by_side() -> None:
    chart = render_checked(TRENDS, trends_query("ActionsUnstackedBar"))
    assert '<rect class="bar c0" x="2.5%" y="75%" width="10%" height="25%"/>' in chart
    assert '<rect class="bar c1" x="12.5%" y="97.5%" width="10%" height="2.5%"/>' in chart
    assert chart.count("<rect") == 7
    assert '<text class="letter" x="82.5%" y="0%" dy="-3" text-anchor="middle" aria-hidden="true">A</text>' in chart


def test_areas_lie_on_each_other() -> None:
    chart = render_checked(TRENDS, trends_query("ActionsAreaGraph"))
    outline = "0,83.33 33.33,66.67 66.67,91.67 100,33.33 100,100 66.67,100 33.33,100 0,100"
    assert f'<polygon class="area c0" points="{outline}"/>' in chart
    assert '<polyline class="line c1" points="0,81.67 33.33,66.67 66.67,88.33 100,27.5"/>' in chart


def test_single_point_is_a_dot() -> None:
    chart = render_checked([{"label": "a", "data": [4], "labels": ["x"]}])
    assert '<circle class="dot c0" cx="50%" cy="0%" r="2.5"/>' in chart
    alone = [{"label": "a", "data": [None, 4, None] * 20, "labels": ["x"] * 60}]
    assert render_checked(alone).count("<circle") == 20


def test_negative_values_are_within_the_chart() -> None:
    chart = render_checked([{"label": "a", "data": [-10, 10], "labels": ["x", "y"]}])
    assert 'points="0,100 100,0"' in chart
    assert "<li>-10</li>" in chart


def test_zeros_are_a_line_at_the_bottom() -> None:
    assert 'points="0,100 100,100"' in render_checked([{"label": "a", "data": [0, 0]}])


def test_nearly_equal_values_are_no_flat_line() -> None:
    chart = render_checked([{"label": "a", "data": [1001, 1004], "labels": ["x", "y"]}])
    assert 'points="0,100 100,0"' in chart
    assert "<li>1.001K</li>" in chart


def test_series_and_points_beyond_the_limits_are_told() -> None:
    rows = [{"label": f"s{n}", "data": list(range(450)), "labels": [str(day) for day in range(450)]} for n in range(24)]
    found = parse_graph(rows)
    assert (len(found.series), len(found.hidden), len(found.labels)) == (12, 12, 400)
    assert found.note == "12 more series, see the data, 50 earlier intervals are not shown"
    chart = render_chart(rows, None, "x")
    assert chart is not None
    assert "s23" in (chart.data or "")


@pytest.mark.parametrize(
    ("math", "summary"), [("total", "75"), ("sum", "75"), ("dau", "average 18.75"), ("p90", "average 18.75")]
)
def test_legend_has_totals_only_of_values_that_add_up(math: str, summary: str) -> None:
    row = {**TRENDS[0], "action": {"math": math}}
    assert parse_graph([row]).series[0].summary == summary
    cumulative = parse_graph([row], trends_query("ActionsLineGraphCumulative"))
    assert cumulative.series[0].summary == "last 40"
    formula = parse_graph([{**TRENDS[0], "action": None}], trends_query(formulaNodes=[{"formula": "A/2"}]))
    assert formula.series[0].summary == "average 18.75"


def test_formats_of_the_query_are_used() -> None:
    chart = render_checked(TRENDS, trends_query(aggregationAxisFormat="currency"))
    assert "A Visits <b>$75.00</b>" in chart
    assert "<li>$40</li>" in chart
    chart = render_checked(TRENDS, trends_query(aggregationAxisPostfix=" kg", decimalPlaces=0))
    assert "B Sign-ups <b>6 kg</b>" in chart
    assert "<li>40 kg</li>" in chart


def test_previous_period_is_lighter_and_named() -> None:
    rows = [
        {**TRENDS[0], "compare": True, "compare_label": "current"},
        {**TRENDS[0], "data": [1, 2, 3, 4], "days": ["2026-11-17"] * 4, "count": 10, "compare_label": "previous"},
    ]
    found = parse_graph(rows)
    assert found.labels == LABELS
    assert [(each.label, each.color, each.is_previous) for each in found.series] == [
        ("Visits", 0, False),
        ("Visits (previous)", 0, True),
    ]
    assert '<polyline class="line c0 earlier"' in render_checked(rows)
    assert '<rect class="bar c0 earlier" x="2.5%"' in render_checked(rows, trends_query("ActionsBar"))


def test_incomplete_interval_is_marked_and_named() -> None:
    chart = render_checked(TRENDS, trends_query(), TUESDAY_NOON)
    assert '<polyline class="line c0 open" points="66.67,87.5 100,0"/>' in chart
    assert '<circle class="dot c0 open" cx="100%"' in chart
    assert '<p class="note">24 Nov: not complete</p>' in chart
    assert '<th scope="row">24 Nov (not complete)</th>' in chart
    assert '<rect class="bar c0 open"' in render_checked(TRENDS, trends_query("ActionsBar"), TUESDAY_NOON)


def test_intervals_of_the_past_are_complete() -> None:
    assert "open" not in render_checked(TRENDS, trends_query(), datetime(2026, 11, 25, tzinfo=UTC))
    hours = [{"label": "a", "data": [1, 2], "days": ["2026-11-24 11:00:00", "2026-11-24 12:00:00"]}]
    assert parse_graph(hours, None, TUESDAY_NOON).is_incomplete
    assert not parse_graph(hours, None, TUESDAY_NOON.replace(hour=13)).is_incomplete
    months = [{"label": "a", "data": [1, 2], "days": ["2026-10-01", "2026-11-01"]}]
    assert parse_graph(months, None, TUESDAY_NOON).is_incomplete


def test_values_of_breakdowns_have_names() -> None:
    null, other = "$$_posthog_breakdown_null_$$", "$$_posthog_breakdown_other_$$"
    rows = [{**TRENDS[0], "label": f"Visits - {value}", "breakdown_value": value} for value in (null, other, "x")]
    assert [each.label for each in parse_graph(rows).series] == ["Visits - (none)", "Visits - Other", "Visits - x"]
    formula = [{**row, "label": "A / B", "action": None} for row in rows]
    assert [each.label for each in parse_graph(formula).series] == ["A / B - (none)", "A / B - Other", "A / B - x"]


def test_totals_are_bars_of_one_colour_in_descending_order() -> None:
    assert parse_result(TOTALS, None) == Bars([Item("Firefox", 60), Item("Chrome", 30), Item("Value", 10)])
    chart = render_checked(TOTALS, trends_query("ActionsBarValue"))
    assert '<rect class="bar c0" width="100.0%" height="100%"/>' in chart
    assert '<rect class="bar c0" width="50.0%" height="100%"/>' in chart


def test_bars_beyond_the_limit_are_in_the_data() -> None:
    chart = render_checked(MANY, trends_query("ActionsBarValue"))
    assert chart.count("<rect") == 25
    assert "5 more rows, see the data" in chart
    assert '<th scope="row">v29</th><td class="grid__number">71</td>' in chart


def test_pie_has_a_slice_with_a_share_for_each_series() -> None:
    chart = render_checked(TOTALS, trends_query("ActionsPie"))
    assert chart.count("<path") == 3
    assert 'd="M0,0L0.0,-80.0A80,80,0,1,1,' in chart  # more than half of it
    for share in ("60%", "30%", "10%"):
        assert f"<td>{share}</td>" in chart
    assert '<tfoot><tr><th scope="row">Total</th><td>100</td>' in chart
    assert "<title>Firefox: 60, 60%</title>" in chart


def test_small_slices_are_combined_and_not_zero() -> None:
    chart = render_checked(MANY, trends_query("ActionsPie"))
    assert chart.count("<path") == 7
    assert "G 24 more" in chart
    small = [{"label": "a", "aggregated_value": 10_254}, {"label": "b", "aggregated_value": 40}]
    chart = render_checked(small, trends_query("ActionsPie"))
    assert "<td>&lt;1%</td>" in chart
    assert "<td>&gt;99%</td>" in chart


def test_pie_of_one_is_a_circle_and_of_none_is_bars() -> None:
    one = [{"label": "a", "aggregated_value": 5}]
    assert "A80,80,0,1,1,0,80A80,80" in render_checked(one, trends_query("ActionsPie"))
    assert "<path" not in render_checked([{"label": "a", "aggregated_value": 0}], trends_query("ActionsPie"))
    found = parse_result([*one, {"label": "b", "aggregated_value": 0}], trends_query("ActionsPie"))
    assert found == Pie([Item("a", 5)], note="1 more value of zero or less")


def test_pie_has_one_period() -> None:
    rows = [{"label": "a", "aggregated_value": 3}, {"label": "a", "aggregated_value": 9, "compare_label": "previous"}]
    found = parse_result(rows, trends_query("ActionsPie"))
    assert found == Pie([Item("a", 3)], note="the previous period is not shown")


def test_number_is_shown_alone() -> None:
    assert parse_result(TRENDS[:1], trends_query("BoldNumber")) == Number("75")
    chart = render_checked([{"label": "a", "aggregated_value": 1234567.4}], trends_query("BoldNumber"))
    assert '<p class="number n13 number--long">1,234,567.4</p>' in chart
    assert '<p class="number number--short n6">1.235M</p>' in chart  # for tiles without space


@pytest.mark.parametrize(
    ("value", "previous", "text"),
    [(380, 340, "↑ 12% from 340"), (170, 340, "↓ 50% from 340"), (5, 5, "no change from 5"), (5, 0, "↑ from 0")],
)
def test_number_is_compared_with_the_previous_period(value: int, previous: int, text: str) -> None:
    rows = [
        {"label": "a", "aggregated_value": value, "compare_label": "current"},
        {"label": "a", "aggregated_value": previous, "compare_label": "previous"},
    ]
    assert parse_result(rows, trends_query("BoldNumber")) == Number(str(value), text)
    assert f'<p class="number__change">{text}</p>' in render_checked(rows, trends_query("BoldNumber"))


def test_other_numbers_are_in_the_data() -> None:
    chart = render_checked(TOTALS, trends_query("BoldNumber"))
    assert "2 more series, see the data" in chart
    assert '<th scope="row">Firefox</th><td class="grid__number">60</td>' in chart


def test_table_has_a_column_for_each_series_and_a_total() -> None:
    rows = [
        {
            "label": f"{name} - {value}",
            "breakdown_value": value,
            "aggregated_value": number,
            "action": {"math": "total", "name": name},
        }
        for name, value, number in (("Visits", "NL", 1200), ("Visits", "DE", 300), ("Orders", "NL", 7))
    ]
    assert parse_result(rows, trends_query("ActionsTable")) == Table(
        ["Breakdown", "Visits", "Orders"],
        [["Total", "1,500", "7"], ["NL", "1,200", "7"], ["DE", "300", ""]],
        numeric=frozenset({1, 2}),
    )
    found = parse_result(TOTALS, trends_query("ActionsTable"))
    assert isinstance(found, Table)
    assert (found.columns, found.rows[0]) == (["Series", "Total"], ["Chrome", "30"])


def test_countries_have_names() -> None:
    rows = [
        {"label": code, "breakdown_value": code, "aggregated_value": value}
        for code, value in (("NL", 2), ("DE", 3), ("XX", 1), ("$$_posthog_breakdown_null_$$", 0))
    ]
    names = [("Germany", 3), ("Netherlands", 2), ("XX", 1), ("(none)", 0)]
    assert parse_result(rows, trends_query("WorldMap")) == Bars([Item(*pair) for pair in names])


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
        {"bins": []},
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


@given(ROWS | st.lists(ROWS, max_size=2) | JSON | st.fixed_dictionaries({"bins": JSON}), DISPLAYS, KINDS)
def test_any_result_is_handled(result: Any, display: str, kind: str) -> None:
    query = {"kind": kind, "trendsFilter": {"display": display}}
    render_chart(result, query, "x", TUESDAY_NOON)
