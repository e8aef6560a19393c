"""Parsers of values that are sent as text."""

import uuid

from dashboards_api.limits import MAX_INTEGER


def parse_int(text: str | None) -> int | None:
    """Return the number in a string of decimal digits, or None for any other string and for numbers beyond 64 bits."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 20:
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None


def parse_id(text: str, error: Exception | type[Exception]) -> int:
    """Return an id from a path as an integer. Raises the given error if the id is malformed."""
    number = parse_int(text)
    if number is None:
        raise error
    return number


def parse_uuid(text: str, error: Exception | type[Exception]) -> uuid.UUID:
    """Return an id from a path as a UUID. Raises the given error if the id is malformed."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise error from None
