"""The options of a query that determine the chart of its result. Pure functions."""

from typing import Any, NamedTuple

from pages.components.charts.formats import PERCENT, NumberFormat, read_trends_format
from queries.nodes import get_source, get_source_kind, iter_nodes

_FILTERS = ("trendsFilter", "stickinessFilter", "funnelsFilter", "lifecycleFilter", "retentionFilter")

Json = dict[str, Any]


class Options(NamedTuple):
    kind: str
    display: str
    interval: str  # empty if the query has no interval
    number: NumberFormat
    filter: Json
    has_formula: bool
    maths: tuple[str, ...]  # of the series of the query, in their order

    @property
    def is_cumulative(self) -> bool:
        return self.display == "ActionsLineGraphCumulative"


def read_options(query: Any) -> Options:
    source = get_source(query)
    kind = get_source_kind(query)
    found = [node[name] for node in iter_nodes(query) for name in _FILTERS if isinstance(node.get(name), dict)]
    options: Json = found[0] if found else {}
    interval = source.get("interval")
    return Options(
        kind,
        next((each["display"] for each in found if isinstance(each.get("display"), str)), ""),
        interval if isinstance(interval, str) else "",
        PERCENT if kind == "FunnelsQuery" else read_trends_format(options),
        options,
        any(options.get(name) for name in ("formula", "formulas", "formulaNodes")),
        tuple(_read_maths(source)),
    )


def _read_maths(source: Json) -> list[str]:
    series = source.get("series")
    nodes = [node for node in series if isinstance(node, dict)] if isinstance(series, list) else []
    return [str(node.get("math") or "total") for node in nodes]
