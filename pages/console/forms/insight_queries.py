"""The forms of insights: the fields for a query of each kind, and the query that they describe."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dashboards_api.errors import ValidationFailed
from pages.console.edit_form import format_tags, parse_tags
from pages.console.forms.growth_queries import build_lifecycle, build_stickiness, read_growth
from pages.console.forms.merging import Values, get_object, get_text
from pages.console.forms.query_parts import (
    ALL_EVENTS,
    MAX_SERIES,
    build_breakdown,
    build_series,
    build_shared,
    has_changed,
    list_series_rows,
    pick_changed,
    read_breakdown,
    read_series,
    read_shared,
)
from queries.nodes import WRAPPERS, get_source, get_source_kind
from queries.runners.kinds import COMPUTED_KINDS

Json = dict[str, Any]

SQL = "HogQLQuery"
MAX_DIGITS = 4  # Python refuses to convert very long numbers
MATHS = (
    ("total", "Total count"),
    ("dau", "Unique people"),
    ("unique_session", "Unique sessions"),
    ("sum", "Sum of a property"),
    ("avg", "Average of a property"),
    ("min", "Minimum of a property"),
    ("max", "Maximum of a property"),
    ("median", "Median of a property"),
)
INTERVALS = (("hour", "Hour"), ("day", "Day"), ("week", "Week"), ("month", "Month"))
TRENDS_DISPLAYS = (
    ("ActionsLineGraph", "Line chart"),
    ("ActionsBar", "Bar chart"),
    ("ActionsLineGraphCumulative", "Line chart, cumulative"),
    ("BoldNumber", "Number"),
    ("ActionsBarValue", "Bars of totals"),
    ("ActionsPie", "Pie"),
    ("ActionsTable", "Table"),
)
SQL_DISPLAYS = (
    ("ActionsTable", "Table"),
    ("ActionsLineGraph", "Line chart"),
    ("ActionsBar", "Bar chart"),
    ("ActionsPie", "Pie"),
    ("BoldNumber", "Number"),
)
PERIODS = (("Day", "Day"), ("Week", "Week"), ("Month", "Month"))
RETENTION_TYPES = (
    ("retention_first_time", "For the first time ever"),
    ("retention_recurring", "In each interval"),
)


class Kind(NamedTuple):
    """A kind of insight with a form. `read` converts a query to form fields; `build` converts form fields to a query.

    `series_max` is the maximum number of events in the form.
    """

    name: str  # as in URLs
    query_kind: str
    title: str
    about: str
    read: Callable[[Json], Values]
    build: Callable[[Values, Json], Json]
    series_max: int = MAX_SERIES


def _read_trends(source: Json) -> Values:
    return {
        **read_series(source),
        **read_shared(source),
        **read_breakdown(source),
        "interval": get_text(source, "interval", "day"),
        "display": get_text(get_object(source, "trendsFilter"), "display", TRENDS_DISPLAYS[0][0]),
    }


def _build_trends(values: Values, base: Json) -> Json:
    changed = pick_changed(values, _read_trends(base), ("interval", "display"))
    query = {
        **base,
        "kind": "TrendsQuery",
        "series": build_series(values, base, 1, "Choose an event."),
        **build_shared(values, base),
        **build_breakdown(values, base),
    }
    if "interval" in changed:
        query["interval"] = changed["interval"]
    if "display" in changed:
        query["trendsFilter"] = {**get_object(base, "trendsFilter"), "display": changed["display"]}
    return query


def _read_funnel(source: Json) -> Values:
    options = get_object(source, "funnelsFilter")
    return {
        **read_series(source),
        **read_shared(source),
        **read_breakdown(source),
        "window": get_text(options, "funnelWindowInterval", "14"),
        "window-unit": get_text(options, "funnelWindowIntervalUnit", "day"),
    }


def _build_funnel(values: Values, base: Json) -> Json:
    changed = pick_changed(values, _read_funnel(base), ("window", "window-unit"))
    window = changed.get("window", "14")
    check_number(window, 1, 365, "window")
    query = {
        **base,
        "kind": "FunnelsQuery",
        "series": build_series(values, base, 2, "A funnel must have at least two steps."),
        **build_shared(values, base),
        **build_breakdown(values, base),
    }
    if changed:
        unit = values.get("window-unit") or "day"
        options = {"funnelWindowInterval": int(window), "funnelWindowIntervalUnit": unit}
        query["funnelsFilter"] = {**get_object(base, "funnelsFilter"), **options}
    return query


def check_number(text: str, low: int, high: int, field: str) -> None:
    """Raise ValidationFailed unless a string is a whole number within limits."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    if not is_number or not low <= int(text) <= high:
        raise ValidationFailed(f"Write a number from {low} to {high}.", attr=field)


def _read_retention(source: Json) -> Values:
    options = get_object(source, "retentionFilter")
    return {
        **read_shared(source),
        "event-0": _read_entity(options, "targetEntity"),
        "event-1": _read_entity(options, "returningEntity"),
        "period": get_text(options, "period", "Day"),
        "intervals": get_text(options, "totalIntervals", "8"),
        "retention-type": get_text(options, "retentionType", "retention_recurring"),
    }


