"""Formulas of series: their results in queries, their grammar and their limits."""

from typing import Any

import pytest

from queries.exceptions import ResultTooLarge
from queries.runners.formulas import MAX_FORMULAS, TEXT_MAX_LENGTH, read_formulas
from tests.queries.hogql.store import Store
from tests.queries.runners.insights import Event, ask, ask_data, build_trends, make_project, refuse

EVENTS: list[Event] = [
    ("2026-03-01 10:00:00", "ann", "view", {"plan": "a"}),
    ("2026-03-01 11:00:00", "ann", "view", {"plan": "b"}),
    ("2026-03-01 12:00:00", "ann", "buy", {"plan": "b"}),
    ("2026-03-02 10:00:00", "ann", "view", {"plan": "a"}),
    ("2026-03-03 10:00:00", "ann", "buy", {"plan": "c"}),
]
VIEW, BUY = {"event": "view"}, {"event": "buy"}


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS)


@pytest.mark.parametrize(
    ("text", "data", "count"),
    [
        ("A", [2, 1, 0], 3),
        ("A + B", [3, 1, 1], 5),
        ("B / A", [0.5, 0, 0], 2 / 3),  # the quotient of the sums, not the sum of the quotients
        ("(A - B) * 100", [100, 100, -100], 100),
        ("A ** 2 % 3", [1, 1, 0], 0),
        ("b/a", [0.5, 0, 0], 2 / 3),
        ("1.5e1", [15, 15, 15], 15),
        ("A * 1e20", [2e20, 1e20, 0], 3e20),
        ("(A * 1e9) ** 7", [1.28e65, 1e63, 0], 2.187e66),
        ("(0 - A) ** 0.5 % 2", [0, 0, 0], 0),  # a root of a negative number
        ("A * 1e200 * 1e200", [0, 0, 0], 0),
    ],
)
def test_formula_in_a_query(store: Store, project: int, text: str, data: list[float], count: float) -> None:
    [found] = ask(store, project, VIEW, BUY, trendsFilter={"formula": text})
    assert (found["data"], found["count"], found["label"]) == (
        pytest.approx(data),
        pytest.approx(count),
        f"Formula ({text})",
    )
    assert found["action"] is None


def test_total_of_a_formula(store: Store, project: int) -> None:
    options = {"formula": "A * 10 + B", "display": "BoldNumber"}
    [found] = ask(store, project, VIEW, BUY, trendsFilter=options)
    assert (found["aggregated_value"], found["data"], found["count"]) == (32, [], 0)


def test_several_formulas_with_names(store: Store, project: int) -> None:
    nodes = [{"formula": "A + B", "custom_name": "All"}, {"formula": "A"}, {"formula": ""}]
    found = ask_data(store, project, VIEW, BUY, trendsFilter={"formulaNodes": nodes, "formula": "B"})
    assert found == {"All": [3, 1, 1], "Formula (A)": [2, 1, 0]}
    found = ask_data(store, project, VIEW, BUY, trendsFilter={"formulas": ["B", "A"], "formula": "A"})
    assert found == {"Formula (B)": [1, 0, 1], "Formula (A)": [2, 1, 0]}


def test_long_formulas_count_as_more_values(store: Store, project: int) -> None:
    options = {"formulas": ["+".join("A" * 240)] * 20}
    with pytest.raises(ResultTooLarge):
        ask(store, project, VIEW, interval="minute", trendsFilter=options)


@pytest.mark.parametrize("options", [{"formula": ""}, {"formula": None}, {"formulas": []}, {"formulaNodes": []}])
def test_empty_formula_is_none(store: Store, project: int, options: dict[str, Any]) -> None:
    assert ask_data(store, project, VIEW, BUY, trendsFilter=options) == {"view": [2, 1, 0], "buy": [1, 0, 1]}


def test_value_that_a_series_lacks_is_zero_there(store: Store, project: int) -> None:
    found = ask(store, project, VIEW, BUY, breakdownFilter={"breakdown": "plan"}, trendsFilter={"formula": "A - B"})
    values = {item["breakdown_value"]: item["data"] for item in found}
    assert values == {"a": [1, 1, 0], "b": [0, 0, 0], "c": [0, 0, -1]}


def test_formulas_of_both_periods(store: Store, project: int) -> None:
    found = ask(store, project, VIEW, trendsFilter={"formula": "A * 2"}, compareFilter={"compare": True})
    assert [(item["compare_label"], item["data"]) for item in found] == [
        ("current", [4, 2, 0]),
        ("previous", [0, 0, 0]),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A / 0", 0),
        ("A % 0", 0),
        ("0 ** -1", 0),
        ("9 ** 9 ** 9", 0),
        ("10 ** 400", 0),
        ("1e400 - 1e400", 0),
        ("(-A) ** 0.5", 0),
        ("9" * 400, 0),
        ("-A ** 2", -4),
        ("2 ** -A", 0.25),
        ("-7 % 3", 2),
        (" A\t+ 1 ", 3),
        ("(" * 90 + "A" + ")" * 90, 2),
        ("-" * (TEXT_MAX_LENGTH - 1) + "A", -2),
        ("A" + "+A" * 249, 500),
    ],
)
def test_number_of_a_formula(text: str, number: float) -> None:
    [formula] = read_formulas({"formula": text}, (), 1)
    assert formula.compute([2]) == number


GARBAGE = [
    *("A B", "A //2", "A if A else 1", "A.real", "A[0]", "A()", "lambda: 1", "[A]", "(A,)", "A and 1", "not A", "~A"),
    *("A @ A", "A < 1", "'x'", "1j", "True", "None", "A; A", "A := 1", "A\n+A", "A and", "(", ")", "*", "#", "A #"),
    *("__import__('os')", "{p1:String}", "\0", "É", "AA", "C", "f(A)", "await A", "yield", "...", "*A"),
]


@pytest.mark.parametrize("text", GARBAGE)
def test_other_texts_are_refused(text: str) -> None:
    source = build_trends(VIEW, BUY, trendsFilter={"formula": text})
    assert refuse(source) == ("invalid_query", "query__trendsFilter__formula")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"formula": 1}, "formula"),
        ({"formula": "A" + "+A" * 250}, "formula"),
        ({"formula": "(" * 250 + "A" + ")" * 250}, "formula"),
        ({"formulas": "A"}, "formulas"),
        ({"formulas": ["A", 1]}, "formulas__1"),
        ({"formulas": ["A"] * (MAX_FORMULAS + 1)}, "formulas"),
        ({"formulaNodes": {"formula": "A"}}, "formulaNodes"),
        ({"formulaNodes": [{"formula": None}]}, "formulaNodes__0"),
        ({"formulaNodes": [{"formula": "A"}, {"formula": "D"}]}, "formulaNodes__1"),
        ({"formulaNodes": [{"formula": "A", "custom_name": 1}]}, "formulaNodes__0__custom_name"),
    ],
)
def test_invalid_formulas_are_refused(options: dict[str, Any], place: str) -> None:
    assert refuse(build_trends(trendsFilter=options)) == ("invalid_query", f"query__trendsFilter__{place}")


def test_error_names_the_series_of_the_query() -> None:
    with pytest.raises(Exception, match='The query has no series "Q"'):
        read_formulas({"formula": "Q"}, (), 2)
