"""Charts of results in the shapes of PostHog's responses."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.charts import render_chart
from pages.components.charts.plot import build_plot
from pages.components.charts.shapes import (
    AREAS,
    GROUPED,
    LINES,
    STACKED,
    Graph,
    Series,
)
from tests.pages.components.rendering import (
    DISPLAYS,
    JSON,
    KINDS,
    LABELS,
    ROWS,
    TRENDS,
    TUESDAY_NOON,
    parse_graph,
    render_checked,
    trends_query,
)


def test_trends_are_rendered_as_lines() -> None:
    assert parse_graph(TRENDS) == Graph(
        LABELS,
        [
            Series("Visits", [10, 20, 5, 40], 0, "75"),
            Series("Sign-ups", [1, None, 2, 3.5], 1, "6.5"),
        ],
    )
    chart = render_checked(TRENDS)
    assert '<path class="line c0" d="M0 150l1-50 1 75 1-175"/>' in chart
    assert '<path class="line c1" d="M2 190l1-8"/>' in chart  # the line begins after a gap
    assert chart.count("<circle") == 7
    assert 'aria-label="Name &amp; more"' in chart
    assert "A Visits <b>75</b>" in chart
    assert '<text class="letter" x="100%" y="0%" dx="6" dy=".35em" aria-hidden="true">A</text>' in chart


def test_data_has_every_value() -> None:
    chart = render_checked(TRENDS)
    assert '<caption class="unseen">Name &amp; more: data</caption>' in chart
    assert '<th scope="col">Date</th><th scope="col" class="grid__number">Visits</th>' in chart
    null = '<td class="grid__number c1"><span class="null">null</span></td>'
    assert f'<th scope="row">22 Nov</th><td class="grid__number c0">20</td>{null}' in chart


def test_values_appear_at_the_pointer() -> None:
    chart = render_checked(TRENDS)
    tips = chart[chart.index('<table class="tips" aria-hidden="true">') : chart.index("</table>")]
    row = '<tr><th scope="row">24 Nov</th><td class="grid__number c0">40</td><td class="grid__number c1">3.5</td></tr>'
    assert tips.endswith(f"{row}</tbody>")
    assert [half.count("<tr>") for half in tips.split("<tbody>")[1:]] == [2, 2]


def test_values_of_the_first_series_appear_if_there_are_many() -> None:
    rows = [{"label": f"s{n}", "data": [n] * 40, "labels": ["x"] * 40} for n in range(30)]
    chart = render_checked(rows)  # twelve series are drawn, and the data has all 30
    tips = chart[chart.index('<table class="tips" aria-hidden="true">') : chart.index("</table>")]
    values = "".join(f'<td class="grid__number c{n}">{n}</td>' for n in range(7))
    assert tips.count(f'<tr><th scope="row">x</th>{values}</tr>') == 40
    assert chart.count('<td class="grid__number c1">') > 40 * 3


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
    lower, upper = "M0 167l1-34 1 50 1-116", "M0 163l1-30 1 44 1-122"
    assert f'<path class="area c0" d="{lower}V200H0z"/>' in chart
    assert f'<path class="area c1" d="{upper}V200H0z{lower}V200H0z"/>' in chart
    assert '<path class="line c1" d="M0 163l1-30 1 44 1-122"/>' in chart


def test_many_stacked_bars_are_one_path_for_each_series() -> None:
    rows = [{"label": label, "data": [2, 0, 1] * 30, "labels": ["x"] * 90} for label in ("a", "b")]
    chart = render_checked(rows, trends_query("ActionsBar"))
    assert 'viewBox="0 0 90 200"' in chart
    assert "<rect" not in chart
    lower = "M0.10 200V100h0.8V200zm2 0V150h0.8V200zm1 0V100h0.8V200z"  # the second of three values is 0
    upper = "M0.10 200V0h0.8V200zm2 0V100h0.8V200zm1 0V0h0.8V200z"
    [first, second] = re.findall(r'<path class="bar (c\d)" d="([^"]*)"', chart)
    assert (first[0], first[1][: len(lower)], first[1].count("z")) == ("c0", lower, 60)
    assert (second[0], second[1].partition("zM")[0][: len(upper) - 1], second[1].count("z")) == ("c1", upper[:-1], 120)
    assert second[1].endswith(first[1])


@pytest.mark.parametrize("display", ["ActionsBar", "ActionsUnstackedBar"])
def test_many_bars_of_each_series_are_in_their_places(display: str) -> None:
    data = [[3, None, -2] * 21, [0, 1, 2] * 21, *([[4, 4, -1] * 21] * 7)]  # the ninth series has the color of the first
    rows = [{"label": f"s{n}", "data": values, "labels": ["x"] * 63} for n, values in enumerate(data)]
    expected = build_plot(parse_graph(rows, trends_query(display))).bars
    paths = re.findall(r'<path class="bar c\d" d="([^"]*)"', render_checked(rows, trends_query(display)))
    assert len(paths) == 9
    drawn = [bar for path in paths for bar in read_bars(path)]
    assert len(drawn) == len(expected)
    for (x, top, bottom), bar in zip(drawn, expected, strict=True):
        assert x == pytest.approx(bar.x * 63 / 100, abs=0.02)
        assert (top, bottom) == pytest.approx((bar.y, bar.y + bar.height), abs=0.26)


def read_bars(path: str) -> list[tuple[float, float, float]]:
    """Return the left edge, the top and the bottom of the bars that a path fills by the even-odd rule."""
    ends: dict[float, list[float]] = {}
    x = 0.0
    for move, step, y in re.findall(r"([Mm])([\d.]+) \d+V(\d+)h[\d.]+V200z", path):
        x = round(float(step) if move == "M" else x + float(step), 2)
        ends.setdefault(x, []).append(int(y) / 2)
    return [(x, *sorted([*found, 100.0])[:2]) for x, found in ends.items()]  # type: ignore[misc]  # two items


def test_single_point_is_a_dot() -> None:
    chart = render_checked([{"label": "a", "data": [4], "labels": ["x"]}])
    assert '<circle class="dot c0" cx="50%" cy="0%" r="2.5"/>' in chart
    alone = [{"label": "a", "data": [None, 4, None] * 20, "labels": ["x"] * 60}]
    assert render_checked(alone).count("<circle") == 20


def test_negative_values_are_within_the_chart() -> None:
    chart = render_checked([{"label": "a", "data": [-10, 10], "labels": ["x", "y"]}])
    assert 'd="M0 200l1-200"' in chart
    assert "<li>-10</li>" in chart


def test_zeros_are_a_line_at_the_bottom() -> None:
    assert 'd="M0 200l1 0"' in render_checked([{"label": "a", "data": [0, 0]}])


def test_nearly_equal_values_are_no_flat_line() -> None:
    chart = render_checked([{"label": "a", "data": [1001, 1004], "labels": ["x", "y"]}])
    assert 'd="M0 200l1-200"' in chart
    assert "<li>1.001K</li>" in chart


def test_series_and_points_beyond_the_limits_are_named() -> None:
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
    assert '<path class="line c0 earlier"' in render_checked(rows)
    assert '<rect class="bar c0 earlier" x="2.5%"' in render_checked(rows, trends_query("ActionsBar"))


def test_incomplete_interval_is_marked_and_named() -> None:
    chart = render_checked(TRENDS, trends_query(), TUESDAY_NOON)
    assert '<path class="line c0 open" d="M2 175l1-175"/>' in chart
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


@given(ROWS | st.lists(ROWS, max_size=2) | JSON | st.fixed_dictionaries({"bins": JSON}), DISPLAYS, KINDS)
def test_any_result_is_handled(result: Any, display: str, kind: str) -> None:
    query = {"kind": kind, "trendsFilter": {"display": display}}
    render_chart(result, query, "x", TUESDAY_NOON)
