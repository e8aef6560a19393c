"""Overrides of filters and variables in one request (`filters_override`, `variables_override`). Pure functions on JSON.

Overrides apply to one response and are never stored. Filters are replaced key by key. A variable is referenced by its
id or its code name, and keeps the fields that the override does not have. Code names matter because a variable that
was recreated has a new id.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils import timezone

from dashboards_api.dates import parse_date_bound
from dashboards_api.errors import ValidationFailed

Json = dict[str, Any]

FILTERS_OVERRIDE = "filters_override"
VARIABLES_OVERRIDE = "variables_override"
# The types of the filters that have an effect on queries; null removes a filter.
_SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "date_from": ((str,), "a string"),
    "date_to": ((str,), "a string"),
    "properties": ((list, dict), "a list or an object"),
    "breakdown_filter": ((dict,), "an object"),
}
DATES = ("date_from", "date_to")
FILTER_NAMES = frozenset(_SHAPES)
VALUE_KEYS = ("value", "isNull")


class RequestOverrides(NamedTuple):
    """The overrides of one request."""

    filters: Json | None = None
    variables: Json | None = None


NO_REQUEST_OVERRIDES = RequestOverrides()


def validate_overrides(filters: Json | None, variables: Json | None) -> RequestOverrides:
    """Return the overrides of a request. Raises ValidationFailed for a value that cannot have an effect."""
    for name, value in (filters or {}).items():
        types, words = _SHAPES.get(name, ((object,), ""))
        if value is not None and not isinstance(value, types):
            raise ValidationFailed(f"This must be {words}, or null.", attr=f"{FILTERS_OVERRIDE}__{name}")
        if name in DATES and isinstance(value, str) and value:
            check_date(name, value)
    for name, value in (variables or {}).items():
        if value is None:
            detail = "This must be a value, or an object with `value` or `isNull`."
            raise ValidationFailed(detail, attr=f"{VARIABLES_OVERRIDE}__{name}", code="null")
    return RequestOverrides(filters, variables)


def check_date(name: str, text: str) -> None:
    """Raise ValidationFailed if no query can use the string as a date."""
    try:
        parse_date_bound(text, timezone.now(), is_end=name == "date_to")
    except ValueError as error:
        detail = "This must be a date: 2026-01-31, 2026-01-31T12:00:00Z, -7d, mStart, or all for no limit."
        raise ValidationFailed(detail, attr=f"{FILTERS_OVERRIDE}__{name}") from error


def find_ignored_overrides(overrides: RequestOverrides) -> list[str]:
    """Return the paths of ineffective overrides: unknown filters, and variables without `value` and `isNull`."""
    filters = [f"{FILTERS_OVERRIDE}__{name}" for name in overrides.filters or {} if name not in _SHAPES]
    variables = (overrides.variables or {}).items()
    return filters + [f"{VARIABLES_OVERRIDE}__{name}" for name, given in variables if not has_value(given)]


def has_value(given: Any) -> bool:
    """Return whether an override sets a value. An object may contain only a description."""
    return not isinstance(given, dict) or any(key in given for key in VALUE_KEYS)


def as_variable(given: Any) -> Json:
    """Return a variable as an object. A bare value becomes `{"value": …}`."""
    return given if isinstance(given, dict) else {"value": given}


def get_code_name(variable: Any) -> str | None:
    """Return the name that SQL uses for a variable, or None."""
    name = variable.get("code_name") if isinstance(variable, dict) else None
    return name if isinstance(name, str) else None


def match_variables(stored: Json, overrides: Json) -> Iterator[tuple[str, str, Any]]:
    """Yield (name of the override, id of the variable that it matches, value) for each override.

    An override without a stored variable has its own name as the id. Raises ValidationFailed if two overrides match the
    same variable.
    """
    ids = {name: id_ for id_, variable in stored.items() if (name := get_code_name(variable))}
    seen: set[str] = set()
    for name, given in overrides.items():
        id_ = name if name in stored else ids.get(name) or ids.get(get_code_name(given) or "") or name
        if id_ in seen:
            raise ValidationFailed(
                "Another override refers to the same variable.", attr=f"{VARIABLES_OVERRIDE}__{name}", code="unique"
            )
        seen.add(id_)
        yield name, id_, given


def merge_variable(stored: Any, given: Any) -> Any:
    """Return a variable with the fields of an override, which replace all fields of the variable except `code_name`."""
    if stored is None:
        return given
    before, entry = as_variable(stored), as_variable(given)
    if "value" in entry or entry.get("isNull"):
        before = {key: value for key, value in before.items() if key not in VALUE_KEYS}
    own_name = {"code_name": before["code_name"]} if "code_name" in before else {}
    return {**before, **entry, **own_name}
