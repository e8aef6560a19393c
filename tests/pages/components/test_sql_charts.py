"""Results of SQL as tables, numbers and charts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.charts import render_chart
from pages.components.charts.results import parse_result
from pages.components.charts.shapes import AREAS, LINES, STACKED, Bars, Graph, Item, Number, Pie, Series, Table

DAYS = ["2026-11-28", "2026-11-29", "2026-11-30"]


def build_result(rows: list[list[Any]], *types: str, has_more: bool = False) -> dict[str, Any]:
    """Return rows of SQL whose columns are named a, b, c, …"""
    names = [chr(ord("a") + index) for index in range(len(types))]
    pairs = [list(pair) for pair in zip(names, types, strict=True)]
    return {"results": rows, "columns": names, "types": pairs, "hasMore": has_more, "timezone": "Europe/Berlin"}


def build_query(display: str | None, x: str | None = None, *y: str, **settings: Any) -> dict[str, Any]:
    axes = {"xAxis": {"column": x}, "yAxis": [{"column": name} for name in y]} if x else {}
    node = {"kind": "DataVisualizationNode", "source": {"kind": "HogQLQuery", "query": "select 1"}}
    return {**node, "display": display, "chartSettings": {**axes, **settings}}


def render(result: Any, query: Any = None) -> str:
    chart = render_chart(result, query, "Name & more")
    assert chart is not None
    return f"{chart.picture}{chart.data or ''}"


def test_table_shows_values_exactly() -> None:
    rows = [
        ["NL", 1200, None, True, 12345.67, 2**60, ["x", 1], "2026-11-29T23:30:00Z"],
        ["<b>", 2026, 0.1 + 0.2, False, 1e15, -1, {"k": None}, "2026-11-30T00:00:00.25Z"],
    ]
    kinds = ["String", "UInt64", "Nullable(Float64)", "Bool", "Float64", "UInt64", "Array(String)", "DateTime('UTC')"]
    found = parse_result(build_result(rows, *kinds), None)
    assert found == Table(
        list("abcdefgh"),
        [
            ["NL", "1200", None, "true", "12345.67", "1152921504606846976", '["x", 1]', "2026-11-30 00:30:00"],
            ["<b>", "2026", "0.3", "false", "1e+15", "-1", '{"k": null}', "2026-11-30 01:00:00.25"],
        ],
        numeric=frozenset({1, 2, 4, 5}),
    )
    text = render(build_result(rows, *kinds))
    assert '<td class="grid__number"><span class="null">null</span></td>' in text
    assert "&lt;b&gt;" in text


def test_table_says_what_is_left_out() -> None:
    rows = [[index] for index in range(112)]
    assert "12 more rows</p>" in render(build_result(rows, "UInt64"))
    assert "12 more rows, and more beyond the limit of the query</p>" in render(
        build_result(rows, "UInt64", has_more=True)
    )
    assert "And more beyond the limit" in render(build_result([[1]], "UInt64", has_more=True))
    assert "1 more row, 5 more columns</p>" in render(build_result([[1] * 25] * 101, *["UInt8"] * 25))
    assert "No rows" in render(build_result([], "UInt64"))
    assert "No rows" in render(build_result([], "UInt64"), build_query("BoldNumber"))


def test_bold_number_is_the_first_value_of_its_column() -> None:
    result = build_result([["x", 12345, None, 0.5]], "String", "UInt64", "Nullable(UInt64)", "Float64")
    for column, shown in (("a", "x"), ("b", "12,345"), ("c", None), ("d", "0.5"), ("gone", "x")):
        assert parse_result(result, build_query("BoldNumber", "a", column)) == Number(shown)
    assert '<span class="null">null</span>' in render(result, build_query("BoldNumber", "a", "c"))


@pytest.mark.parametrize(
    ("display", "style"), [("ActionsLineGraph", LINES), ("ActionsAreaGraph", AREAS), ("ActionsStackedBar", STACKED)]
)
def test_days_are_lines_or_bars_with_gaps_for_null(display: str, style: str) -> None:
    result = build_result([[day, index or None, 2.5] for index, day in enumerate(DAYS)], "Date", "UInt64", "Float64")
    series = [Series("b", [None, 1, 2]), Series("c", [2.5, 2.5, 2.5], color=1)]
    expected = Graph(["28 Nov", "29 Nov", "30 Nov"], series, style, axis="a")
    assert parse_result(result, build_query(display, "a", "b", "c")) == expected
    assert parse_result(result, build_query(display)) == expected
    text = render(result, build_query(display, "a", "b", "c"))
    null = '<td class="grid__number c0"><span class="null">null</span></td>'
    assert f'<th scope="row">28 Nov</th>{null}<td class="grid__number c1">2.5</td>' in text
    assert "A b</li>" in text  # without a sum, which may be meaningless


def test_labels_have_years_and_hours_only_if_they_differ() -> None:
    query = build_query("ActionsLineGraph", "a", "b")

    def get_labels(*moments: str) -> Any:
        found: Any = parse_result(build_result([[moment, 1] for moment in moments], "DateTime", "UInt8"), query)
        return found.labels

    assert get_labels("2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z") == ["1 Jan", "1 Feb"]
    assert get_labels("2025-12-30", "2026-01-02") == ["30 Dec 2025", "2 Jan 2026"]
    assert get_labels("2026-01-02T00:00:00+01:00", "2026-01-02T01:00:00+01:00") == ["2 Jan 00:00", "2 Jan 01:00"]


def test_values_of_names_are_horizontal_bars_or_a_pie() -> None:
    result = build_result([["Chrome", 30], [None, 60]], "Nullable(String)", "UInt64")
    items = [Item("Chrome", 30.0), Item("null", 60.0)]
    assert parse_result(result, build_query("ActionsBar", "a", "b")) == Bars(items)
    assert parse_result(result, build_query("ActionsPie", "a", "b")) == Pie(items[::-1])
    many = build_result([[str(index), index] for index in range(30)], "String", "UInt8")
    assert "5 more rows</p>" in render(many, build_query("ActionsBar", "a", "b"))


def test_formats_of_columns_are_used() -> None:
    query = build_query("BoldNumber", "a", "b")
    query["chartSettings"]["yAxis"][0]["settings"] = {"formatting": {"style": "percent", "suffix": " of all"}}
    result = build_result([["2026-11-29", 12.5], ["2026-11-30", 25]], "Date", "Float64")
    assert parse_result(result, query) == Number("12.5% of all", short="12.5%")
    text = render(result, {**query, "display": "ActionsLineGraph"})
    assert "<li>30%</li>" in text
    assert ">25% of all</td>" in text


def test_columns_without_a_name_have_a_header() -> None:
    result = {"results": [[1]], "columns": [""], "types": [["", "UInt8"]]}
    assert '<th scope="col" class="grid__number">(unnamed)</th>' in render(result)


def test_long_series_say_how_many_rows_are_left_out() -> None:
    rows = [[index, index] for index in range(450)]
    found = parse_result(build_result(rows, "UInt64", "UInt64"), build_query("ActionsLineGraph", "a", "b"))
    assert isinstance(found, Graph)
    assert (len(found.labels), found.labels[-1], found.note) == (400, "449", "50 more rows")


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (build_query(None, "a", "b"), [["x", 1]]),
        (build_query("WorldMap", "a", "b"), [["x", 1]]),
        (build_query("ActionsLineGraph", "a", "gone"), [["x", 1]]),
        (build_query("ActionsLineGraph", "a", "b"), [["x", "text"]]),
        (build_query("ActionsLineGraph", "a", "b"), [["x", 2**60]]),
        (build_query("ActionsLineGraph", "a", "b"), [["x", None]]),
        (build_query("ActionsLineGraph", "a", "b", seriesBreakdownColumn="a"), [["x", 1]]),
        (build_query("ActionsPie", "a", "b"), [["x", -1]]),
        (build_query("ActionsPie", "a", "b"), [["x", None], ["y", 1]]),
        (build_query("ActionsPie", "a", "b"), [["x", 0]]),
        ({"kind": "HogQLQuery", "query": "select 1"}, [["x", 1]]),
        ({"kind": "DataVisualizationNode", "display": ["x"], "chartSettings": []}, [["x", 1]]),
        (None, [["x", 1]]),
    ],
)
def test_results_that_cannot_be_drawn_completely_are_tables(query: Any, rows: list[list[Any]]) -> None:
    assert isinstance(parse_result(build_result(rows, "String", "UInt64"), query), Table)


@pytest.mark.parametrize(
    "result", [{"results": 1, "columns": ["a"]}, {"results": [[1, 2]], "columns": ["a"]}, {"results": [[1]]}]
)
def test_other_shapes_are_not_rendered(result: Any) -> None:
    assert render_chart(result, None, "x") is None


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(DAYS)
)
NAMES = st.sampled_from(["a", "b", "gone"])
DISPLAYS = st.sampled_from(["BoldNumber", "ActionsLineGraph", "ActionsBar", "ActionsPie", "ActionsTable"])
KINDS = st.sampled_from(["Date", "DateTime64(6)", "String", "UInt64"])


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5), KINDS, KINDS, DISPLAYS, NAMES, NAMES)
def test_any_rows_are_rendered(rows: list[list[Any]], first: str, second: str, display: str, x: str, y: str) -> None:
    render(build_result(rows, first, second), build_query(display, x, y))
