"""Pure functions that pack tiles on a grid in nearly linear time.

A placement is (x, y, w, h). Tiles keep their given order, which is the reading order: top to bottom, then left to
right.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from math import inf

GRID_COLUMNS = 12
DEFAULT_LAYOUT_SIZE = (6, 5)

Number = int | float
Placement = tuple[Number, Number, Number, Number]
GridPlacement = tuple[int, int, int, int]


def pack(sizes: Sequence[tuple[int, Number]], columns: int) -> list[Placement]:
    """Return placements for tiles of the given sizes (width, height), in the given order, without overlaps."""
    skyline: list[Number] = [0] * columns
    places: list[Placement] = []
    last: tuple[Number, int] = (0, -1)
    for width, height in sizes:
        options = ((max(last[0], *skyline[x : x + width]), x) for x in range(columns - width + 1))
        last = y, x = min(option for option in options if option > last)
        skyline[x : x + width] = [y + height] * width
        places.append((x, y, width, height))
    return places


def drop_down(sizes: Iterable[tuple[int, int, int]]) -> list[GridPlacement]:
    """Return placements for tiles (x, width, height), each directly below the previous tiles in its columns."""
    skyline = [0] * GRID_COLUMNS
    places = []
    for x, width, height in sizes:
        y = max(skyline[x : x + width])
        skyline[x : x + width] = [y + height] * width
        places.append((x, y, width, height))
    return places


class GapFinder:
    """A finder of gaps for tiles of the default size among occupied placements."""

    def __init__(self, taken: Iterable[GridPlacement]) -> None:
        self._used: dict[int, int] = {}  # the occupied columns of each row, as a bit mask
        self._rows = {0}  # rows where a gap can begin: the top, and below each tile
        for x, y, width, height in taken:
            self._take(x, y, width, height)
        self._candidates = list(self._rows)
        heapify(self._candidates)

    def take_default_placement(self) -> GridPlacement:
        """Occupy the highest, then leftmost gap, and return its placement."""
        width, height = DEFAULT_LAYOUT_SIZE
        while True:
            y = self._candidates[0]
            x = self._find_free_column(y)
            if x is not None:
                break
            heappop(self._candidates)  # a full row stays full, so later tiles can skip it
        if y + height not in self._rows:
            heappush(self._candidates, y + height)
        self._take(x, y, width, height)
        return x, y, width, height

    def _find_free_column(self, y: int) -> int | None:
        width, height = DEFAULT_LAYOUT_SIZE
        used = 0
        for row in range(y, y + height):
            used |= self._used.get(row, 0)
        tile = (1 << width) - 1
        return next((x for x in range(GRID_COLUMNS - width + 1) if not used & tile << x), None)

    def _take(self, x: int, y: int, width: int, height: int) -> None:
        columns = (1 << width) - 1 << x
        for row in range(y, y + height):
            self._used[row] = self._used.get(row, 0) | columns
        self._rows.add(y + height)


def compact_vertically(places: Sequence[Placement]) -> list[Placement]:
    """Return placements moved up as far as the tiles above allow. The reading order of the input is kept."""
    edges = sorted({edge for x, _, width, _ in places for edge in (x, x + width)})
    skyline = _Skyline(len(edges))
    closed: list[Placement] = []
    for x, y, width, height in places:
        left = bisect_left(edges, x)
        right = max(bisect_left(edges, x + width), left + 1)  # a tile of width 0 still occupies one column
        highest = skyline.find_first_free_row(left, right)
        if closed:
            before = closed[-1]
            highest = max(highest, before[1] if before[0] < x else before[1] + 1)
        closed.append((x, min(y, highest), width, height))
        skyline.raise_to(left, right, closed[-1][1] + height)
    return closed


class _Skyline:
    """A segment tree that finds the first free row of a range of columns. A grid can have thousands of columns."""

    def __init__(self, columns: int) -> None:
        self._size = columns
        self._tops: list[Number] = [-inf] * (2 * columns)  # the maximum of the columns below a node
        self._floors: list[Number] = [-inf] * (2 * columns)  # the minimum of all columns below a node

    def find_first_free_row(self, left: int, right: int) -> Number:
        """Return the first row below all tiles in the given columns, or 0 if the columns are empty."""
        found: Number = -inf
        for node in self._iter_nodes(left, right):
            found = max(found, self._tops[node])
            while node := node >> 1:
                found = max(found, self._floors[node])
        return 0 if found == -inf else found

    def raise_to(self, left: int, right: int, top: Number) -> None:
        """Mark the given columns as occupied above the given row."""
        for node in self._iter_nodes(left, right):
            self._floors[node] = max(self._floors[node], top)
            while node and self._tops[node] < top:
                self._tops[node] = top
                node >>= 1

    def _iter_nodes(self, left: int, right: int) -> Iterable[int]:
        """Yield the few nodes that cover exactly the given columns."""
        left, right = left + self._size, right + self._size
        while left < right:
            if left & 1:
                yield left
                left += 1
            if right & 1:
                right -= 1
                yield right
            left, right = left >> 1, right >> 1
