"""Numbers of results."""

Number = int | float


def simplify(number: Number | None) -> Number:
    """Return a number as JSON has it: null is 0, and a whole number has no decimals."""
    if number is None:
        return 0
    return int(number) if isinstance(number, float) and number.is_integer() else number
