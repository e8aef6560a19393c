"""The options of legacy filters that results depend on, for each type of insight."""

from collections.abc import Mapping
from typing import Any

from queries.legacy_filters.properties import convert_properties
from queries.legacy_filters.series import convert_name, find_kind
from queries.legacy_filters.values import Json, drop_absent, load_json, read_boolean, read_number, rename_keys

# Displays of other insights, which remained in the filters when the type of an insight was changed.
_FOREIGN_DISPLAYS = ("FunnelViz", "PathsViz")
_PATHS = {
    "paths_hogql_expression": "pathsHogQLExpression",
    "include_event_types": "includeEventTypes",
    "start_point": "startPoint",
    "end_point": "endPoint",
    "path_groupings": "pathGroupings",
    "exclude_events": "excludeEvents",
    "step_limit": "stepLimit",
    "path_replacements": "pathReplacements",
    "local_path_cleaning_filters": "localPathCleaningFilters",
    "edge_limit": "edgeLimit",
    "min_edge_weight": "minEdgeWeight",
    "max_edge_weight": "maxEdgeWeight",
}
_ENTITY = ("id", "type", "kind", "name", "custom_name", "order", "uuid")


def convert_trends(filters: Mapping[str, Any]) -> Json:
    """Return the options of trends."""
    display = filters.get("display")
    return {
        "trendsFilter": drop_absent(
            {
                "display": None if display in _FOREIGN_DISPLAYS else display,
                "formula": filters.get("formula"),
                "smoothingIntervals": read_number(filters.get("smoothing_intervals")),
            }
        ),
        "breakdownFilter": _convert_breakdown(filters, "TRENDS"),
        "compareFilter": _convert_comparison(filters),
    }


def convert_funnel(filters: Mapping[str, Any]) -> Json:
    """Return the options of a funnel. In older filters, the display selects a funnel over time."""
    kind, bins = filters.get("funnel_viz_type"), filters.get("bin_count")
    if not kind and filters.get("display") == "ActionsLineGraph":
        kind = "trends"
    options = {
        "funnelVizType": kind,
        "funnelOrderType": filters.get("funnel_order_type"),
        **_convert_window(filters),
        **{new: read_number(filters.get(old)) for old, new in _FUNNEL_NUMBERS.items()},
        "binCount": None if bins == "auto" else read_number(bins),
        "breakdownAttributionType": filters.get("breakdown_attribution_type"),
        "funnelAggregateByHogQL": filters.get("funnel_aggregate_by_hogql"),
        "exclusions": _convert_exclusions(filters.get("exclusions")),
    }
    return {"funnelsFilter": drop_absent(options), "breakdownFilter": _convert_breakdown(filters, "FUNNELS")}


_FUNNEL_NUMBERS = {
    "funnel_from_step": "funnelFromStep",
    "funnel_to_step": "funnelToStep",
    "breakdown_attribution_value": "breakdownAttributionValue",
}


def convert_retention(filters: Mapping[str, Any]) -> Json:
    """Return the options of retention."""
    options = {
        "period": filters.get("period"),
        "totalIntervals": read_number(filters.get("total_intervals")),
        "retentionType": filters.get("retention_type"),
        "retentionReference": filters.get("retention_reference"),
        "cumulative": read_boolean(filters.get("cumulative")),
        "targetEntity": _convert_entity(filters.get("target_entity")),
        "returningEntity": _convert_entity(filters.get("returning_entity")),
    }
    return {"retentionFilter": drop_absent(options)}


def convert_lifecycle(filters: Mapping[str, Any]) -> Json:
    """Return the options of a lifecycle, which do not change numbers."""
    return {"lifecycleFilter": drop_absent({"toggledLifecycles": load_json(filters.get("toggledLifecycles"))})}


def convert_stickiness(filters: Mapping[str, Any]) -> Json:
    """Return the options of stickiness."""
    options = drop_absent({"display": filters.get("display"), "computedAs": filters.get("computed_as")})
    return {"stickinessFilter": options, "compareFilter": _convert_comparison(filters)}


