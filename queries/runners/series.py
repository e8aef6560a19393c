"""The series of a query: the events that each series counts, and its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queries.hogql.ast import And, Compare, Constant, Expr, Field, Or
from queries.runners.errors import InvalidQuery, Path, UnsupportedPart
from queries.runners.filters import FilterBuilder
from queries.runners.json_values import check_size, describe, get_boolean
from queries.runners.operands import TRUE, FilterScope

MAX_SERIES = 26  # a formula has one letter for each series
MAX_NODES = 50
ALL_EVENTS = "All events"
EVENTS = FilterScope("events")
TIMESTAMP = Field(("events", "timestamp"))
PERSON_ID = Field(("events", "person_id"))
_UNSUPPORTED = {
    "ActionsNode": "Actions are",
    "DataWarehouseNode": "Series of a data warehouse are",
    "PersonsNode": "Series of persons are",
}


@dataclass(frozen=True)
class Series:
    """One series. `path` leads to its node in the query.

    `condition` selects the events of the series. `condition` combines `filters`, the property filters of the node, and
    `names`, the rest of the condition.
    """

    node: Mapping[str, Any]
    path: Path
    name: str
    names: Expr
    filters: Expr

    @property
    def condition(self) -> Expr:
        return join_and(self.names, self.filters)

    @property
    def event(self) -> str | None:
        """Return the name of the event, or None for all events and for a group."""
        event: str | None = self.node.get("event")
        return event

    @property
    def event_label(self) -> str:
        """Return the label for results in which PostHog does not use the names that users give."""
        if self.node.get("kind") == "GroupNode":
            return self.name
        return self.event or ALL_EVENTS


class SeriesReader:
    """A reader of the series of one query."""

    def __init__(self, builder: FilterBuilder) -> None:
        self.builder = builder

    def read_all(self, source: Mapping[str, Any], *, maximum: int = MAX_SERIES) -> list[Series]:
        """Return the series of a query, at least one. Raises HogQLError."""
        nodes = source.get("series")
        if not isinstance(nodes, list):
            raise InvalidQuery(f"This must be a list of series, not {describe(nodes)}.", ("series",))
        if not nodes:
            raise InvalidQuery("A query must have at least one series.", ("series",))
        if len(nodes) > maximum:
            raise InvalidQuery(f"A query can have at most {maximum} series, not {len(nodes):,}.", ("series",))
        return [self.read(node, ("series", index)) for index, node in enumerate(nodes)]

    def read(self, node: Any, path: Path) -> Series:
        """Return the series of an EventsNode, or of a GroupNode that joins several nodes by OR."""
        if not isinstance(node, dict):
            raise InvalidQuery(f"This must be a series, not {describe(node)}.", path)
        kind = node.get("kind", "EventsNode")
        filters = self._build_filters(node, path)
        match kind:
            case "EventsNode":
                return Series(node, path, _read_name(node, path), _build_name_condition(node, path), filters)
            case "GroupNode":
                return Series(node, path, _read_name(node, path), self._build_group(node, path), filters)
            case str() if kind in _UNSUPPORTED:
                raise UnsupportedPart(_UNSUPPORTED[kind], (*path, "kind"))
            case _:
                raise InvalidQuery("The kind of a series must be EventsNode or GroupNode.", (*path, "kind"))

    def _build_filters(self, node: Mapping[str, Any], path: Path) -> Expr:
        names = ("properties", "fixedProperties")
        return join_and(*(self.builder.build(node.get(name), EVENTS, (*path, name)) for name in names))

    def _build_group(self, node: Mapping[str, Any], path: Path) -> Expr:
        nodes, path = node.get("nodes"), (*path, "nodes")
        if not isinstance(nodes, list) or not 1 <= len(nodes) <= MAX_NODES:
            raise InvalidQuery(f"This must be a list of 1 to {MAX_NODES} series.", path)
        if node.get("operator", "OR") != "OR":
            raise UnsupportedPart("Groups of series that are not joined by OR are", (*path[:-1], "operator"))
        return join_or(*(self._read_member(item, (*path, index)).condition for index, item in enumerate(nodes)))

    def _read_member(self, node: Any, path: Path) -> Series:
        if isinstance(node, dict) and node.get("kind") == "GroupNode":
            raise UnsupportedPart("Nested groups are", (*path, "kind"))
        return self.read(node, path)


def build_shared_condition(source: Mapping[str, Any], builder: FilterBuilder) -> Expr:
    """Return the condition that all series of a query share: its property filters and the filters of test accounts.

    Raises HogQLError.
    """
    if source.get("aggregation_group_type_index") is not None:
        raise UnsupportedPart("Groups (aggregation_group_type_index) are", ("aggregation_group_type_index",))
    condition = builder.build(source.get("properties"), EVENTS, ("properties",))
    if not get_boolean(source, "filterTestAccounts"):
        return condition
    return join_and(condition, builder.build_test_account_filters(EVENTS, ("filterTestAccounts",)))


def list_event_names(series: Series) -> list[str | None]:
    """Return the names of the events that may belong to a series. None means all events."""
    is_group = series.node.get("kind") == "GroupNode"
    return [node.get("event") for node in (series.node["nodes"] if is_group else [series.node])]


def join_and(*conditions: Expr) -> Expr:
    """Return the conjunction of the conditions."""
    parts = tuple(condition for condition in conditions if condition != TRUE)
    if not parts:
        return TRUE
    return parts[0] if len(parts) == 1 else And(parts)


def join_or(*conditions: Expr) -> Expr:
    """Return the disjunction of the conditions."""
    parts = tuple(part for place, part in enumerate(conditions) if part not in conditions[:place])
    if TRUE in parts:
        return TRUE
    return parts[0] if len(parts) == 1 else Or(parts)


def _build_name_condition(node: Mapping[str, Any], path: Path) -> Expr:
    event = node.get("event")
    if event is None:
        return TRUE
    if not isinstance(event, str):
        raise InvalidQuery(f"This must be the name of an event, not {describe(event)}.", (*path, "event"))
    check_size(event, (*path, "event"))
    return Compare("==", Field(("events", "event")), Constant(event))


def _read_name(node: Mapping[str, Any], path: Path) -> str:
    """Return the label of a series: the name that a user gave it, or the name of its event."""
    for key in ("custom_name", "name", "event"):
        name = node.get(key)
        if name is not None and not isinstance(name, str):
            raise InvalidQuery(f"This must be a string, not {describe(name)}.", (*path, key))
        if name:
            return name
    return ALL_EVENTS
