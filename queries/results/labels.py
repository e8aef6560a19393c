"""Texts of intervals: the `days` and `labels` of results."""

from collections.abc import Iterable
from datetime import datetime

# Breakdown values with PostHog's names: for a missing value, and for all values beyond the limit.
BREAKDOWN_NULL = "$$_posthog_breakdown_null_$$"
BREAKDOWN_OTHER = "$$_posthog_breakdown_other_$$"

SHORT_INTERVALS = frozenset({"second", "minute", "hour"})
# The names are listed here because strftime depends on the locale of the process.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_days(buckets: Iterable[datetime], interval: str) -> list[str]:
    """Return intervals by their starts: "2020-01-09", or "2020-01-09 13:00:00" for hours and shorter intervals."""
    return [format_day(bucket, interval) for bucket in buckets]


def format_labels(buckets: Iterable[datetime], interval: str) -> list[str]:
    """Return the labels of intervals: "9-Jan-2020", or "9-Jan 13:00" for hours and shorter intervals."""
    return [format_label(bucket, interval) for bucket in buckets]


def format_day(bucket: datetime, interval: str) -> str:
    if interval in SHORT_INTERVALS:
        return bucket.replace(tzinfo=None).isoformat(" ", "seconds")
    return bucket.date().isoformat()


def format_label(bucket: datetime, interval: str) -> str:
    day = f"{bucket.day}-{MONTHS[bucket.month - 1]}"
    if interval not in SHORT_INTERVALS:
        return f"{day}-{bucket.year}"
    return f"{day} {bucket.time().isoformat('seconds' if interval == 'second' else 'minutes')}"


def format_moment(moment: datetime) -> str:
    """Return a time with the offset of its time zone: "2020-01-09T00:00:00+01:00", or "…Z" in UTC."""
    return moment.isoformat().replace("+00:00", "Z")