def convert_paths(filters: Mapping[str, Any]) -> Json:
    """Return the options of paths."""
    options = rename_keys(filters, _PATHS) | {"funnelPaths": filters.get("funnel_paths")}
    return {"pathsFilter": drop_absent({name: load_json(value) for name, value in options.items()})}


def _convert_breakdown(filters: Mapping[str, Any], insight: str) -> Json:
    """Return the breakdown. For funnels, which had only single breakdowns, a list with one item is unpacked."""
    several, kind = load_json(filters.get("breakdowns")), filters.get("breakdown_type")
    shared = {
        "breakdown_limit": read_number(filters.get("breakdown_limit")),
        "breakdown_hide_other_aggregation": read_boolean(filters.get("breakdown_hide_other_aggregation")),
    }
    if several:
        return drop_absent(shared | _convert_breakdowns(several, kind, insight))
    breakdown = load_json(filters.get("breakdown"))
    if isinstance(breakdown, list):
        breakdown = [each for each in breakdown if each is not None]
    if breakdown in (None, "", []) or (kind == "undefined" and not isinstance(breakdown, str)):
        return {}
    bins = read_number(filters.get("breakdown_histogram_bin_count")) if insight == "TRENDS" else None
    one = {
        "breakdown": breakdown,
        "breakdown_type": _convert_breakdown_type(kind),
        "breakdown_normalize_url": read_boolean(filters.get("breakdown_normalize_url")),
        "breakdown_group_type_index": read_number(filters.get("breakdown_group_type_index")),
        "breakdown_histogram_bin_count": bins,
    }
    return drop_absent(one | shared)


def _convert_breakdowns(items: Any, kind: Any, insight: str) -> Json:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return {"breakdowns": items}
    converted = [{**item, "type": _convert_breakdown_type(item.get("type") or kind)} for item in items]
    if insight == "FUNNELS" and len(items) == 1:
        return {"breakdown": items[0].get("property"), "breakdown_type": converted[0]["type"]}
    return {"breakdowns": converted}


def _convert_breakdown_type(kind: Any) -> Any:
    return "event" if kind in (None, "", "undefined", "events") else kind


def _convert_comparison(filters: Mapping[str, Any]) -> Json:
    return drop_absent({"compare": read_boolean(filters.get("compare")), "compare_to": filters.get("compare_to")})


def _convert_window(filters: Mapping[str, Any]) -> Json:
    """Return the conversion window of a funnel. In older filters, it is a number of days without a unit."""
    length, days = filters.get("funnel_window_interval"), filters.get("funnel_window_days")
    if length in (None, "") and days not in (None, ""):
        return {"funnelWindowInterval": read_number(days), "funnelWindowIntervalUnit": "day"}
    return {
        "funnelWindowInterval": read_number(length),
        "funnelWindowIntervalUnit": filters.get("funnel_window_interval_unit"),
    }


def _convert_exclusions(value: Any) -> Any:
    items = load_json(value)
    if not isinstance(items, list):
        return items
    return [_convert_exclusion(item) if isinstance(item, dict) else item for item in items] or None


def _convert_exclusion(item: Json) -> Json:
    steps = {"funnel_from_step": "funnelFromStep", "funnel_to_step": "funnelToStep"}
    numbers = {new: read_number(item.get(old)) for old, new in steps.items()}
    properties = {"properties": convert_properties(item.get("properties"))}
    return drop_absent(convert_name(find_kind(item), item) | properties | numbers)


def _convert_entity(value: Any) -> Any:
    """Return the event with which persons start or return. Unlike in PostHog, the filters of the event are kept."""
    entity = load_json(value)
    if not isinstance(entity, dict):
        return entity
    kept = {name: entity.get(name) for name in _ENTITY}
    return drop_absent(kept | {"properties": convert_properties(entity.get("properties"))}) or None
