"""The fields of a date range: a preset, or two dates."""

from typing import Any

from django.utils.dateparse import parse_date

from dashboards_api.errors import ValidationFailed
from pages.components import date_ranges
from pages.components.date_ranges import CUSTOM
from pages.console.forms.merging import Values, get_text

SEPARATOR = "|"
FIELDS = ("range", "date_from", "date_to")
# The choices: the start and the end of each preset, and its label.
PRESETS = (
    *((f"{start}{SEPARATOR}{end}", label) for (start, end), label in date_ranges.PRESETS.items()),
    (CUSTOM, "Custom dates"),
)
_LABELS = dict(PRESETS)


def read_range(date_range: Any) -> Values:
    """Return the fields for a date range: an object with `date_from` and `date_to`, or None."""
    start, end = get_text(date_range, "date_from"), get_text(date_range, "date_to")
    preset = f"{start}{SEPARATOR}{end}" if start or end else ""
    if preset and preset not in _LABELS and _is_date(start) and _is_date(end):
        return {"range": CUSTOM, "date_from": start, "date_to": end}
    return {"range": preset, "date_from": "", "date_to": ""}


def build_range(values: Values) -> dict[str, str | None]:
    """Return `date_from` and `date_to` from the fields. Raises ValidationFailed."""
    preset = values.get("range", "")
    if preset != CUSTOM:
        start, _, end = preset.partition(SEPARATOR)
        return {"date_from": start or None, "date_to": end or None}
    start, end = values.get("date_from", ""), values.get("date_to", "")
    for name, text in (("date_from", start), ("date_to", end)):
        if not _is_date(text):
            raise ValidationFailed("Write a date as 2026-01-31.", attr=name)
    if start and end and start > end:
        raise ValidationFailed("The last day is before the first day.", attr="date_to")
    if not start:
        raise ValidationFailed("Choose the first day.", attr="date_from")
    return {"date_from": start, "date_to": end or None}


def replace_range(filters: dict[str, Any], values: Values) -> dict[str, Any]:
    """Return filters with the date range of the fields, or without a date range. Raises ValidationFailed."""
    date_range = build_range(values)
    replaced = {**filters, **date_range}
    return {name: value for name, value in replaced.items() if name not in date_range or value is not None}


def list_presets(values: Values, default: str) -> list[tuple[str, str]]:
    """Return the choices of the preset: no range (labeled `default`), the stored range, and PRESETS."""
    stored = values.get("range", "")
    extra = [] if not stored or stored in _LABELS else [(stored, describe_values(values))]
    return [("", default), *extra, *PRESETS]


def describe_values(values: Values) -> str:
    """Return the date range of the fields in words, or an empty string if no range is set."""
    preset = values.get("range", "")
    start, _, end = preset.partition(SEPARATOR)
    if preset == CUSTOM:
        start, end = values.get("date_from", ""), values.get("date_to", "")
    return date_ranges.describe_range(start, end) or " to ".join(filter(None, (start, end)))


def _is_date(text: str) -> bool:
    try:
        return not text or parse_date(text) is not None
    except ValueError:
        return False
