"""The labels along an axis that fit at each width of a chart. Pure functions."""

from collections.abc import Sequence
from typing import NamedTuple

# The minimum widths, in pixels, of the size classes of charts. The last class has no maximum width.
WIDTHS = (64, 128, 224, 384, 640, 1024)
CHARACTER = 7.0
GAP = 10
MAX_LABEL = 18
EDGE = 3


class Tick(NamedTuple):
    """A label at a position, in percent. `sizes` are the indexes of the widths at which the label fits."""

    x: float
    label: str
    anchor: str
    sizes: list[int]


def shorten(label: str) -> str:
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"


def build_ticks(labels: Sequence[str], places: Sequence[float], gutter: float) -> list[Tick]:
    """Return the labels that fit at one or more of WIDTHS. `gutter` is the width of the labels of the other axis."""
    texts = [shorten(label) for label in labels]
    sizes: dict[int, list[int]] = {}
    for size, width in enumerate(WIDTHS):
        plot = width if size == 0 else width - gutter  # the narrowest charts have no labels of the other axis
        for index in choose_ticks(texts, places, plot):
            sizes.setdefault(index, []).append(size)
    return [Tick(places[index], texts[index], get_anchor(places[index]), sizes[index]) for index in sorted(sizes)]


def get_anchor(place: float) -> str:
    """Return the anchor of a label. Labels at the ends of an axis do not extend beyond the axis."""
    return "start" if place < EDGE else "end" if place >= 100 else "middle"


def choose_ticks(labels: Sequence[str], places: Sequence[float], width: float) -> list[int]:
    """Return the indexes of equally spaced labels that do not overlap in a plot of the given width."""
    if not labels:
        return []
    length = max(map(len, labels)) * CHARACTER
    has_ends = get_anchor(places[0]) == "start"
    slot = width / max(1, len(labels) - has_ends)
    needed = length * (1.5 if has_ends else 1.0) + GAP
    step = next((step for step in (1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 100) if step * slot >= needed), len(labels))
    starts = (range(start, len(labels), step) for start in range(step))
    found = ([index for index in each if _has_space(labels[index], places[index], width)] for each in starts)
    return max(found, key=len)


def _has_space(label: str, place: float, width: float) -> bool:
    """Return whether a label extends beyond the ends of the plot by a few pixels at most."""
    middle, half = place / 100 * width, len(label) * CHARACTER / 2
    return get_anchor(place) != "middle" or (middle - half >= -GAP and middle + half <= width + GAP)
