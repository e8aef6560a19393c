"""Placeholders are replaced by nodes of the syntax tree, and become parameters."""

from datetime import UTC, datetime

import pytest

from queries.hogql.ast import And, Compare, Constant, Field
from queries.hogql.errors import HogQLError, UnknownPlaceholder
from queries.hogql.parser import parse_expression, parse_select
from queries.hogql.placeholders import PlaceholderValue, find_placeholders, replace_placeholders
from tests.queries.hogql.helpers import print_text, read
from tests.queries.hogql.store import Store

COUNT = "select count() from events where "


@pytest.mark.parametrize(
    ("condition", "value", "count"),
    [
        ("event = {variables.x}", "purchase", 2),
        ("event = {variables.x}", "' or 1 = 1 --", 0),
        ("event in {variables.x}", ["purchase", "$pageview"], 6),
        ("event in {variables.x}", [], 0),
        ("event not in {variables.x}", [], 6),
        ("properties.amount > {variables.x}", 10, 1),
        ("properties.amount > {variables.x}", 10.5, 1),
        ("properties.beta = {variables.x}", True, 1),
        ("properties.beta = {variables.x}", None, 4),
        ("timestamp >= {variables.x}", datetime(2026, 3, 30, tzinfo=UTC), 1),
        ("timestamp >= {variables.x}", "2026-03-30", 2),
        ("toDate(timestamp) = {variables.x}", datetime(2026, 3, 30, tzinfo=UTC).date(), 2),
        ("{variables.x}", Compare("==", Field(("event",)), Constant("purchase")), 2),
        ("{variables.x}", And(()), 6),
        ("{variables.x}", parse_expression("properties.$browser = 'Firefox'"), 2),
    ],
)
def test_value(store: Store, condition: str, value: PlaceholderValue, count: int) -> None:
    assert read(store, COUNT + condition, {"variables.x": value}) == [[count]]


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (None, None, 6),
        (datetime(2026, 3, 29, 10, tzinfo=UTC), None, 4),
        (None, datetime(2026, 3, 29, 10, tzinfo=UTC), 2),
        (datetime(2026, 3, 29, 10, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), 2),
    ],
)
def test_open_end_of_the_date_range_holds_always(
    store: Store, start: datetime | None, end: datetime | None, count: int
) -> None:
    query = COUNT + "timestamp >= {filters.dateRange.from} and timestamp < {filters.dateRange.to}"
    values: dict[str, PlaceholderValue] = {"filters.dateRange.from": start, "filters.dateRange.to": end}
    assert read(store, query, values) == [[count]]


def test_limit_may_be_a_placeholder() -> None:
    assert print_text("select 1 limit {variables.n}", {"variables.n": 7}).limit == 7


def test_limit_that_is_no_number_is_refused() -> None:
    with pytest.raises(HogQLError):
        print_text("select 1 limit {variables.n}", {"variables.n": "7; drop"})


def test_placeholders_are_found_everywhere() -> None:
    query = parse_select(
        "with a as (select {variables.a}) select {variables.b}, count() over (order by {variables.c})"
        " from a join (select {variables.d} as x) b on {variables.e} group by {variables.f} limit {variables.g}"
    )
    assert find_placeholders(query) == {f"variables.{letter}" for letter in "abcdefg"}
    replaced = replace_placeholders(query, {f"variables.{letter}": 1 for letter in "abcdefg"})
    assert find_placeholders(replaced) == set()


def test_table_cannot_be_a_placeholder() -> None:
    with pytest.raises(HogQLError):
        print_text("select 1 from {variables.x}", {"variables.x": "events"})


def test_unknown_placeholder_names_the_nearest() -> None:
    with pytest.raises(UnknownPlaceholder) as caught:
        print_text(COUNT + "{filter}", {"filters": Constant(True)})
    assert caught.value.nearest == "filters"
