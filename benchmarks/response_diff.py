"""A check that the responses of the servers differ only in URLs, access times and keys of results."""

from collections.abc import Iterator
from typing import Any

from benchmarks.load import Server, list_live_ids

# `filters_hash` is the key of a stored result. The other servers have no results.
VARIES = ("next", "previous", "last_accessed_at", "filters_hash")


def diff_responses(servers: list[Server]) -> list[str]:
    """Return a line for each difference between the responses of the first server and of the other servers."""
    first, *others = servers
    paths = [f"{first.dashboards}?limit=100", *(f"{first.dashboards}{id_}/" for id_ in list_live_ids(first)[:20])]
    found = {}
    for path in paths:
        expected = first.get(path)[2]
        for other in others:
            for place in _unlike(expected, other.get(path)[2], ""):
                found[f"{other.name}, {place}, first in {path}"] = (other.name, place)
    unique = {value: line for line, value in reversed(found.items())}
    return sorted(unique.values())


def _unlike(expected: Any, given: Any, place: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(given, dict):
        for key in sorted((expected.keys() | given.keys()) - set(VARIES)):
            if key in expected and key in given:
                yield from _unlike(expected[key], given[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is {'missing' if key in expected else 'too much'}"
    elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        for one, other in zip(expected, given, strict=True):
            yield from _unlike(one, other, f"{place}[]")
    elif expected != given:
        yield f"{place} differs"
