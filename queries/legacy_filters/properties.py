"""Property filters of insights: a list, a group, or a dictionary such as `{"$browser": "x", "$os__icontains": "y"}`.

Filters that older clients misspelled are corrected, as in PostHog.
"""

from typing import Any

from queries.legacy_filters.values import MAX_DEPTH, Json, load_json

GROUP_TYPES = ("AND", "OR")
SEPARATOR = "__"
_FILTER_KEYS = ("key", "type", "operator", "value")
_TYPES = {"events": "event", "precalculated-cohort": "cohort", "static-cohort": "cohort"}


def convert_properties(value: Any) -> Any:
    """Return the filters as a list or a group, or None without filters.

    A dashboard combines its own filters with the filters of an insight in a group, so a group may contain a dictionary.
    """
    properties = load_json(value)
    if properties is None or properties in ("", [], {}):
        return None
    if isinstance(properties, dict) and _is_dictionary(properties):
        return _convert_dictionary(properties)
    return _convert(properties, MAX_DEPTH)


def _convert(item: Any, depth: int) -> Any:
    """Return a list, a group or a filter in the current form."""
    if depth == 0:
        return item
    if isinstance(item, list):
        return [_convert(each, depth - 1) for each in item]
    if not isinstance(item, dict) or not item:
        return item
    if _is_group(item):
        return {**item, "values": _convert(item.get("values"), depth - 1)}
    if _is_filter(item):
        return _convert_filter(item)
    return {"type": "AND", "values": _convert_dictionary(item)}


def _is_group(item: Json) -> bool:
    return item.get("type") in GROUP_TYPES or ("values" in item and "key" not in item and "value" not in item)


def _is_dictionary(item: Json) -> bool:
    """Return whether an object is a dictionary. An object with a single key is a dictionary, even the key `key`."""
    return not _is_group(item) and (len(item) == 1 or not _is_filter(item))


def _is_filter(item: Json) -> bool:
    """Return whether an object is a filter and not a dictionary. An object with any key of a filter is a filter."""
    return any(name in item for name in _FILTER_KEYS)


def _convert_filter(item: Json) -> Json:
    kind, value = item.get("type"), item.get("value", item.get("values"))
    if isinstance(value, list):
        value = [each for each in value if each is not None]
    kind = _TYPES.get(kind, kind) if isinstance(kind, str) else kind
    changed = {**item, "key": "id" if kind == "cohort" else item.get("key"), "type": kind, "value": value}
    return {name: each for name, each in changed.items() if name != "values" and each is not None}


def _convert_dictionary(properties: Json) -> list[Json]:
    """Return the filters of a dictionary, whose keys may end with an operator."""
    return [_convert_entry(name, value) for name, value in properties.items()]


def _convert_entry(name: str, value: Any) -> Json:
    key, separator, operator = name.rpartition(SEPARATOR)
    if not separator:
        key, operator = name, "exact"
    return {"key": key, "value": value, "operator": operator, "type": "event"}
