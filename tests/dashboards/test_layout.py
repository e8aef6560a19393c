import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import as_number, sort_position


@pytest.mark.parametrize(
    ("value", "number"), [(0, 0), (-3, -3), (1.5, 1.5), ("7", 7), ("-1.5", -1.5), ("1e2", 100), (".5", 0.5), ("5.", 5)]
)
def test_numbers_and_texts_that_spell_one(value: Any, number: float) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    "value", [None, True, "", " 1", "1 ", "x", "1e999", "nan", "inf", "0x1", "1_0", "٣", math.inf, [], {}, "1" * 41]
)
def test_anything_else_is_none(value: Any) -> None:
    assert as_number(value) is None


@given(st.text() | st.integers() | st.floats() | st.none())
def test_a_number_is_always_finite(value: Any) -> None:
    number = as_number(value) if not isinstance(value, int) or abs(value) < 2**63 else 0.0
    assert number is None or math.isfinite(number)


def test_what_is_missing_sorts_as_100() -> None:
    assert sort_position({}) == (100, 100)
    assert sort_position({"xs": {"x": 1, "y": 1}}) == (100, 100)
    assert sort_position({"sm": {"y": "3"}}) == (3, 100)
    assert sort_position({"sm": {"x": 6, "y": 3, "w": 1}}) == (3, 6)
