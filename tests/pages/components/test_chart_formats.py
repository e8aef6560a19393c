"""The numbers of charts, and the labels along their axes."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from pages.components.charts.formats import (
    NumberFormat,
    format_duration,
    format_number,
    format_share,
    format_short,
    read_column_format,
    read_trends_format,
)
from pages.components.charts.moments import add_interval, guess_interval
from pages.components.charts.plot import find_step, round_up_step, spread
from pages.components.charts.ticks import WIDTHS, build_ticks, choose_ticks


def test_axis_labels_are_round_and_short() -> None:
    assert [round_up_step(rough) for rough in (0, 0.3, 1, 3, 7, 12, 400)] == [1, 0.5, 1, 5, 10, 20, 500]
    numbers = (0, 1500.0, 2.5, 1234567.891, 0.00123, -7, 2**60)
    assert [format_number(value) for value in numbers] == [
        *("0", "1,500", "2.5", "1,234,567.89", "0.00123", "-7", "1,152,921,504,606,846,976")
    ]
    assert [format_short(value) for value in (0, 1500, 2_000_000, -3e9, 0.25)] == ["0", "1.5K", "2M", "-3B", "0.25"]


@pytest.mark.parametrize(
    ("options", "value", "full", "short"),
    [
        ({}, 1234.5, "1,234.5", "1.234K"),
        ({"aggregationAxisFormat": "numeric", "decimalPlaces": 1}, 0.0374, "0", "0.0374"),
        ({"minDecimalPlaces": 2}, 3.0, "3.00", "3"),
        ({"decimalPlaces": 3, "minDecimalPlaces": 1}, 2.5, "2.5", "2.5"),
        ({"aggregationAxisFormat": "short"}, 15_300, "15.3K", "15.3K"),
        ({"aggregationAxisFormat": "duration"}, 3900, "1h 5m", "1h 5m"),
        ({"aggregationAxisFormat": "duration_ms"}, 340, "340ms", "340ms"),
        ({"aggregationAxisFormat": "percentage"}, 12.5, "12.5%", "12.5%"),
        ({"aggregationAxisFormat": "percentage_scaled"}, 0.125, "12.5%", "12.5%"),
        ({"aggregationAxisFormat": "currency"}, -1523.5, "-$1,523.50", "-$1.524K"),
        ({"aggregationAxisFormat": "currency", "aggregationAxisPrefix": "$"}, 5.0, "$5.00", "$5"),
        ({"aggregationAxisPrefix": "€", "aggregationAxisPostfix": " per month"}, 5.0, "€5 per month", "€5"),
        ({"aggregationAxisFormat": "no such", "decimalPlaces": "x", "aggregationAxisPrefix": 5}, 2.0, "2", "2"),
    ],
)
def test_formats_of_trends(options: dict[str, Any], value: float, full: str, short: str) -> None:
    number = read_trends_format(options)
    assert (number.write(value), number.write_short(value)) == (full, short)


def test_formats_of_columns() -> None:
    formatting = {"style": "percent", "decimalPlaces": 1, "prefix": "~", "suffix": "!"}
    assert read_column_format({"formatting": formatting}).write(12.34) == "~12.3%!"
    assert read_column_format(None) == read_column_format({"formatting": 5}) == NumberFormat()


def test_durations_have_two_units() -> None:
    seconds = (0, 0.0042, 4.25, 60, 3599.9, 7500, 93_600, -65)
    assert [format_duration(each) for each in seconds] == [
        *("0s", "4.2ms", "4.2s", "1m", "60m", "2h 5m", "1d 2h", "-1m 5s")
    ]


def test_shares_are_never_nothing_or_everything_by_rounding() -> None:
    shares = [format_share(value, 10_000) for value in (0, 4, 100, 4_950, 9_996, 10_000, 20_000)]
    assert shares == ["0%", "<1%", "1%", "50%", ">99%", "100%", "200%"]
    assert format_share(5, 0) == ""


def test_durations_have_steps_of_minutes_and_hours() -> None:
    assert find_step(1400, NumberFormat("duration")) == 1800
    assert find_step(1400, NumberFormat("duration_ms")) == 2000
    assert find_step(1400, NumberFormat()) == 2000


def test_months_are_added_across_years() -> None:
    assert add_interval(datetime(2026, 11, 1, tzinfo=UTC), "month", 3) == datetime(2027, 2, 1, tzinfo=UTC)
    assert add_interval(datetime(2026, 11, 1, tzinfo=UTC), "week") == datetime(2026, 11, 8, tzinfo=UTC)


def test_interval_is_guessed_from_the_axis() -> None:
    axes: list[list[str]] = [
        ["2026-11-01", "2026-11-02"],
        ["2026-11-01", "2026-11-08"],
        ["2026-10-01", "2026-11-01"],
        ["x"],
        [],
    ]
    assert [guess_interval(axis) for axis in axes] == ["day", "week", "month", "day", "day"]
    assert guess_interval(["2026-11-01 10:00:00", "2026-11-01 11:00:00"]) == "hour"


def test_labels_never_overlap_at_the_least_width() -> None:
    labels = [f"{day} November" for day in range(1, 31)]
    for places in ([100 * index / 29 for index in range(30)], [100 * (index + 0.5) / 30 for index in range(30)]):
        for width in WIDTHS:
            chosen = choose_ticks(labels, places, width)
            gaps = [(places[after] - places[before]) / 100 * width for before, after in pairwise(chosen)]
            assert all(gap >= 7 * len("30 November") for gap in gaps)
            assert chosen


def test_wider_charts_have_more_labels() -> None:
    labels = [f"{day} Nov" for day in range(1, 31)]
    ticks = build_ticks(labels, [100 * index / 29 for index in range(30)], 30)
    counts = [sum(size in tick.sizes for tick in ticks) for size in range(len(WIDTHS))]
    assert counts == [1, 1, 2, 5, 6, 10]
    assert (ticks[0].label, ticks[0].anchor) == ("1 Nov", "start")


def test_four_labels_have_space_or_are_left_out() -> None:
    labels = ["27 Nov", "28 Nov", "29 Nov", "30 Nov"]
    places = [0, 33.33, 66.67, 100]
    assert choose_ticks(labels, places, 640) == [0, 1, 2, 3]
    assert choose_ticks(labels, places, 194) == [0, 2]


def test_letters_are_moved_apart() -> None:
    assert spread([10, 12, 90]) == [10, 28, 90]
    assert spread([98, 99]) == [82, 100]
    assert spread([]) == []
