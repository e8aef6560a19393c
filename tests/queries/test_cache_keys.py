"""Cache keys, which are equal for queries with the same result, and different for all other queries."""

from typing import Any

import pytest

from queries import cache_keys
from queries.cache_keys import build_cache_key
from queries.models.query_result import CACHE_KEY_MAX_LENGTH
from users.models import Project

SQL = {"kind": "HogQLQuery", "query": "select 1"}
OF_TEST_USERS = [{"key": "email", "value": "@example.com", "operator": "icontains", "type": "person"}]


def build(source: dict[str, Any], **changes: Any) -> str:
    values = {"pk": 1, "timezone": "UTC", "week_start_day": 0, "test_account_filters": []} | changes
    return build_cache_key(source, Project(**values))


def test_key_is_short_and_has_a_prefix() -> None:
    assert build(SQL).startswith("cache_")
    assert len(build(SQL)) == 46 <= CACHE_KEY_MAX_LENGTH


@pytest.mark.parametrize(
    "same",
    [
        {"query": "select 1", "kind": "HogQLQuery"},
        {**SQL, "response": {"results": [[1]]}},
        {**SQL, "tags": {"scene": "a"}},
        {**SQL, "version": 2},
    ],
)
def test_key_does_not_depend_on_order_and_on_what_has_no_effect(same: dict[str, Any]) -> None:
    assert build(same) == build(SQL)


@pytest.mark.parametrize(
    "other",
    [
        {**SQL, "query": "select 2"},
        {**SQL, "query": "select 1 "},
        {**SQL, "values": {"a": 1}},
        {**SQL, "values": {"a": 1.0}},
        {**SQL, "values": {"a": True}},
        {**SQL, "values": {"a": "1"}},
        {**SQL, "values": {"a": None}},
        {"kind": "HogQLQuery"},
        {**SQL, "values": {"a": 10**30}},  # only earlier releases stored such numbers
        {**SQL, "values": {"a": "\ud800"}},
    ],
)
def test_key_differs_for_other_queries(other: dict[str, Any]) -> None:
    others: list[dict[str, Any]] = [SQL, {**SQL, "values": {"a": 2}}, {**SQL, "values": {}}]
    assert build(other) not in [build(each) for each in others]


@pytest.mark.parametrize("change", [{"pk": 2}, {"timezone": "Europe/Berlin"}, {"week_start_day": 1}])
def test_key_depends_on_the_project_and_its_calendar(change: dict[str, Any]) -> None:
    assert build(SQL, **change) != build(SQL)


@pytest.mark.parametrize("asking", [{**SQL, "filters": {"filterTestAccounts": True}}, {"filterTestAccounts": True}])
def test_key_depends_on_test_account_filters_where_the_query_asks_for_them(asking: dict[str, Any]) -> None:
    assert build(asking, test_account_filters=OF_TEST_USERS) != build(asking)
    assert build(SQL, test_account_filters=OF_TEST_USERS) == build(SQL)
    odd = {**SQL, "filters": ["filterTestAccounts"]}
    assert build(odd, test_account_filters=OF_TEST_USERS) == build(odd)


def test_key_depends_on_the_version_of_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    before = build(SQL)
    monkeypatch.setattr(cache_keys, "COMPILER_VERSION", cache_keys.COMPILER_VERSION + 1)
    assert build(SQL) != before