def _read_entity(options: Json, name: str) -> str:
    entity = get_object(options, name)
    return get_text(entity, "id") or (ALL_EVENTS if entity else "")


def _build_retention(values: Values, base: Json) -> Json:
    options = get_object(base, "retentionFilter")
    entities = {}
    for index, name in enumerate(("targetEntity", "returningEntity")):
        event = values.get(f"event-{index}", "").strip()
        if not event:
            raise ValidationFailed("Choose an event.", attr=f"event-{index}")
        if event != _read_entity(options, name):
            entities[name] = {"id": None if event == ALL_EVENTS else event, "name": event, "type": "events"}
    given = pick_changed(values, _read_retention(base), ("period", "intervals", "retention-type"))
    intervals = given.get("intervals", "8")
    check_number(intervals, 2, 31, "intervals")
    named = {"period": "period", "retention-type": "retentionType"}
    changed: Json = {named[name]: value for name, value in given.items() if name in named}
    if "intervals" in given:
        changed["totalIntervals"] = int(intervals)
    return {
        **base,
        "kind": "RetentionQuery",
        **build_shared(values, base),
        "retentionFilter": {**options, **changed, **entities},
    }


def _read_sql(node: Json) -> Values:
    settings = get_object(node, "chartSettings")
    axis = settings.get("yAxis")
    columns = [get_text(each, "column") for each in axis] if isinstance(axis, list) else []
    return {
        "sql": get_text(get_source(node), "query"),
        "display": get_text(node, "display", "ActionsTable"),
        "x": get_text(get_object(settings, "xAxis"), "column"),
        "y": format_tags([column for column in columns if column]),
    }


def _build_sql(values: Values, base: Json) -> Json:
    """Return the SQL query in its visualization node. If no axes are entered, the chart uses suitable columns."""
    text = values.get("sql", "")
    if not text.strip():
        raise ValidationFailed("Write a query.", attr="sql")
    node = base if base.get("kind") in WRAPPERS else {"kind": "DataVisualizationNode"}
    settings = dict(get_object(node, "chartSettings"))
    if has_changed(values, _read_sql(node), ("x", "y")):
        x, ys = values.get("x", "").strip(), parse_tags(values.get("y", ""))
        settings |= {"xAxis": {"column": x} if x else None, "yAxis": [{"column": y} for y in ys] or None}
    found = {name: value for name, value in settings.items() if value is not None}
    query = {
        **node,
        "source": {**get_source(base), "kind": SQL, "query": text},
        "display": values.get("display") or "ActionsTable",
    }
    return {**query, "chartSettings": found} if found or "chartSettings" in node else query


_KINDS = (
    Kind("trends", "TrendsQuery", "Trend", "The number of events over time.", _read_trends, _build_trends),
    Kind("funnel", "FunnelsQuery", "Funnel", "The number of people who complete steps.", _read_funnel, _build_funnel),
    Kind(
        "retention", "RetentionQuery", "Retention", "The share of returning people.", _read_retention, _build_retention
    ),
    Kind("lifecycle", "LifecycleQuery", "Lifecycle", "New and returning people.", read_growth, build_lifecycle, 1),
    Kind(
        "stickiness",
        "StickinessQuery",
        "Stickiness",
        "The number of intervals in which people are active.",
        read_growth,
        build_stickiness,
    ),
    Kind("sql", SQL, "SQL", "Any table or number, from your own query.", _read_sql, _build_sql),
)


def list_kinds() -> list[Kind]:
    """Return the kinds that have a form and can be computed."""
    return [kind for kind in _KINDS if kind.query_kind in COMPUTED_KINDS]


def find_kind(name: str) -> Kind | None:
    """Return the kind with the given name in URLs, or None for an unknown name."""
    return next((kind for kind in list_kinds() if kind.name == name), None)


def find_kind_of_query(query: Any) -> Kind | None:
    """Return the kind whose form shows a stored query, or None if no form can show it."""
    return next((kind for kind in list_kinds() if kind.query_kind == get_source_kind(query)), None)


def describe_values(kind: Kind, values: Values) -> str:
    """Return a name for an insight that the user did not name. The name lists the events of the insight."""
    events = ", ".join(row.event for row in list_series_rows(values, extra=0))
    return f"{kind.title}: {events}" if events else f"{kind.title} insight"


def read_query(kind: Kind, query: Json) -> Values:
    """Return the form fields for a stored query, which may be wrapped in a visualization node."""
    return kind.read(query if kind.query_kind == SQL else get_source(query))


def build_query(kind: Kind, values: Values, query: Json) -> Json:
    """Return the query for the form fields. Raises ValidationFailed.

    `query` is the stored query, or empty for a new insight.
    """
    if kind.query_kind == SQL:
        return kind.build(values, query)
    node = query if query.get("kind") in WRAPPERS else {"kind": "InsightVizNode"}
    return {**node, "source": kind.build(values, get_source(query))}
