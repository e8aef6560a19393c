"""The form in which viewers of a shared page choose the overrides that the share link allows. It needs no JavaScript.

Its fields are query parameters: `range`, or `date_from` and `date_to`, and `text_…`, `number_…` or `flag_…` with the
name of a variable. The parameters have the same effect as `filters_override` and `variables_override`.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.http import QueryDict

from dashboards.readers.shared_variables import SharedVariable
from dashboards_api.errors import ValidationFailed
from pages.components.date_ranges import CUSTOM, PRESETS, SEPARATOR, describe_range, parse_day
from pages.components.reloading import PARAMETER
from queries.request_overrides import (
    DATES,
    FILTERS_OVERRIDE,
    RequestOverrides,
    validate_overrides,
)
from users.readers import Row

RANGE = "range"
TEXT = "text"
NUMBER = "number"
FLAG = "flag"
_PREFIXES = {f"{kind}_": kind for kind in (TEXT, NUMBER, FLAG)}
HINT_MAX_LENGTH = 100
_FLAGS = {"true": True, "false": False}
# The parameters that the form keeps. It does not keep overrides in JSON, because its fields replace them.
_KEPT = ("refresh", "refresh_every")


class Option(NamedTuple):
    value: str
    label: str
    is_chosen: bool


class Field(NamedTuple):
    """A date or a variable in the form. `hint` is the value without an override."""

    name: str
    label: str
    kind: str
    value: str
    hint: str = ""


class Controls(NamedTuple):
    """The form with the values of the request. `reset` is the URL without these values, or empty without values."""

    ranges: list[Option]
    dates: list[Field]
    variables: list[Field]
    kept: list[tuple[str, str]]
    reset: str

    @property
    def is_empty(self) -> bool:
        return not (self.ranges or self.dates or self.variables)


def add_form_overrides(overrides: RequestOverrides, query: QueryDict) -> RequestOverrides:
    """Return the overrides of a request, including the overrides of the form's fields. Raises ValidationFailed."""
    filters, variables = _read_dates(query), _read_variables(query)
    if not filters and not variables:
        return overrides
    return validate_overrides({**(overrides.filters or {}), **filters}, {**(overrides.variables or {}), **variables})


def build_controls(
    allowed: Iterable[str], variables: Iterable[SharedVariable], filters: Row, query: QueryDict, path: str
) -> Controls:
    """Return the form for the overrides that a link allows. `filters` are the filters of the shown page."""
    names = [name for name in DATES if name in allowed]
    kept = [(name, str(query[name])) for name in _KEPT if query.get(name)]
    rest = QueryDict(mutable=True)
    rest.update(dict(kept))
    has_choice = any(name not in (*_KEPT, PARAMETER) for name in query)
    chosen = _get_chosen_range(filters, query)
    is_custom = chosen == CUSTOM
    return Controls(
        ranges=_list_ranges(names, filters, chosen),
        dates=[_build_date(name, filters, is_custom=is_custom) for name in names],
        variables=[field for each in variables if (field := _build_variable(each, query))],
        kept=kept,
        reset=(f"{path}?{rest.urlencode()}" if kept else path) if has_choice else "",
    )


def _read_dates(query: QueryDict) -> dict[str, Any]:
    """Return the filters of a range. If the range ends with the separator, `date_to` is None."""
    chosen = query.get(RANGE, "")
    if chosen and chosen != CUSTOM:
        start, separator, end = chosen.partition(SEPARATOR)
        return {"date_from": start, **({"date_to": end or None} if separator else {})}
    return {name: query[name] for name in DATES if query.get(name)}


def _read_variables(query: QueryDict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for parameter, text in query.items():
        prefix = next((prefix for prefix in _PREFIXES if parameter.startswith(prefix)), "")
        if prefix and isinstance(text, str) and text != "":
            name = parameter.removeprefix(prefix)
            found[name] = {"value": _parse_value(_PREFIXES[prefix], text, parameter)}
    return found


def _parse_value(kind: str, text: str, parameter: str) -> Any:
    if kind == TEXT:
        return text
    if kind == FLAG and text in _FLAGS:
        return _FLAGS[text]
    try:
        value = float(text) if kind == NUMBER else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValidationFailed(f"This must be {'a number' if kind == NUMBER else 'true or false'}.", attr=parameter)
    return int(value) if value.is_integer() else value


def _get_chosen_range(filters: Row, query: QueryDict) -> str:
    """Return the selected value of the list of ranges, which is an empty string for the range of the dashboard."""
    chosen = query.get(RANGE, "")
    if chosen and chosen != CUSTOM:
        return chosen
    if any(query.get(name) for name in DATES):
        return CUSTOM
    if FILTERS_OVERRIDE not in query:
        return ""
    start, end = filters.get("date_from") or "", filters.get("date_to") or ""
    known = (start, end) in PRESETS if isinstance(start, str) and isinstance(end, str) else False
    return _join(start, end, has_end=True) if known else CUSTOM


def _list_ranges(names: list[str], filters: Row, chosen: str) -> list[Option]:
    """Return the options of the list of ranges. If the end cannot be overridden, ranges with an end are omitted."""
    if "date_from" not in names:
        return []
    has_end = "date_to" in names
    label = describe_range(filters.get("date_from"), filters.get("date_to")) if not chosen else ""
    options = [Option("", f"As published{f': {label}' if label else ''}", not chosen)]
    for (start, end), text in PRESETS.items():
        if has_end or not end:
            value = _join(start, end, has_end=has_end)
            is_chosen = chosen in (value, _join(start, end, has_end=True))
            options.append(Option(value, text, is_chosen))
    return [*options, Option(CUSTOM, "Custom dates", chosen == CUSTOM)]


def _join(start: str, end: str, *, has_end: bool) -> str:
    return f"{start}{SEPARATOR}{end}" if has_end else start


def _build_date(name: str, filters: Row, *, is_custom: bool) -> Field:
    day = parse_day(filters.get(name)) if is_custom else None
    return Field(name, "From" if name == "date_from" else "To", "date", day.isoformat() if day else "")


def _build_variable(variable: SharedVariable, query: QueryDict) -> Field | None:
    """Return the field of a variable, or None if its value is a list or an object."""
    value = variable.value
    if not (value is None or isinstance(value, str | int | float)):
        return None
    kind = FLAG if isinstance(value, bool) else TEXT if value is None or isinstance(value, str) else NUMBER
    name = f"{kind}_{variable.name}"
    shown = str(value).lower() if kind == FLAG else str(value)
    hint = shown if variable.is_public and value is not None and len(shown) <= HINT_MAX_LENGTH else ""
    return Field(name, variable.label, kind, query.get(name, ""), hint if not query.get(name) else "")
