"""Parsing of values in legacy filters. Values from URLs, and values that were encoded as JSON twice, are strings."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Json = dict[str, Any]

# The maximum depth of JSON in a string. Deeper JSON cannot be encoded for the cache key.
MAX_DEPTH = 40
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_DIGITS = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def load_json(value: Any) -> Any:
    """Return the list or object that a string contains as JSON, and other values unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        loaded = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return loaded if _is_shallow(loaded) else value


def read_boolean(value: Any) -> Any:
    """Return a string or a number as a boolean, an empty string as None, and other values unchanged."""
    if value is None or value == "":
        return None
    return str(value).lower() in _TRUE if isinstance(value, str | int) else value


def read_number(value: Any) -> Any:
    """Return a string of digits as a number, and other values unchanged."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def rename_keys(filters: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    """Return the values of filters by their names in a query."""
    return {new: filters.get(old) for old, new in names.items()}


def drop_absent(values: Mapping[str, Any]) -> Json:
    """Return an object without nulls and empty strings, which both represent unset options."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for part in level for item in _iter_items(part)]
        if not level:
            return True
    return False


def _iter_items(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield from value.values() if isinstance(value, dict) else value
