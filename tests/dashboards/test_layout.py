import math
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import (
    Arrangement,
    arrange_tiles,
    compute_placements,
    get_placement,
    get_sort_position,
    parse_number,
)
from dashboards.packing import GRID_COLUMNS, Placement, compact_vertically, pack


@pytest.mark.parametrize(
    ("value", "number"), [(0, 0), (-3, -3), (1.5, 1.5), ("7", 7), ("-1.5", -1.5), ("1e2", 100), (".5", 0.5), ("5.", 5)]
)
def test_numbers_and_numeric_strings_are_parsed(value: Any, number: float) -> None:
    assert parse_number(value) == number


@pytest.mark.parametrize(
    "value", [None, True, "", " 1", "1 ", "x", "1e999", "nan", "inf", "0x1", "1_0", "٣", math.inf, [], {}, "1" * 41]
)
def test_other_values_are_none(value: Any) -> None:
    assert parse_number(value) is None


@given(st.text() | st.integers() | st.floats() | st.none())
def test_parsed_number_is_finite(value: Any) -> None:
    number = parse_number(value) if not isinstance(value, int) or abs(value) < 2**63 else 0.0
    assert number is None or math.isfinite(number)


def test_missing_position_sorts_as_100() -> None:
    assert get_sort_position({}) == (100, 100)
    assert get_sort_position({"xs": {"x": 1, "y": 1}}) == (100, 100)
    assert get_sort_position({"sm": {"y": "3"}}) == (3, 100)
    assert get_sort_position({"sm": {"x": 6, "y": 3, "w": 1}}) == (3, 6)


SIZES = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 8)), max_size=25)


def overlap(one: Placement, other: Placement) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def are_valid(places: list[Placement]) -> bool:
    """Return whether placements do not overlap and are in reading order."""
    apart = not any(overlap(one, other) for n, one in enumerate(places) for other in places[:n])
    return apart and places == sorted(places, key=lambda place: (place[1], place[0]))


@given(SIZES)
def test_packed_tiles_do_not_overlap_and_keep_their_order(sizes: list[tuple[int, int]]) -> None:
    places = pack(sizes, 12)
    assert are_valid(places)
    assert [(width, height) for _, _, width, height in places] == sizes
    assert all(x + width <= 12 for x, _, width, _ in places)


@given(SIZES, st.sampled_from(Arrangement))
def test_arranging_is_idempotent(sizes: list[tuple[int, int]], arrangement: Arrangement) -> None:
    once = arrange_tiles([{"sm": {"w": width, "h": str(height)}} for width, height in sizes], arrangement)
    assert arrange_tiles(once, arrangement) == once
    for breakpoint in ("sm", "xs"):
        places = [get_placement(layouts, breakpoint) for layouts in once]
        assert are_valid([place for place in places if place])


@given(SIZES, st.data())
def test_compaction_keeps_the_order_and_moves_nothing_down(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    places = pack(sizes, 12)
    rest = [place for place in places if data.draw(st.booleans())]
    closed = compact_vertically(rest)
    assert are_valid(closed)
    assert all(new[1] <= old[1] and new[0] == old[0] for new, old in zip(closed, rest, strict=True))
    assert compact_vertically(closed) == closed


def test_invalid_layout_gets_a_default_size() -> None:
    odd: list[dict[str, Any]] = [{"sm": {"w": 99, "h": -3}}, {"sm": {"w": "x"}}, {"sm": {"w": 0.2, "h": 2.5}}, {}]
    places = [get_placement(layouts, "sm") for layouts in arrange_tiles(odd, Arrangement.PRESERVE)]
    assert places == [(0, 0, 12, 1), (0, 1, 6, 5), (6, 1, 1, 2.5), (6, 3.5, 6, 5)]


NUMBERS = st.integers(-5, 30) | st.floats(-5, 30) | st.sampled_from(["3", "1.5", 10**12, -(10**12), None])
SHOWN = st.fixed_dictionaries({}, optional={"sm": st.fixed_dictionaries({}, optional=dict.fromkeys("xywh", NUMBERS))})


@given(st.lists(SHOWN, max_size=12))
def test_computed_placements_are_on_the_grid_without_overlaps(layouts: list[dict[str, Any]]) -> None:
    places = compute_placements(layouts)
    assert places == compute_placements(layouts)
    assert len(places) == len(layouts)
    for x, y, width, height in places:
        assert all(isinstance(number, int) for number in (x, y, width, height))
        assert 0 <= x <= x + width <= GRID_COLUMNS
        assert (y >= 0, width >= 1, 1 <= height <= 50) == (True, True, True)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def test_tile_without_a_layout_gets_the_first_gap() -> None:
    half = {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}
    assert compute_placements([{}, half, {}]) == [(6, 0, 6, 5), (0, 0, 6, 5), (0, 5, 6, 5)]


def test_unbounded_rows_are_compacted() -> None:
    assert compute_placements([{"sm": {"x": 2, "y": 10**9, "w": 99, "h": 10**9}}]) == [(0, 0, 12, 50)]
