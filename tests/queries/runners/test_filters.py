"""Property filters on a real engine, compared with plain Python: missing, empty, quoted and mixed values."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from queries.runners.context import QueryContext, build_property_types
from tests.queries.golden import Case, insert_dataset, read_cases
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import CONTEXT, read

PROJECT, GOLDEN_PROJECT = 7, 8
ZONE = ZoneInfo("Europe/Berlin")
# The property of each event. The first event has no property.
VALUES: list[Any] = [
    *(None, "", " ", "abc", "ABC", "xabcx", "é", "É😀", "a%b", "a_b", "a\\b", "a'b", 'a"b', '"abc"', "[", "^a", "null"),
    *(0, 25, 25.5, -3, 1e300, "25", "25.0", "025", "1e3", " 25", True, False, "true", "True", ["abc"], {"abc": 25}),
    *("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29 23:59:59", "2026-03-30T00:00:00+02:00", "soon"),
]


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    """Return a store with each value, and a null, as the property `p` of one event and of its person."""
    events = [
        {"at": "2026-03-30T12:00:00Z", "who": str(n), "event": "case", "props": as_properties(n)} for n in range(N)
    ]
    persons = [{"name": str(n), "properties": as_properties(n)} for n in range(N)]
    insert_dataset(store, PROJECT, {"persons": persons, "events": events})
    orders = next(case.dataset for case in read_cases() if case.id.startswith("filter-"))
    assert orders is not None
    insert_dataset(store, GOLDEN_PROJECT, orders)
    return store


N = len(VALUES) + 1


def as_properties(number: int) -> dict[str, Any]:
    return {"p": None} if number == len(VALUES) else {} if number == 0 else {"p": VALUES[number]}


def find(store: Store, filter_: Any, kind: str = "String", **changes: Any) -> list[Any]:
    """Return the values of the events that match a filter, as strings. `kind` is the type of the property."""
    types = build_property_types({"p": kind}, {"p": kind})
    context = replace(CONTEXT, project_id=PROJECT, property_types=types, **changes)
    rows = read(
        store, "select toInt(distinct_id) as n from events where {filters} order by n", context, filters=filter_
    )
    return [as_text(number) for [number] in rows]


def as_text(number: int) -> str | None:
    """Return the property of an event as a string, or None if it is null or absent."""
    value = as_properties(number).get("p")
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def as_number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"[-+]?\d+(\.\d+)?(e[+-]?\d+)?", text) else None


TEXTS = [as_text(number) for number in range(N)]
Expectation = Callable[[str | None], bool]
HAS: Expectation = lambda text: text is not None  # noqa: E731 -- a table of lambdas


def expect(holds: Expectation) -> list[str | None]:
    return [text for text in TEXTS if holds(text)]


def contains(*parts: str) -> Expectation:
    return lambda text: text is not None and any(part.lower() in text.lower() for part in parts)


def equals(*texts: str) -> Expectation:
    return lambda text: text in texts


def measures(holds: Callable[[float], bool]) -> Expectation:
    return lambda text: (number := as_number(text)) is not None and holds(number)


def fails(holds: Expectation) -> Expectation:
    return lambda text: not holds(text)


def searches(pattern: str) -> Expectation:
    return lambda text: text is not None and re.search(pattern, text) is not None


OPERATORS: list[tuple[str, Any, Expectation]] = [
    ("exact", "abc", equals("abc")),
    ("exact", "", equals("")),
    ("exact", ["abc", "25"], equals("abc", "25")),
    ("exact", 'a"b', equals('a"b')),
    ("exact", "a\\b", equals("a\\b")),
    ("exact", "a'b", equals("a'b")),
    ("exact", '"abc"', equals('"abc"')),
    ("exact", "null", equals("null")),
    ("exact", 25, equals("25")),
    ("exact", 25.0, equals("25")),
    ("exact", True, equals("true")),
    ("exact", ["true"], equals("true")),
    ("exact", [None, "abc"], equals("abc", None)),  # type: ignore[arg-type]  # null means missing
    ("exact", '["abc"]', equals('["abc"]')),
    ("exact", "nothing", equals()),
    ("in", ["abc", "é"], equals("abc", "é")),
    ("in", "abc", equals("abc")),
    ("is_not", "abc", fails(equals("abc"))),
    ("is_not", ["abc", ""], fails(equals("abc", ""))),
    ("not_in", ["abc", 25], fails(equals("abc", "25"))),
    ("icontains", "ABC", contains("abc")),
    ("icontains", "é", contains("é")),
    ("icontains", "%", contains("%")),
    ("icontains", "_", contains("_")),
    ("icontains", "\\", contains("\\")),
    ("icontains", "", HAS),
    ("icontains", ["abc", "5"], contains("abc", "5")),
    ("icontains", 25, contains("25")),
    ("icontains_multi", ["abc", "5"], contains("abc", "5")),
    ("not_icontains", "abc", fails(contains("abc"))),
    ("not_icontains", ["abc", "5"], fails(contains("abc", "5"))),
    ("not_icontains_multi", ["abc"], fails(contains("abc"))),
    ("regex", "^a", searches("^a")),
    ("regex", "b$", searches("b$")),
    ("regex", r"\\", searches(r"\\")),
    ("regex", r"^\d+$", searches(r"^\d+$")),
    ("regex", ["^x", "^é"], searches("^x|^é")),
    ("not_regex", "^a", fails(searches("^a"))),
    ("not_regex", ["^a", "5"], fails(searches("^a|5"))),
    ("starts_with", "a", lambda text: text is not None and text.startswith("a")),
    ("starts_with", ["a", "2"], lambda text: text is not None and text.startswith(("a", "2"))),
    ("not_starts_with", "a", lambda text: text is None or not text.startswith("a")),
    ("ends_with", "b", lambda text: text is not None and text.endswith("b")),
    ("not_ends_with", "b", lambda text: text is None or not text.endswith("b")),
    ("gt", 25, measures(lambda number: number > 25)),
    ("gt", "25", measures(lambda number: number > 25)),
    ("gte", 25, measures(lambda number: number >= 25)),
    ("min", "25", measures(lambda number: number >= 25)),
    ("lt", 0, measures(lambda number: number < 0)),
    ("lte", "0", measures(lambda number: number <= 0)),
    ("max", 0, measures(lambda number: number <= 0)),
    ("gt", [25], measures(lambda number: number > 25)),
    ("gt", 10**400, lambda text: text is not None and text > "1" + "0" * 400),  # a string, since it exceeds 64 bits
    ("between", [0, 25], measures(lambda number: 0 <= number <= 25)),
    ("between", ["0", "25.5"], measures(lambda number: 0 <= number <= 25.5)),
    ("not_between", [0, 25], measures(lambda number: not 0 <= number <= 25)),
    ("is_set", None, HAS),
    ("is_set", "is_set", HAS),
    ("is_set", {"any": "thing"}, HAS),
    ("is_not_set", None, fails(HAS)),
]


@pytest.mark.parametrize("kind", ["event", "person"])
@pytest.mark.parametrize(("operator", "value", "holds"), OPERATORS)
def test_operator(filled: Store, kind: str, operator: str, value: Any, holds: Expectation) -> None:
    filter_ = {"key": "p", "type": kind, "operator": operator, "value": value}
    assert find(filled, {"properties": [filter_]}) == expect(holds)


@pytest.mark.parametrize("operator", ["exact", "is_not", "icontains", "not_regex", "gt", "in", "is_date_after"])
@pytest.mark.parametrize("value", [None, []])
def test_filter_without_a_value_holds_always(filled: Store, operator: str, value: Any) -> None:
    assert find(filled, {"properties": [{"key": "p", "operator": operator, "value": value}]}) == TEXTS


def test_operator_is_exact_and_the_type_event_where_they_are_missing(filled: Store) -> None:
    assert find(filled, {"properties": [{"key": "p", "value": "abc"}]}) == ["abc"]


NUMERIC = [
    ("exact", "25", lambda text: as_number(text) == 25),
    ("exact", 25, lambda text: as_number(text) == 25),
    ("exact", "abc", equals("abc")),
    ("is_not", ["25", "abc"], lambda text: as_number(text) != 25 and text != "abc"),
    ("icontains", "abc", contains("abc")),
    ("gt", 25, measures(lambda number: number > 25)),
    ("is_set", None, HAS),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "value", "holds"), NUMERIC)
def test_property_of_numbers_is_compared_by_size(filled: Store, operator: str, value: Any, holds: Expectation) -> None:
    filter_ = {"key": "p", "operator": operator, "value": value}
    assert find(filled, {"properties": [filter_]}, "Numeric") == expect(holds)


@pytest.mark.parametrize("value", ["true", True, ["true"], [True]])
def test_property_of_booleans(filled: Store, value: Any) -> None:
    for operator, holds in (("exact", equals("true")), ("is_not", fails(equals("true")))):
        filter_ = {"key": "p", "operator": operator, "value": value}
        assert find(filled, {"properties": [filter_]}, "Boolean") == expect(holds)


MIDNIGHT = ["2026-03-29", "2026-03-28T23:00:00Z"]
EVENING, NEXT_DAY = "2026-03-29 23:59:59", "2026-03-30T00:00:00+02:00"
DATES = [
    ("is_date_exact", "2026-03-29", [*MIDNIGHT, EVENING]),
    ("is_date_exact", "2026-03-28T23:00:00Z", MIDNIGHT),
    ("is_date_exact", ["2026-03-30", "2026-03-29 23:59:59"], [EVENING, NEXT_DAY]),
    ("is_date_before", "2026-03-29", []),
    ("is_date_before", "2026-03-29 12:00", MIDNIGHT),
    ("is_date_before", "2026-03-30", [*MIDNIGHT, EVENING]),
    ("is_date_after", "2026-03-29", [NEXT_DAY]),
    ("is_date_after", "2026-03-29T00:00", [EVENING, NEXT_DAY]),
    ("is_date_after", "-2d", [EVENING, NEXT_DAY]),  # now is 14:00 on the 31st
    ("is_date_before", "-1dStart", [*MIDNIGHT, EVENING]),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["String", "DateTime"])
@pytest.mark.parametrize(("operator", "value", "texts"), DATES)
def test_dates_are_the_project_s(filled: Store, kind: str, operator: str, value: Any, texts: list[str]) -> None:
    filter_ = {"key": "p", "operator": operator, "value": value}
    found = find(filled, {"properties": [{"key": "p", "operator": "regex", "value": "^2026-"}, filter_]}, kind)
    assert found == texts


def test_property_of_times_is_compared_by_moment(filled: Store) -> None:
    filter_ = {"key": "p", "operator": "exact", "value": ["2026-03-29", "soon"]}
    assert find(filled, {"properties": [filter_]}, "DateTime") == [*MIDNIGHT, "soon"]
    years = {"key": "p", "operator": "regex", "value": "^2026-"}
    later = {"key": "p", "operator": "gt", "value": "2026-03-29 23:00"}
    assert find(filled, {"properties": [years, later]}, "DateTime") == [EVENING, NEXT_DAY]


ABC, X = {"key": "p", "value": "abc"}, {"key": "p", "value": "xabcx"}
CONTAINS = {"key": "p", "operator": "icontains", "value": "abc"}
GROUPS: list[tuple[Any, Expectation]] = [
    ([], lambda text: True),
    (None, lambda text: True),
    ({}, lambda text: True),
    ([{}, ABC], equals("abc")),
    ([{"type": "empty"}, ABC], equals("abc")),
    (ABC, equals("abc")),
    ([ABC, CONTAINS], equals("abc")),
    ([ABC, X], equals()),
    ({"type": "OR", "values": [ABC, X]}, equals("abc", "xabcx")),
    ({"type": "AND", "values": [ABC, X]}, equals()),
    ({"type": "AND", "values": []}, lambda text: True),
    ({"type": "AND", "values": [CONTAINS, {"type": "OR", "values": [ABC, X]}]}, equals("abc", "xabcx")),
    ([{"type": "OR", "values": [ABC, {"type": "AND", "values": [X, CONTAINS]}]}], equals("abc", "xabcx")),
    ([{"type": "hogql", "key": "properties.p = 'abc' or 1 = 2"}, CONTAINS], equals("abc")),
    ([{"type": "hogql", "key": "properties.p = {variables.v}", "value": None}], equals("xabcx")),
]


@pytest.mark.parametrize(("properties", "holds"), GROUPS)
def test_groups_and_lists(filled: Store, properties: Any, holds: Expectation) -> None:
    variables = {"1": {"code_name": "v", "value": "xabcx"}}
    text = "select toInt(distinct_id) as n from events where {filters} order by n"
    context = replace(CONTEXT, project_id=PROJECT)
    rows = read(filled, text, context, filters={"properties": properties}, variables=variables)
    assert [as_text(number) for [number] in rows] == expect(holds)


def test_test_accounts_are_left_out_where_the_query_says_so(filled: Store) -> None:
    own = ({"key": "p", "operator": "is_not", "value": "abc"},)
    found = find(filled, {"filterTestAccounts": True}, test_account_filters=own)
    assert found == expect(fails(equals("abc")))
    for value in (False, None):
        assert find(filled, {"filterTestAccounts": value}, test_account_filters=own) == TEXTS


CASES = [case for case in read_cases() if case.id.startswith("filter-")]


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_golden_filters(filled: Store, case: Case, typed: bool) -> None:
    """Count the events of a case by HogQL with the same filters. All cases count the events of one day."""
    types = build_property_types({"sum": "Numeric", "gift": "Boolean", "due": "DateTime"}, {"joined": "DateTime"})
    context = QueryContext(
        GOLDEN_PROJECT, now=case.context.now, property_types=types if typed else CONTEXT.property_types
    )
    filters = {"properties": case.query["properties"], "dateRange": case.query["dateRange"]}
    values = {"event": case.query["series"][0]["event"]}
    text = "select count() from events where event = {event} and {filters}"
    assert read(filled, text, context, values=values, filters=filters) == [
        [case.expect["series"][0]["aggregated_value"]]
    ]
