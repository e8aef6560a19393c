"""Timestamps in results, which have the UTC offset of the time zone of their column."""

import pytest

from queries.runners.moments import localize_rows

AUTUMN = ["2026-10-25T00:30:00.000000Z", "2026-10-25T01:30:00.000000Z"]


@pytest.mark.parametrize("kind", ["DateTime64(6, 'Europe/Berlin')", "Nullable(DateTime64(3, 'Europe/Berlin'))"])
def test_both_hours_of_an_autumn_night_differ(kind: str) -> None:
    rows = localize_rows([[text] for text in AUTUMN], [kind])
    assert rows == [["2026-10-25T02:30:00+02:00"], ["2026-10-25T02:30:00+01:00"]]


@pytest.mark.parametrize("kind", ["DateTime", "DateTime('UTC')", "DateTime64(6)", "DateTime64(6, 'UTC')"])
def test_moments_in_utc_end_with_z(kind: str) -> None:
    assert localize_rows([["2026-10-25T00:30:00Z"], [None]], [kind]) == [["2026-10-25T00:30:00Z"], [None]]


def test_winter_in_london_is_utc_and_summer_is_not() -> None:
    rows = [["2026-01-01T00:00:00Z"], ["2026-07-01T00:00:00.25Z"]]
    localized = localize_rows(rows, ["DateTime64(6, 'Europe/London')"])
    assert localized == [["2026-01-01T00:00:00Z"], ["2026-07-01T01:00:00.250000+01:00"]]


def test_other_columns_stay_as_they_are() -> None:
    rows = [["2026-01-01", "2026-01-01T00:00:00Z", 1, ["2026-01-01T00:00:00Z"]]]
    kinds = ["Date", "String", "UInt8", "Array(DateTime64(6, 'Europe/Berlin'))"]
    assert localize_rows(rows, kinds) == rows
