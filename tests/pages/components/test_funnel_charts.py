"""Funnels, retention, lifecycles and stickiness as charts."""

from datetime import UTC, datetime
from typing import Any

from pages.components.charts.results import parse_result
from pages.components.charts.shapes import GROUPED, LINES, STACKED, Cell, Funnel, Graph, Retention, Series, Step
from tests.pages.components.rendering import DAYS, LABELS, render_checked

FUNNEL: list[dict[str, Any]] = [
    {"name": "Visit", "order": 0, "count": 200, "average_conversion_time": None, "median_conversion_time": None},
    {
        "name": "order_paid",
        "custom_name": "Pay",
        "order": 1,
        "count": 50,
        "average_conversion_time": 95,
        "median_conversion_time": 3.2,
    },
]
WEEKS = ["2026-11-09T00:00:00+01:00", "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00"]
RETENTION: list[dict[str, Any]] = [
    {
        "date": day,
        "label": f"Week {place}",
        "values": [{"count": count, "label": f"Week {column}"} for column, count in enumerate(counts)],
    }
    for place, (day, counts) in enumerate(zip(WEEKS, ([100, 40, 10], [90, 30, 0], [80, 0, 0]), strict=True))
]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
STATUSES = {"new": [5, 6, 7, 8], "returning": [9, 9, 9, 9], "resurrecting": [1, 0, 0, 1], "dormant": [-3, -2, -1, 0]}


def test_funnel_shows_shares_and_times() -> None:
    assert parse_result(FUNNEL, None) == Funnel([("", [Step("Visit", 200, None, None), Step("Pay", 50, 95, 3.2)])])
    chart = render_checked(FUNNEL)
    assert "<span>Visit</span> <b>200 <span>100%</span></b>" in chart
    assert "<span>Pay</span> <b>50 <span>25%</span></b>" in chart
    details = "25% of the previous step, 150 dropped off, average time 1m 35s, median 3.2s"
    assert f'<p class="funnel__details">{details}</p>' in chart
    assert '<rect class="bar c0" width="25.0%" height="100%"/>' in chart
    cells = "".join(f'<td class="grid__number">{text}</td>' for text in ("50", "25%", "25%", "1m 35s", "3.2s"))
    assert f'<th scope="row">Pay</th>{cells}' in chart


def test_groups_of_a_funnel_are_named() -> None:
    values = (["Chrome"], ["$$_posthog_breakdown_other_$$"])
    chart = render_checked([[{**step, "breakdown_value": value} for step in FUNNEL] for value in values])
    assert '<h3 class="funnel__group">Chrome</h3>' in chart
    assert '<h3 class="funnel__group">Other</h3>' in chart
    assert '<th scope="row">Chrome</th><td>Visit</td><td class="grid__number">200</td>' in chart


def test_funnel_without_persons_has_no_shares() -> None:
    chart = render_checked([{**step, "count": 0, "average_conversion_time": None} for step in FUNNEL])
    assert "<span>Pay</span> <b>0</b>" in chart
    assert "%" not in chart.replace('width="100%"', "").replace('height="100%"', "").replace('width="0%"', "")


def test_groups_and_steps_beyond_the_limits_are_named() -> None:
    found = parse_result([[{**FUNNEL[0], "breakdown_value": [str(n)]}] for n in range(15)], None)
    assert isinstance(found, Funnel)
    assert (len(found.groups), found.note) == (12, "3 more groups")


def test_time_to_convert_is_a_histogram() -> None:
    result = {"bins": [[0, 12], [90, 5], [180, 1]], "average_conversion_time": 61}
    assert parse_result(result, None) == Graph(
        ["0s", "1m 30s", "3m"],
        [Series("Persons", [12, 5, 1])],
        GROUPED,
        note="Average time 1m 1s",
        axis="Time from",
    )
    assert render_checked(result).count("<rect") == 3


def test_funnel_trends_are_lines_in_percent() -> None:
    row = {"count": 4, "data": [50, 33.333, 0, 100], "days": DAYS, "labels": DAYS}
    found = parse_result([row], {"kind": "FunnelsQuery", "funnelsFilter": {"funnelVizType": "trends"}})
    assert isinstance(found, Graph)
    assert (found.style, found.labels) == (LINES, LABELS)
    assert (found.series[0].label, found.series[0].summary) == ("Conversion", "average 45.8%")
    assert [found.number.write(value or 0) for value in found.series[0].values] == ["50%", "33.3%", "0%", "100%"]


def test_retention_has_shares_up_to_the_present() -> None:
    query = {"kind": "RetentionQuery", "retentionFilter": {"period": "Week"}}
    found = parse_result(RETENTION, query, NOW)
    assert isinstance(found, Retention)
    assert found.columns == ["Week 0", "Week 1", "Week 2"]
    [(name, cohorts)] = found.groups
    assert (name, [cohort.label for cohort in cohorts]) == ("", ["9 Nov", "16 Nov", "23 Nov"])
    assert cohorts[0].cells == [Cell(100, 1, False), Cell(40, 0.4, False), Cell(10, 0.1, True)]
    assert cohorts[2].cells == [Cell(80, 1, True), Cell(None, None, False), Cell(None, None, False)]
    chart = render_checked(RETENTION, query, NOW)
    assert '<td class="grid__number s4">40% <small>40</small></td>' in chart
    assert '<td class="grid__number s1">10%* <small>10</small></td>' in chart
    assert "Shares of the size of the cohort. * not complete" in chart


def test_retention_of_the_previous_interval() -> None:
    query = {"kind": "RetentionQuery", "retentionFilter": {"period": "Week", "retentionReference": "previous"}}
    found = parse_result(RETENTION, query)
    assert isinstance(found, Retention)
    assert [cell.share for cell in found.groups[0][1][0].cells] == [1, 0.4, 0.25]
    assert found.reference == "the previous interval"


def test_groups_of_retention_are_named() -> None:
    rows = [{**row, "breakdown_value": value} for value in ("NL", "DE") for row in RETENTION]
    chart = render_checked(rows)
    for value in ("NL", "DE"):
        assert f'<th scope="rowgroup" class="grid__group" colspan="5">{value}</th>' in chart


def test_lifecycle_is_stacked_around_zero_in_fixed_colours() -> None:
    rows = [
        {"status": name, "label": f"Visits - {name}", "data": data, "days": DAYS} for name, data in STATUSES.items()
    ]
    found = parse_result(rows, {"kind": "LifecycleQuery"})
    assert isinstance(found, Graph)
    assert found.style == STACKED
    colors = [("New", 0), ("Returning", 2), ("Resurrecting", 4), ("Dormant", 1)]
    assert [(each.label, each.color) for each in found.series] == colors
    chart = render_checked(rows, {"kind": "LifecycleQuery"})
    assert '<rect class="bar c1" x="2.5%" y="66.67%" width="20%" height="10%"/>' in chart  # below zero
    [only] = [parse_result(rows[1:2], {"kind": "LifecycleQuery"})]
    assert isinstance(only, Graph)
    assert only.series[0].color == 2


def test_stickiness_is_bars_by_days() -> None:
    row = {"label": "Visits", "data": [5, 3], "days": [1, 2], "labels": ["1 day", "2 days"], "count": 8}
    found = parse_result([row], {"kind": "StickinessQuery"}, NOW)
    assert found == Graph(["1 day", "2 days"], [Series("Visits", [5, 3], 0, "8")], GROUPED, axis="Active for")
