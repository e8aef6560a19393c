"""The packing of tiles, compared with a brute-force search, and its CPU time."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.layout import compute_placements, get_placement
from dashboards.packing import DEFAULT_LAYOUT_SIZE, GRID_COLUMNS, Number, Placement, compact_vertically

Layouts = dict[str, Any]


def find_lowest_row(taken: Iterable[Placement], x: Number, width: Number) -> Number:
    """Return the first row below all tiles in the given columns."""
    return max((each[1] + each[3] for each in taken if each[0] < x + width and x < each[0] + each[2]), default=0)


def find_first_gap(taken: Collection[Placement]) -> Placement:
    """Search every row and column for the first placement of the default size that overlaps no tile."""
    width, height = DEFAULT_LAYOUT_SIZE
    rows = sorted({0, *(each[1] + each[3] for each in taken)})
    for y in rows:
        near = [each for each in taken if each[1] < y + height and y < each[1] + each[3]]
        for x in range(GRID_COLUMNS - width + 1):
            if not any(each[0] < x + width and x < each[0] + each[2] for each in near):
                return x, y, width, height
    raise AssertionError("below everything there is room")


def place_slowly(layouts: Sequence[Layouts]) -> list[Placement]:
    placed = []
    for index, each in enumerate(layouts):
        if found := get_placement(each, "sm"):
            x, y, width, height = found
            width, height = min(max(round(width), 1), GRID_COLUMNS), min(max(round(height), 1), 50)
            placed.append((y, min(max(round(x), 0), GRID_COLUMNS - width), index, width, height))
    shown: dict[int, Placement] = {}
    for _, x, index, width, height in sorted(placed):
        shown[index] = (x, find_lowest_row(shown.values(), x, width), width, height)
    for index in range(len(layouts)):
        if index not in shown:
            shown[index] = find_first_gap(shown.values())
    return [shown[index] for index in range(len(layouts))]


def compact_slowly(places: Sequence[Placement]) -> list[Placement]:
    closed: list[Placement] = []
    for x, y, width, height in places:
        highest = find_lowest_row(closed, x, width)
        if closed:
            before = closed[-1]
            highest = max(highest, before[1] if before[0] < x else before[1] + 1)
        closed.append((x, min(y, highest), width, height))
    return closed


POSITIONS = st.fixed_dictionaries(
    {"x": st.integers(-2, 14), "y": st.integers(-3, 40), "w": st.integers(0, 14), "h": st.integers(0, 60)}
)
BOARDS = st.lists(st.builds(lambda spot: {"sm": spot}, POSITIONS) | st.just({}), max_size=40)


@given(BOARDS)
def test_placement_equals_a_brute_force_search(layouts: list[Layouts]) -> None:
    assert compute_placements(layouts) == place_slowly(layouts)


NUMBERS = st.integers(-20, 40) | st.floats(-20, 40).map(lambda number: round(number, 1))
PLACES = st.tuples(NUMBERS, NUMBERS, st.integers(1, 9) | st.floats(0.1, 9), NUMBERS)


@given(st.lists(PLACES, max_size=30))
def test_compaction_equals_a_brute_force_search(places: list[Placement]) -> None:
    in_order = sorted(places, key=lambda place: (place[1], place[0]))
    assert compact_vertically(in_order) == compact_slowly(in_order)


def test_tile_without_a_width_is_placed() -> None:
    assert compact_vertically([(0, 0, 6, 2), (0, 7, 0, 1), (0, 9, 6, 1)]) == [(0, 0, 6, 2), (0, 2, 0, 1), (0, 3, 6, 1)]


def build_column_layout(index: int) -> Layouts:
    return {"sm": {"x": 5, "y": index, "w": 2, "h": 50}}


def build_odd_layout(index: int) -> Layouts:
    return {"sm": {"x": index * 3.7, "y": index // 7, "w": 900.5, "h": 2}}


@pytest.mark.parametrize(
    "layouts",
    [
        [{} for _ in range(1000)],
        [build_column_layout(index) if index % 2 else {} for index in range(1000)],
        [build_odd_layout(index) for index in range(1000)],
    ],
    ids=["none placed", "half placed", "all placed"],
)
def test_packing_1000_tiles_takes_milliseconds(layouts: list[Layouts]) -> None:
    assert measure_seconds(lambda: compute_placements(layouts)) < 0.1
    places = sorted(
        filter(None, (get_placement(each, "sm") for each in layouts)), key=lambda place: (place[1], place[0])
    )
    assert measure_seconds(lambda: compact_vertically(places)) < 0.1


def measure_seconds(work: Callable[[], object]) -> float:
    """Return the shortest CPU time of three runs."""
    found = []
    for _ in range(3):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)
