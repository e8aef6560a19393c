"""Numbers that JSON can represent."""

import math

import orjson
import pytest

from queries.results.numbers import Number, simplify


@pytest.mark.parametrize(
    ("number", "simple"),
    [
        (None, 0),
        (2.0, 2),
        (2.5, 2.5),
        (-0.0, 0),
        (2**53, 2**53),
        (2.0**60, 2.0**60),
        (2**70, float(2**70)),
        (1e300, 1e300),
        (math.inf, 0),
        (-math.inf, 0),
        (math.nan, 0),
    ],
)
def test_number_is_simple_and_can_be_encoded(number: Number | None, simple: Number) -> None:
    found = simplify(number)
    assert (found, type(found)) == (simple, type(simple))
    assert orjson.loads(orjson.dumps(found)) == simple
