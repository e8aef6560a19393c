"""The placements of tiles on the grid of 12 columns, after a user has moved or resized a tile with a form."""

from typing import Any

from django.http import QueryDict

from dashboards.layout import clamp_to_grid, compute_placements, set_placement
from dashboards.packing import GridPlacement
from dashboards_api.errors import ValidationFailed
from dashboards_api.parsing import parse_int

# The last row that a tile can be moved to.
MAX_ROW = 100_000


def read_placement(form: QueryDict) -> GridPlacement:
    """Return the placement in the form, within the grid. Raises ValidationFailed."""
    numbers = [parse_int(form.get(name)) for name in ("x", "y", "w", "h")]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers) or not 0 <= found[1] <= MAX_ROW:
        raise ValidationFailed("A placement must have a column, a row, a width and a height.")
    x, y, width, height = found
    x, width, height = clamp_to_grid((x, y, width, height))
    return x, y, width, height


def place_tile(placements: list[GridPlacement], index: int, wanted: GridPlacement) -> list[GridPlacement]:
    """Return the placements after one tile is moved to `wanted`.

    If the moved tile keeps its size and overlaps only one tile, which fits in the old placement, the two tiles are
    swapped. Otherwise, the overlapped tiles are moved down. At the end, all tiles are moved up to close gaps.
    """
    placements = _swap(placements, index, wanted)
    others = sorted((y, x, number) for number, (x, y, _, _) in enumerate(placements) if number != index)
    placed = {index: wanted}
    for _, _, number in others:
        x, y, width, height = placements[number]
        while blocking := [each for each in placed.values() if _overlaps((x, y, width, height), each)]:
            y = max(each[1] + each[3] for each in blocking)
        placed[number] = (x, y, width, height)
    return compute_placements([{"sm": set_placement(None, placed[number])} for number in range(len(placements))])


def _swap(placements: list[GridPlacement], index: int, wanted: GridPlacement) -> list[GridPlacement]:
    """Return the placements. If only one tile is overlapped and fits the old placement, it is moved there."""
    old_x, old_y, old_width, old_height = placements[index]
    covered = [number for number, each in enumerate(placements) if number != index and _overlaps(each, wanted)]
    if len(covered) != 1 or (old_width, old_height) != wanted[2:]:
        return placements
    [number] = covered
    width, height = placements[number][2:]
    moved = (old_x, old_y, width, height)
    fits = width <= old_width and height <= old_height and not _overlaps(moved, wanted)
    return [moved if each == number and fits else old for each, old in enumerate(placements)]


def _overlaps(one: GridPlacement, other: GridPlacement) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def move_in_order(ids: list[int], index: int, step: int) -> list[int]:
    """Return the ids with the id at `index` moved by a step, or the unchanged ids if the step leads out of the list."""
    other = index + step
    if 0 <= other < len(ids):
        ids[index], ids[other] = ids[other], ids[index]
    return ids


def resize(layouts: dict[str, Any], placement: GridPlacement, wider: int, higher: int) -> dict[str, Any]:
    """Return the layouts with the placement of a tile enlarged or reduced by columns and rows, within the grid."""
    x, y, width, height = placement
    x, width, height = clamp_to_grid((x, y, width + wider, height + higher))
    return {**layouts, "sm": set_placement(layouts.get("sm"), (x, y, width, height))}
