"""Integers as the service takes them: within 64 bits, the same on every engine."""

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
# The items of any list in a request.
LIST_MAX_LENGTH = 1000
# The characters of any password that is taken: what is hashed must end somewhere.
PASSWORD_MAX_LENGTH = 1000


def whole_number(text: str | None) -> int | None:
    """The number that a text of decimal digits spells, where it fits into 64 bits; else None."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 20:
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None
