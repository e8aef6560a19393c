"""Readers of values in the JSON of a query. Each error contains the path of the value."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dashboards_api.choices import build_invalid_choice_message
from queries.hogql.errors import QueryTooComplex
from queries.runners.errors import InvalidQuery, Path

Scalar = str | int | float | bool | None

# The maximum number of values in a query, each of which becomes a parameter of the statement.
MAX_VALUES = 5_000
MAX_CHARACTERS = 500_000
MAX_DEPTH = 40


def get_object(source: Mapping[str, Any], name: str, path: Path = ()) -> dict[str, Any]:
    """Return the object in a field, or an empty object if the field is absent or null."""
    value = source.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidQuery(f"This must be an object, not {describe(value)}.", (*path, name))
    return value


def get_boolean(source: Mapping[str, Any], name: str, path: Path = ()) -> bool:
    """Return the boolean in a field, or false if the field is absent or null."""
    value = source.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InvalidQuery(f"This must be true or false, not {describe(value)}.", (*path, name))


def check_choice(value: Any, known: Iterable[str], path: Path) -> str:
    """Return a value if it is known. Raises InvalidQuery with the closest match for an unknown value."""
    choices = list(known)
    if not isinstance(value, str) or value not in choices:
        raise InvalidQuery(build_invalid_choice_message(value, choices), path)
    return value


def get_number(source: Mapping[str, Any], name: str, path: Path, *, default: int, low: int, high: int) -> int:
    """Return the integer in a field, or the default if the field is absent or null. Raises InvalidQuery."""
    value = source.get(name)
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise InvalidQuery(f"This must be a whole number from {low:,} to {high:,}.", (*path, name))
    return value


def check_size(value: Any, path: Path) -> None:
    """Check the size and the strings of JSON that is used in a statement.

    Raises QueryTooComplex and InvalidQuery.
    """
    characters = 0
    for count, (depth, part) in enumerate(_walk(value), start=1):
        if isinstance(part, str):
            characters += len(part)
            _check_text(part, path)
        if count > MAX_VALUES or characters > MAX_CHARACTERS or depth > MAX_DEPTH:
            where = "__".join(["query", *map(str, path)])
            raise QueryTooComplex(
                f"{where} may have at most {MAX_VALUES:,} values, {MAX_CHARACTERS:,} characters and {MAX_DEPTH} levels."
            )


def read_value(value: Any, path: Path) -> Scalar | list[Scalar]:
    """Return a value that is a string, a number, a boolean, null, or a list of such values."""
    if isinstance(value, list):
        return [read_scalar(item, (*path, index)) for index, item in enumerate(value)]
    return read_scalar(value, path)


def read_scalar(value: Any, path: Path) -> Scalar:
    if value is None or isinstance(value, str | int | float):
        return value
    raise InvalidQuery(f"This must be a string, a number, true, false or null, not {describe(value)}.", path)


def describe(value: Any) -> str:
    """Return the type of a JSON value in words, for an error message."""
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def _walk(value: Any) -> Iterator[tuple[int, Any]]:
    waiting = [(0, value)]
    while waiting:
        depth, part = waiting.pop()
        yield depth, part
        if isinstance(part, dict):
            waiting.extend((depth + 1, item) for pair in part.items() for item in pair)
        elif isinstance(part, list | tuple):
            waiting.extend((depth + 1, item) for item in part)


def _check_text(text: str, path: Path) -> None:
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise InvalidQuery("A text contains a lone surrogate, which is not a character.", path)
