"""Conversion of numbers in results."""

import math

Number = int | float
# Larger floats have no decimals anyway, and orjson encodes integers of at most 64 bits.
MAX_INTEGER = 2**53


def simplify(number: Number | None) -> Number:
    """Return a number for JSON. Null and numbers that are not finite become 0, and whole numbers have no decimals."""
    if number is None or not math.isfinite(number):
        return 0
    if abs(number) > MAX_INTEGER:
        return float(number)
    return int(number) if isinstance(number, float) and number.is_integer() else number
