"""Date ranges in words, and the date ranges that users choose from a list."""

from datetime import date, datetime
from typing import Any

CUSTOM = "custom"
SEPARATOR = ".."
# The start and the end of each range, and its label.
PRESETS = {
    ("dStart", ""): "Today",
    ("-1dStart", "-1dEnd"): "Yesterday",
    ("-24h", ""): "Last 24 hours",
    ("-7d", ""): "Last 7 days",
    ("-14d", ""): "Last 14 days",
    ("-30d", ""): "Last 30 days",
    ("-90d", ""): "Last 90 days",
    ("-180d", ""): "Last 180 days",
    ("mStart", ""): "This month",
    ("-1mStart", "-1mEnd"): "Last month",
    ("yStart", ""): "This year",
    ("all", ""): "All time",
}


def describe_range(start: Any, end: Any) -> str:
    """Return a date range of filters in words, or an empty string if it is missing or unreadable."""
    label = PRESETS.get((start or "", end or "")) if isinstance(start or "", str) and isinstance(end or "", str) else ""
    if label:
        return label
    first, last = parse_day(start), parse_day(end)
    if first and last:
        return describe_days(first, last)
    if first:
        return f"Since {format_day(first)}" if not end else ""
    return f"Until {format_day(last)}" if last and not start else ""


def describe_days(first: date, last: date) -> str:
    """Return the first and the last day of a range in words."""
    if first == last:
        return format_day(first)
    return f"{format_day(first, has_year=first.year != last.year)} \u2013 {format_day(last)}"


def format_day(day: date, *, has_year: bool = True) -> str:
    return f"{day.day} {day:%b}" + (f" {day.year}" if has_year else "")


def parse_day(value: Any) -> date | None:
    """Return the day of an absolute date or timestamp, or None."""
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None
