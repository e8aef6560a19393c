"""The parts of queries that forms of several kinds have: series, date range, filters and breakdown. Pure functions."""

from typing import Any, NamedTuple

from dashboards_api.errors import ValidationFailed
from pages.console.forms.date_range import build_range, read_range
from pages.console.forms.merging import Values, get_object, get_text
from pages.console.forms.properties import build_properties, read_properties, read_rows

Json = dict[str, Any]

ALL_EVENTS = "All events"
MAX_SERIES = 10
MATHS_OF_PROPERTIES = frozenset({"sum", "avg", "min", "max", "median", "p75", "p90", "p95", "p99"})


class SeriesRow(NamedTuple):
    """The fields of one series for the template."""

    number: int
    event: str
    math: str
    math_property: str


def list_series_rows(values: Values, extra: int = 2, maximum: int = MAX_SERIES) -> list[SeriesRow]:
    """Return the rows that name an event, and `extra` empty rows, up to a maximum number of rows."""
    rows = [
        (event, values.get(f"math-{index}", ""), values.get(f"math-property-{index}", ""))
        for index in range(MAX_SERIES)
        if (event := values.get(f"event-{index}", "").strip())
    ]
    rows += [("", "", "")] * min(extra, maximum - len(rows))
    return [SeriesRow(index, event, math or "total", name) for index, (event, math, name) in enumerate(rows)]


def read_series(source: Json) -> Values:
    values: Values = {}
    nodes = source.get("series")
    for index, node in enumerate(nodes[:MAX_SERIES] if isinstance(nodes, list) else []):
        values[f"event-{index}"] = get_text(node, "event") or ALL_EVENTS
        values[f"math-{index}"] = get_text(node, "math", "total")
        values[f"math-property-{index}"] = get_text(node, "math_property")
    return values


def build_series(values: Values, base: Json, minimum: int, minimum_text: str) -> list[Json]:
    """Return the series of the rows. The node of an unchanged row is kept with all its fields."""
    nodes = base.get("series")
    stored = {_identify(values_of): node for values_of, node in _pair_rows(nodes if isinstance(nodes, list) else [])}
    rows = [row for row in list_series_rows(values, extra=0) if row.event]
    if len(rows) < minimum:
        raise ValidationFailed(minimum_text, attr=f"event-{len(rows)}")
    return [stored.get((row.event, row.math, row.math_property)) or _build_node(row) for row in rows]


def _pair_rows(nodes: list[Any]) -> list[tuple[SeriesRow, Any]]:
    nodes = nodes[:MAX_SERIES]
    return list(zip(list_series_rows(read_series({"series": nodes}), extra=0), nodes, strict=False))


def _identify(row: SeriesRow) -> tuple[str, str, str]:
    return row.event, row.math, row.math_property


def _build_node(row: SeriesRow) -> Json:
    event = None if row.event == ALL_EVENTS else row.event
    node: Json = {"kind": "EventsNode", "event": event, "name": row.event, "math": row.math}
    if row.math in MATHS_OF_PROPERTIES:
        if not row.math_property:
            raise ValidationFailed("Choose the property to calculate with.", attr=f"math-property-{row.number}")
        node["math_property"] = row.math_property
    return node


def read_shared(source: Json) -> Values:
    """Return the fields of all kinds except SQL: the date range and the property filters."""
    return {**read_range(source.get("dateRange")), **read_rows(source.get("properties"))}


def build_shared(values: Values, base: Json) -> Json:
    shared: Json = {}
    if has_changed(values, read_range(base.get("dateRange")), ("range", "date_from", "date_to")):
        shared["dateRange"] = {**get_object(base, "dateRange"), **build_range(values)}
    before = read_properties(base.get("properties"))
    if before is not None and build_properties(values) != build_properties(before):
        shared["properties"] = build_properties(values)
    return shared


def pick_changed(values: Values, before: Values, names: tuple[str, ...]) -> Values:
    """Return the fields that are filled in and differ from the stored fields. Only these fields are written."""
    return {name: value for name in names if (value := values.get(name, "")) and value != before.get(name, "")}


def has_changed(values: Values, before: Values, names: tuple[str, ...]) -> bool:
    return any(values.get(name, "") != before.get(name, "") for name in names)


def read_breakdown(source: Json) -> Values:
    options = get_object(source, "breakdownFilter")
    several = options.get("breakdowns")
    first = several[0] if isinstance(several, list) and several else {}
    key = get_text(options, "breakdown") or get_text(first, "property")
    kind = get_text(options, "breakdown_type") or get_text(first, "type")
    return {"breakdown": key, "breakdown-type": kind or "event"}


def build_breakdown(values: Values, base: Json) -> Json:
    names = ("breakdown", "breakdown-type")
    key, kind = (values.get(name, "") for name in names)
    if not has_changed({"breakdown": key, "breakdown-type": kind or "event"}, read_breakdown(base), names):
        return {}
    if not key:
        return {"breakdownFilter": None}
    rest = {
        name: value
        for name, value in get_object(base, "breakdownFilter").items()
        if name not in ("breakdowns", "breakdown", "breakdown_type")
    }
    return {"breakdownFilter": {**rest, "breakdown": key, "breakdown_type": kind or "event"}}
