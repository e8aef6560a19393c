"""Values and variables of a query, which become parameters of the statement regardless of their content."""

from typing import Any

import pytest

from dashboards_api.errors import DomainError
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import compile_text, read

HOSTILE = [
    "'", '"', "`", "\\", "\\'", "''", "{", "}", "{project_id:Int64}", "{variables.x}", "%s", "%(x)s", "$1", "\0",
    "\n\t\r\b\f", "' or 1 = 1 --", "*/", "; drop table events", "\\N", "NULL", "é😀", "\u202e", "a" * 60_000,
]  # fmt: skip


def variable(value: Any, name: str = "x", **fields: Any) -> dict[str, Any]:
    return {"an-id": {"variableId": "an-id", "code_name": name, "value": value, **fields}}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_text_is_a_value(store: Store, text: str) -> None:
    assert read(store, "select {variables.x}, {y}", variables=variable(text), values={"y": text}) == [[text, text]]
    assert read(store, "select count() from events where event = {variables.x}", variables=variable(text)) == [[0]]


@pytest.mark.parametrize("value", [0, 1, -1, 2**63, 1.5, -1e300, True, False, None, [1, 2], ["a", "'"], []])
def test_value_comes_back(store: Store, value: Any) -> None:
    assert read(store, "select {variables.x}, {y}", variables=variable(value), values={"y": value}) == [[value, value]]


def test_null_wins_over_the_value(store: Store) -> None:
    assert read(store, "select {variables.x}", variables=variable("kept", isNull=True)) == [[None]]
    assert read(store, "select {variables.x}", variables=variable("used", isNull=False)) == [["used"]]


def test_values_that_no_placeholder_names_are_not_looked_at(store: Store) -> None:
    assert read(store, "select 1", variables="nonsense", values=[1]) == [[1]]


@pytest.mark.parametrize(
    ("fields", "code", "attr"),
    [
        ({}, "unknown_placeholder", "query"),
        ({"variables": {}}, "unknown_placeholder", "query"),
        ({"variables": variable(1, "other")}, "unknown_placeholder", "query"),
        ({"variables": None}, "unknown_placeholder", "query"),
        ({"variables": "x"}, "invalid_query", "query__variables"),
        ({"variables": []}, "invalid_query", "query__variables"),
        ({"variables": {"i": "x"}}, "invalid_query", "query__variables__i"),
        ({"variables": {"i": {"value": 1}}}, "invalid_query", "query__variables__i__code_name"),
        ({"variables": {"i": {"code_name": "x"}}}, "invalid_query", "query__variables__i__value"),
        ({"variables": variable({})}, "invalid_query", "query__variables__an-id__value"),
        ({"variables": variable([1, [2]])}, "invalid_query", "query__variables__an-id__value__1"),
        ({"variables": variable(["x"] * 10_000)}, "query_too_complex", "query"),
        ({"variables": variable("x" * 600_000)}, "query_too_complex", "query"),
        ({"variables": variable("\ud800")}, "invalid_query", "query__variables"),
        ({"variables": {"\ud800": None}}, "invalid_query", "query__variables"),
        ({"variables": variable(2**64)}, "invalid_value", "query"),
        ({"variables": variable(float("nan"))}, "invalid_value", "query"),
        ({"values": "x"}, "invalid_query", "query__values"),
        ({"values": {"y": {"z": 1}}}, "invalid_query", "query__values__y"),
        ({"values": {str(number): 1 for number in range(10_000)}}, "query_too_complex", "query"),
    ],
)
def test_refusal_names_the_place(fields: dict[str, Any], code: str, attr: str) -> None:
    with pytest.raises(DomainError) as caught:
        compile_text("select {variables.x}", **fields)
    assert (caught.value.code, caught.value.attr) == (code, attr)


def test_deep_value_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DomainError) as caught:
        compile_text("select {variables.x}", variables=variable(deep))
    assert caught.value.code == "query_too_complex"


def test_name_of_a_variable_that_is_not_given_is_named() -> None:
    with pytest.raises(DomainError, match=r'Unknown placeholder "variables.xs". Did you mean "variables.x"\?'):
        compile_text("select {variables.xs}", variables=variable(1))


def test_limit_may_be_a_variable() -> None:
    assert compile_text("select 1 limit {variables.x}", variables=variable(7)).statement.limit == 7
