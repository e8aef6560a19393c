"""The options of a TrendsQuery that shape its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queries.results.trends import CUMULATIVE, TOTAL_DISPLAYS
from queries.runners.errors import UnsupportedPart
from queries.runners.formulas import Formula, read_formulas
from queries.runners.json_values import check_choice, get_number, get_object

FILTER = "trendsFilter"
DEFAULT_DISPLAY = "ActionsLineGraph"
DISPLAYS = (
    DEFAULT_DISPLAY,
    "Auto",
    "ActionsBar",
    "ActionsUnstackedBar",
    "ActionsStackedBar",
    "ActionsAreaGraph",
    "SlopeGraph",
    CUMULATIVE,
    *TOTAL_DISPLAYS,
)
UNSUPPORTED_DISPLAYS = ("CalendarHeatmap", "TwoDimensionalHeatmap", "BoxPlot")
MAX_SMOOTHING = 1_000


@dataclass(frozen=True)
class TrendsOptions:
    display: str
    formulas: tuple[Formula, ...]
    smoothing: int

    @property
    def is_total(self) -> bool:
        """Return whether the display has one number for each series instead of one number for each interval."""
        return self.display in TOTAL_DISPLAYS

    @property
    def is_cumulative(self) -> bool:
        return self.display == CUMULATIVE


def read_options(source: Mapping[str, Any], number_of_series: int) -> TrendsOptions:
    """Return the options of a query. Raises InvalidQuery."""
    if source.get("conversionGoal") is not None:
        raise UnsupportedPart("Conversion goals are", ("conversionGoal",))
    options, path = get_object(source, FILTER), (FILTER,)
    display = options.get("display") or DEFAULT_DISPLAY
    if display in UNSUPPORTED_DISPLAYS:
        raise UnsupportedPart(f"The display {display} is", (*path, "display"))
    check_choice(display, DISPLAYS, (*path, "display"))
    smoothing = get_number(options, "smoothingIntervals", path, default=1, low=1, high=MAX_SMOOTHING)
    return TrendsOptions(display, tuple(read_formulas(options, path, number_of_series)), smoothing)
