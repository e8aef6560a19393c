"""Labels of intervals."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from queries.results.labels import format_days, format_labels

MOMENT = datetime(2020, 1, 9, 13, 5, 7, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("interval", ["day", "week", "month", "quarter", "year"])
def test_long_intervals_are_dates(interval: str) -> None:
    assert format_days([MOMENT], interval) == ["2020-01-09"]
    assert format_labels([MOMENT], interval) == ["9-Jan-2020"]


@pytest.mark.parametrize(
    ("interval", "label"), [("hour", "9-Jan 13:05"), ("minute", "9-Jan 13:05"), ("second", "9-Jan 13:05:07")]
)
def test_short_intervals_have_the_time_of_the_zone(interval: str, label: str) -> None:
    assert format_days([MOMENT], interval) == ["2020-01-09 13:05:07"]
    assert format_labels([MOMENT], interval) == [label]


def test_each_month_has_an_english_name() -> None:
    buckets = [datetime(2020, month, 1) for month in range(1, 13)]
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert format_labels(buckets, "month") == [f"1-{name}-2020" for name in names]
