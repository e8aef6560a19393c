"""The series of legacy filters: their `events` and `actions`, which are called entities."""

from collections.abc import Mapping
from typing import Any

from queries.legacy_filters.properties import convert_properties
from queries.legacy_filters.values import Json, drop_absent, load_json, read_boolean, read_number

# The kind of node for each list of entities. Entities without an `order` have the order of the lists.
LISTS = {"actions": "ActionsNode", "events": "EventsNode", "data_warehouse": "DataWarehouseNode", "groups": "GroupNode"}
_KINDS = {"actions": "ActionsNode", "events": "EventsNode", "data_warehouse": "DataWarehouseNode"}
_NAMES = ("name", "custom_name")
_MATH = (
    "math",
    "math_property",
    "math_property_type",
    "math_property_revenue_currency",
    "math_hogql",
    "math_group_type_index",
)
_WAREHOUSE = ("id_field", "timestamp_field", "distinct_id_field", "table_name")
_FUNNEL_MATHS = ("first_time_for_user", "first_time_for_user_with_filters")
# The values of `math` that stickiness supports. Any other value is replaced by `dau`.
_ACTOR_MATHS = ("dau", "weekly_active", "monthly_active", "unique_group", "hogql")


def has_series(filters: Mapping[str, Any]) -> bool:
    return any(filters.get(name) for name in LISTS)


def convert_series(filters: Mapping[str, Any], insight: str) -> Any:
    """Return the nodes of all entities in their order, or an invalid value, which the runner refuses."""
    entities: list[tuple[str, Any]] = []
    for name, kind in LISTS.items():
        given = load_json(filters.get(name))
        if given is not None and given != "" and not isinstance(given, list):
            return given
        entities += [(kind, entity) for entity in given or ()]
    entities.sort(key=lambda each: _get_order(each[1]))
    return [_convert_entity(kind, entity, insight) for kind, entity in entities if not _is_blank(kind, entity)]


def _get_order(entity: Any) -> float:
    order = read_number(entity.get("order")) if isinstance(entity, dict) else None
    return order if isinstance(order, int | float) and order else -1


def _is_blank(kind: str, entity: Any) -> bool:
    """Return whether an entity is an action that was never chosen."""
    return kind == "ActionsNode" and isinstance(entity, dict) and entity.get("id") is None


def _convert_entity(kind: str, entity: Any, insight: str) -> Any:
    if not isinstance(entity, dict):
        return entity
    node = {**convert_name(kind, entity), "properties": convert_properties(entity.get("properties"))}
    if kind == "DataWarehouseNode":
        node |= {name: entity.get(name) for name in _WAREHOUSE}
    if kind == "GroupNode":
        node |= {"operator": entity.get("operator"), "nodes": _convert_nested(entity.get("nestedFilters"), insight)}
    return drop_absent(node | _convert_math(entity, insight))


def convert_name(kind: str, entity: Json) -> Json:
    """Return the kind, the id and the names of an entity. The id of an event is its name; null means all events."""
    return {"kind": kind, "event" if kind == "EventsNode" else "id": _read_id(kind, entity)} | {
        name: entity.get(name) for name in _NAMES
    }


def _read_id(kind: str, entity: Json) -> Any:
    return read_number(entity.get("id")) if kind == "ActionsNode" else entity.get("id")


def _convert_nested(entities: Any, insight: str) -> Any:
    if not isinstance(entities, list):
        return entities
    return [_convert_entity(find_kind(entity), entity, insight) for entity in entities]


def find_kind(entity: Any) -> str:
    """Return the kind of the node of an entity by its `type`."""
    kind = entity.get("type") if isinstance(entity, dict) else None
    return _KINDS.get(kind, "EventsNode") if isinstance(kind, str) else "EventsNode"


def _convert_math(entity: Json, insight: str) -> Json:
    """Return the math of an entity, as far as insights of this type support it."""
    math = entity.get("math")
    if insight == "TRENDS":
        return {name: entity.get(name) for name in _MATH}
    if insight == "STICKINESS":
        return {name: entity.get(name) for name in _MATH} if math in _ACTOR_MATHS else {"math": "dau"}
    if insight == "FUNNELS":
        return {
            "math": math if math in _FUNNEL_MATHS else None,
            "optionalInFunnel": read_boolean(entity.get("optionalInFunnel")),
        }
    return {}
