"""Charts of totals: bars, pies, numbers, tables and countries."""

import pytest

from pages.components.charts.results import parse_result
from pages.components.charts.shapes import (
    Bars,
    Item,
    Number,
    Pie,
    Table,
)
from tests.pages.components.rendering import MANY, TOTALS, TRENDS, render_checked, trends_query


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
    assert 'd="M0,0L0.0,-80.0A80,80,0,1,1,' in chart  # more than half of the pie
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
    assert '<p class="number number--short n6">1.235M</p>' in chart  # for small tiles


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


def test_number_is_compared_with_the_same_value_of_the_breakdown() -> None:
    """The values of the previous period can be in another order, and a value can be missing."""
    rows = [
        {"label": label, "aggregated_value": value, "compare_label": period}
        for label, value, period in (("a", 30, "current"), ("b", 20, "current"), ("b", 40, "previous"))
    ]
    found = parse_result(rows, trends_query("BoldNumber"))
    assert isinstance(found, Number)
    assert (found.text, found.comparison) == ("30", "")
    rows.append({"label": "a", "aggregated_value": 15, "compare_label": "previous"})
    found = parse_result(rows, trends_query("BoldNumber"))
    assert isinstance(found, Number)
    assert (found.text, found.comparison) == ("30", "↑ 100% from 15")


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
