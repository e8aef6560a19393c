"""Tables from results of each shape."""

from typing import Any

import pytest

from queries.results.tables import EMPTY, build_table

STEPS = [
    {"name": "$pageview", "custom_name": "Page", "count": 8, "average_conversion_time": None},
    {"name": "order", "count": 3, "average_conversion_time": 60.5, "median_conversion_time": 45},
]
STEP_COLUMNS = ["Step", "Persons", "Share of the first step, %", "Average seconds", "Median seconds"]


def test_rows_of_sql_keep_their_columns() -> None:
    assert build_table([["a", 1], ["b", None]], ["name", "n"]) == (["name", "n"], [["a", 1], ["b", None]])


def test_series_stand_beside_one_another() -> None:
    series: list[dict[str, Any]] = [
        {"label": "a", "data": [1, 2], "days": ["2026-11-01", "2026-11-02"], "compare_label": "current"},
        {"label": "a", "data": [3], "days": ["2026-10-01"], "compare_label": "previous"},
    ]
    rows = [["2026-11-01", 1, 3], ["2026-11-02", 2, None]]
    assert build_table(series) == (["Date", "a", "a (previous)"], rows)


def test_stickiness_has_numbers_of_intervals() -> None:
    series = [{"label": "a", "data": [5, 0], "days": [1, 2], "labels": ["1 day", "2 days"]}]
    assert build_table(series) == (["Intervals", "a"], [[1, 5], [2, 0]])


def test_totals_have_a_row_for_each_series() -> None:
    series = [{"label": "a", "data": [], "aggregated_value": 7}, {"label": "b", "data": [], "aggregated_value": 0.5}]
    assert build_table(series) == (["Series", "Value"], [["a", 7], ["b", 0.5]])


def test_values_of_a_formula_have_names() -> None:
    formula: list[dict[str, Any]] = [
        {"action": None, "label": "Rate", "data": [], "aggregated_value": 1, "breakdown_value": "Firefox"},
        {"action": None, "label": "Rate", "data": [], "aggregated_value": 2, "breakdown_value": ["Safari", "US"]},
    ]
    assert build_table(formula).rows == [["Rate - Firefox", 1], ["Rate - Safari::US", 2]]


def test_steps_of_funnels_have_shares() -> None:
    assert build_table(STEPS) == (STEP_COLUMNS, [["Page", 8, 100.0, None, None], ["order", 3, 37.5, 60.5, 45]])


def test_funnels_of_a_breakdown_follow_one_another() -> None:
    nobody = [{"name": "x", "count": 0, "breakdown_value": ["Safari", "US"], "average_conversion_time": None}]
    chrome = [{**STEPS[0], "breakdown_value": ["Chrome"]}]
    rows = [["Chrome", "Page", 8, 100.0, None, None], ["Safari::US", "x", 0, 0, None, None]]
    assert build_table([chrome, nobody]) == (["Breakdown", *STEP_COLUMNS], rows)


def test_retention_has_a_column_for_each_interval() -> None:
    values = [{"count": 4, "label": "Day 0"}, {"count": 2, "label": "Day 1"}]
    rows: list[dict[str, Any]] = [
        {"date": "2026-11-01T00:00:00Z", "label": "Day 0", "values": values, "breakdown_value": None},
        {"date": "2026-11-02T00:00:00Z", "label": "Day 1", "values": values[:1], "breakdown_value": None},
    ]
    expected = [["2026-11-01T00:00:00Z", 4, 2], ["2026-11-02T00:00:00Z", 4, None]]
    assert build_table(rows) == (["Date", "Day 0", "Day 1"], expected)
    by_plan = [{**row, "breakdown_value": "pro"} for row in rows]
    assert build_table(by_plan).columns == ["Breakdown", "Date", "Day 0", "Day 1"]
    assert build_table(by_plan).rows[0] == ["pro", *expected[0]]


def test_histogram_has_a_row_for_each_bin() -> None:
    result = {"bins": [[0, 2], [60, 1]], "average_conversion_time": 30}
    assert build_table(result) == (["Seconds from", "Persons"], [[0, 2], [60, 1]])


@pytest.mark.parametrize("result", [None, [], {}, [1], ["a"], [{"source": "1_/"}], "text", 5, [None], [[1]], [[]]])
def test_unknown_shapes_are_empty(result: Any) -> None:
    assert build_table(result) == EMPTY
