"""Numbers of results."""

import math

Number = int | float
# Beyond it, a float has no decimals anyway, and JSON has no larger integers than 64 bits.
INTEGER_MAX = 2**53


def simplify(number: Number | None) -> Number:
    """Return a number as JSON has it: null is 0, as is one that is not finite, and a whole number has no decimals."""
    if number is None or not math.isfinite(number):
        return 0
    if abs(number) > INTEGER_MAX:
        return float(number)
    return int(number) if isinstance(number, float) and number.is_integer() else number
