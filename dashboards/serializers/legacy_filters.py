"""The flat filters of `insights/trend/` and `insights/funnel/`, in a query string and in a body."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from dashboards_api.http.serializers import RequestSerializer, parse_json
from queries.serializers import AnyJSONField, RefreshField

# The filters that contain JSON, which may also be sent as a string.
JSON_NAMES = ("events", "actions", "data_warehouse", "groups", "properties", "breakdowns", "exclusions")
SHARED = {
    "events": 'JSON list of events, such as `[{"id": "$pageview", "math": "dau"}]`.',
    "actions": "JSON list of actions, which are not computed.",
    "data_warehouse": "JSON list of series of a data warehouse, which are not computed.",
    "groups": "JSON list of series that join several events.",
    "properties": "JSON: a list of property filters, a group of `AND` or `OR`, or an object of names and values.",
    "date_from": "The first day: `2026-01-31`, `-7d` (default), `mStart`, `all`.",
    "date_to": "The last day. Default: now.",
    "explicit_date": "Whether the range begins and ends at the given times instead of whole days.",
    "interval": "`minute`, `hour`, `day` (default), `week`, `month`.",
    "filter_test_accounts": "Whether the test-account filters of the project apply.",
    "aggregation_group_type_index": "Groups are not computed.",
    "breakdown": "The property that splits the result, or a JSON list of several properties.",
    "breakdown_type": "`event` (default), `person`, `session`, `hogql`.",
    "breakdowns": "JSON list of `{property, type}`.",
    "breakdown_limit": "The maximum number of breakdown values.",
    "breakdown_hide_other_aggregation": "Whether the remaining breakdown values are omitted instead of combined.",
    "breakdown_normalize_url": "Whether URLs are compared without their query string and fragment.",
    "breakdown_group_type_index": "Groups are not computed.",
}
TREND_FILTERS = SHARED | {
    "insight": "`TRENDS` (default), `STICKINESS`, `LIFECYCLE`.",
    "shown_as": "`Stickiness` or `Lifecycle`, which older clients send instead of `insight`.",
    "display": "`ActionsLineGraph` (default), `ActionsPie`, `BoldNumber`, …",
    "formula": "A formula of the series, such as `A / B`.",
    "smoothing_intervals": "The number of intervals of a moving average.",
    "compare": "Whether the result also contains the previous period.",
    "compare_to": "The offset of the previous period, such as `-1w`.",
    "breakdown_histogram_bin_count": "The number of bins for a breakdown by a numeric property.",
    "computed_as": "For stickiness: `non_cumulative` (default) or `cumulative`.",
}
FUNNEL_FILTERS = SHARED | {
    "insight": "Always `FUNNELS`. Other values have no effect.",
    "display": "`ActionsLineGraph` has the same effect as `funnel_viz_type=trends`.",
    "funnel_viz_type": "`steps` (default), `time_to_convert`, `trends`.",
    "funnel_order_type": "`ordered` (default), `strict`, `unordered`.",
    "funnel_window_days": "The days within which a person must complete all steps. Default: 14.",
    "funnel_window_interval": "The same limit in the unit of `funnel_window_interval_unit`.",
    "funnel_window_interval_unit": "The unit of the limit: `second`, `minute`, `hour`, `day`, `week`, `month`.",
    "funnel_from_step": "The index of the first step, from 0.",
    "funnel_to_step": "The index of the last step, from 0.",
    "funnel_aggregate_by_hogql": "Only persons can be counted. Other units are refused.",
    "bin_count": "The number of bins of `time_to_convert`.",
    "exclusions": "JSON list of events between `funnel_from_step` and `funnel_to_step` that end an attempt.",
    "breakdown_attribution_type": "The step with the breakdown value: `first_touch` (default), `last_touch`, `step`, …",
    "breakdown_attribution_value": "For `step`: the index of the step, from 0.",
}


def load_filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters. Strings that contain JSON are parsed. Raises ValidationError with the name of the filter."""
    texts = {name: value for name in JSON_NAMES if isinstance(value := given.get(name), str) and value}
    return {**given, **{name: parse_json(value, name) for name, value in texts.items()}}


class FiltersSerializer(RequestSerializer):
    """Flat filters. Their values are validated with the query to which they are converted."""

    tolerated_keys: ClassVar[frozenset[str]] = frozenset({"personal_api_key", "client_query_id"})
    null_values: ClassVar[dict[str, Any]] = {"refresh": ""}
    filters: ClassVar[Mapping[str, str]]

    refresh = RefreshField(
        required=False, allow_null=True, help_text="`true` computes the result again, even if it is fresh."
    )

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        return fields | {name: FilterField(help_text=text) for name, text in self.filters.items()}


class FilterField(AnyJSONField):
    """A filter of any type. Strings may contain numbers, booleans and JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)


class TrendRequestSerializer(FiltersSerializer):
    filters = TREND_FILTERS


class FunnelRequestSerializer(FiltersSerializer):
    filters = FUNNEL_FILTERS


def describe_filters(serializer_class: type[FiltersSerializer]) -> OpenApiParameter:
    """Return the filters as parameters of a query string. The OpenAPI document describes them as one shared object."""
    return OpenApiParameter("filters", serializer_class, style="form", explode=True, description="Flat filters.")


class FunnelResultSerializer(serializers.Serializer[Any]):
    """The result of flat filters, with fields as in an insight."""

    result = AnyJSONField(read_only=True)
    timezone = serializers.CharField(read_only=True, allow_null=True)
    is_cached = serializers.BooleanField(read_only=True)
    last_refresh = serializers.DateTimeField(read_only=True, allow_null=True)


class TrendResultSerializer(FunnelResultSerializer):
    next = serializers.CharField(
        read_only=True, allow_null=True, help_text="Always null, because there is only one page."
    )
