"""Parsing of values that arrive as text."""

from dashboards_api.limits import MAX_INTEGER


def parse_int(text: str | None) -> int | None:
    """Return the number that a text of decimal digits spells, or None if it is no such text or exceeds 64 bits."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 20:
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None
