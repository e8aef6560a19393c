"""Ages of results."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queries.runners.compiled import ResolvedRange
from queries.runners.staleness import find_interval, get_age_limit, get_lazy_age_limit, has_ended


@pytest.mark.parametrize(
    ("interval", "hours", "lazy_hours"),
    [
        (None, 6, 12),
        ("day", 6, 12),
        ("hour", 1, 2),
        ("minute", 5 / 60, 15 / 60),
        ("second", 5 / 60, 15 / 60),
        ("week", 24, 24),
        ("month", 48, 48),
        ("quarter", 48, 48),
        ("year", 48, 48),
        ("fortnight", 6, 12),
    ],
)
def test_limits(interval: str | None, hours: float, lazy_hours: float) -> None:
    assert get_age_limit(interval) == timedelta(hours=hours)
    assert get_lazy_age_limit(interval) == timedelta(hours=lazy_hours)


@pytest.mark.parametrize(
    ("source", "interval"),
    [
        ({"interval": "hour"}, "hour"),
        ({"kind": "RetentionQuery", "retentionFilter": {"period": "Week"}}, "week"),
        ({}, None),
        ({"interval": "x"}, None),
        ({"interval": ["hour"]}, None),
        ({"interval": {}}, None),
        ({"retentionFilter": "Week"}, None),
        ({"retentionFilter": {"period": 7}}, None),
        ([], None),
        (None, None),
        ("hour", None),
    ],
)
def test_interval_of_a_query(source: Any, interval: str | None) -> None:
    assert find_interval(source) == interval


def test_range_has_ended_after_its_last_moment() -> None:
    # 02:30 occurs twice in Berlin. The range ends at the first occurrence.
    end = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = ResolvedRange(None, end)
    assert not has_ended(found, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert has_ended(found, datetime(2026, 10, 25, 0, 30, 1, tzinfo=UTC))
    assert has_ended(found, end.replace(fold=1))
    assert not has_ended(None, end)
    assert not has_ended(ResolvedRange(None, None), end)
