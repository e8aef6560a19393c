"""`refresh`: the table of the actions of each mode for each state of a result."""

from typing import Any

import pytest

from queries.refresh import (
    ENQUEUE,
    NOTHING,
    WAIT,
    Action,
    Freshness,
    Refresh,
    choose_action,
    parse_refresh,
    restrict_to_share,
)

# The actions for a fresh, a stale, a lazily stale and a missing result.
TABLE: dict[Refresh, tuple[Action, Action, Action, Action]] = {
    Refresh.FORCE_CACHE: (NOTHING, NOTHING, NOTHING, NOTHING),
    Refresh.BLOCKING: (NOTHING, WAIT, WAIT, WAIT),
    Refresh.ASYNC: (NOTHING, ENQUEUE, ENQUEUE, ENQUEUE),
    Refresh.ASYNC_EXCEPT_ON_CACHE_MISS: (NOTHING, ENQUEUE, ENQUEUE, WAIT),
    Refresh.LAZY_ASYNC: (NOTHING, NOTHING, ENQUEUE, ENQUEUE),
    Refresh.FORCE_BLOCKING: (WAIT, WAIT, WAIT, WAIT),
    Refresh.FORCE_ASYNC: (ENQUEUE, ENQUEUE, ENQUEUE, ENQUEUE),
}
COLUMNS = (Freshness.FRESH, Freshness.STALE, Freshness.LAZILY_STALE, Freshness.MISSING)


def test_table_has_every_mode_and_state() -> None:
    assert set(TABLE) == set(Refresh)
    assert set(COLUMNS) == set(Freshness)


@pytest.mark.parametrize("refresh", Refresh)
def test_mode_does_what_the_table_says(refresh: Refresh) -> None:
    assert tuple(choose_action(refresh, freshness) for freshness in COLUMNS) == TABLE[refresh]


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        *((mode.value, mode) for mode in Refresh),
        ("BLOCKING", Refresh.BLOCKING),
        (True, Refresh.FORCE_BLOCKING),
        ("true", Refresh.FORCE_BLOCKING),
        ("1", Refresh.FORCE_BLOCKING),
        (False, Refresh.FORCE_CACHE),
        ("false", Refresh.FORCE_CACHE),
        ("0", Refresh.FORCE_CACHE),
        ("unknown", Refresh.FORCE_CACHE),
        ([], Refresh.FORCE_CACHE),
        ({}, Refresh.FORCE_CACHE),
    ],
)
def test_value_is_read_as_a_mode(value: Any, mode: Refresh) -> None:
    assert parse_refresh(value, default=Refresh.ASYNC) is mode


@pytest.mark.parametrize("absent", [None, ""])
def test_absent_value_is_the_default(absent: str | None) -> None:
    assert parse_refresh(absent) is Refresh.FORCE_CACHE
    assert parse_refresh(absent, Refresh.BLOCKING) is Refresh.BLOCKING


def test_share_link_never_forces_and_computes_lazily_by_default() -> None:
    assert {mode: restrict_to_share(mode) for mode in Refresh} == {
        Refresh.FORCE_CACHE: Refresh.LAZY_ASYNC,
        Refresh.BLOCKING: Refresh.BLOCKING,
        Refresh.ASYNC: Refresh.ASYNC,
        Refresh.ASYNC_EXCEPT_ON_CACHE_MISS: Refresh.LAZY_ASYNC,
        Refresh.LAZY_ASYNC: Refresh.LAZY_ASYNC,
        Refresh.FORCE_BLOCKING: Refresh.BLOCKING,
        Refresh.FORCE_ASYNC: Refresh.LAZY_ASYNC,
    }
