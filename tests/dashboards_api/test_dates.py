"""Absolute and relative dates in filters."""

from datetime import UTC, datetime

import pytest

from dashboards_api.dates import parse_date_bound

NOW = datetime(2026, 3, 31, 15, 20, 30, 500, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026-01-31", "2026-01-31T00:00:00"),
        ("2026-01-31T10:30", "2026-01-31T10:30:00"),
        ("2026-01-31 10:30:05.25", "2026-01-31T10:30:05.250000"),
        ("2026-01-31T10:30:00Z", "2026-01-31T10:30:00"),
        ("2026-01-31T00:30:00+02:00", "2026-01-30T22:30:00"),
        ("-7d", "2026-03-24T15:20:30.000500"),
        ("7d", "2026-03-24T15:20:30.000500"),
        ("-24h", "2026-03-30T15:20:30.000500"),
        ("-2w", "2026-03-17T15:20:30.000500"),
        ("-1m", "2026-02-28T15:20:30.000500"),
        ("-1q", "2025-12-31T15:20:30.000500"),
        ("-1y", "2025-03-31T15:20:30.000500"),
        ("-5M", "2026-03-31T15:15:30.000500"),
        ("-30s", "2026-03-31T15:20:00.000500"),
        ("dStart", "2026-03-31T00:00:00"),
        ("-1dStart", "2026-03-30T00:00:00"),
        ("-1dEnd", "2026-03-30T23:59:59.999999"),
        ("hStart", "2026-03-31T15:00:00"),
        ("wStart", "2026-03-30T00:00:00"),
        ("mStart", "2026-03-01T00:00:00"),
        ("-1mStart", "2026-02-01T00:00:00"),
        ("-1mEnd", "2026-02-28T23:59:59.999999"),
        ("qStart", "2026-01-01T00:00:00"),
        ("yStart", "2026-01-01T00:00:00"),
        ("-1yEnd", "2025-12-31T23:59:59.999999"),
        ("-0d", "2026-03-31T15:20:30.000500"),
    ],
)
def test_date_formats(text: str, start: str) -> None:
    assert parse_date_bound(text, NOW, is_end=False) == datetime.fromisoformat(start).replace(tzinfo=UTC)


def test_date_without_a_time_includes_the_whole_day() -> None:
    assert parse_date_bound("2026-01-31", NOW, is_end=True) == datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_date_bound("2026-01-31T00:00:00", NOW, is_end=True) == datetime(2026, 1, 31, tzinfo=UTC)


def test_all_is_unlimited() -> None:
    assert parse_date_bound("all", NOW, is_end=False) is None
    assert parse_date_bound("all", NOW, is_end=True) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "yesterday",
            "d",
            "-d",
            "-7",
            "7",
            "-7x",
            "-7dstart",
            "--7d",
            "-7d ",
            "-\u0667d",
            "-999999d",
            "-99999y",
            "-3000y",
        ),
        *("2026-02-30", "2026-13-01", "2026-01-31T25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"),
        *("[]", "{}", "null", "2026-01-31T00:00:00 01:00"),
    ],
)
def test_other_values_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_date_bound(text, NOW, is_end=False)
