"""Serializers of the body of `POST query/`, and of its responses."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dashboards_api.http.serializers import (
    AnyField,
    FreeObjectField,
    JSONObjectField,
    RequestSerializer,
    StrictCharField,
    StrictIntegerField,
    SuggestingChoiceField,
)
from dashboards_api.limits import MAX_INTEGER
from queries.models.query_reference import CLIENT_QUERY_ID_MAX_LENGTH
from queries.refresh import Refresh

NAME_MAX_LENGTH = 400
SQL_MAX_LENGTH = 100_000
MAX_EVENT_NAMES = 500


@extend_schema_field({"oneOf": [{"type": "string", "enum": [each.value for each in Refresh]}, {"type": "boolean"}]})
class RefreshField(AnyField):
    """A `refresh` value. An unknown string is read as `force_cache`, as in PostHog."""

    default_error_messages = {"invalid": "This must be a string or a boolean."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str | bool):
            self.fail("invalid")
        return str(data).lower()


@extend_schema_field({"nullable": True})
class AnyJSONField(serializers.JSONField):
    """Any JSON value in a response."""


class QueryRequestSerializer(RequestSerializer):
    tolerated_keys: ClassVar[frozenset[str]] = frozenset({"personal_api_key", "limit_context", "variables_override_id"})
    null_values: ClassVar[dict[str, Any]] = {"client_query_id": "", "refresh": ""}

    query = JSONObjectField(
        allow_null=False,
        help_text='A query such as `{"kind": "HogQLQuery", "query": "select 1"}`, or a node that contains a query.',
    )
    refresh = RefreshField(required=False, allow_null=True, help_text="Default: `blocking`.")
    client_query_id = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=CLIENT_QUERY_ID_MAX_LENGTH,
        help_text="An id that the client chooses, for reading the status of the query.",
    )
    filters_override = JSONObjectField(required=False, help_text="Filters that override those of the query.")
    variables_override = JSONObjectField(required=False, help_text="Variables that override those of the query.")
    name = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=NAME_MAX_LENGTH,
        help_text="Ignored. In PostHog, this name is part of the query log.",
    )

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        # "async" is a keyword of Python.
        fields["async"] = serializers.BooleanField(
            required=False, help_text="`true` is equivalent to `refresh: async`."
        )
        return fields


class QueryStatusSerializer(serializers.Serializer[Any]):
    """The state of a query. A query with an error is complete."""

    id = serializers.UUIDField(read_only=True, allow_null=True)
    team_id = serializers.IntegerField(read_only=True)
    insight_id = serializers.IntegerField(read_only=True, allow_null=True)
    dashboard_id = serializers.IntegerField(read_only=True, allow_null=True)
    query_async = serializers.BooleanField(read_only=True)
    complete = serializers.BooleanField(read_only=True)
    error = serializers.BooleanField(read_only=True)
    error_code = serializers.CharField(read_only=True, allow_null=True)
    error_message = serializers.CharField(read_only=True, allow_null=True)
    results = FreeObjectField(read_only=True, allow_null=True, help_text="The response of the query, once complete.")
    start_time = serializers.DateTimeField(read_only=True, allow_null=True)
    pickup_time = serializers.DateTimeField(read_only=True, allow_null=True)
    end_time = serializers.DateTimeField(read_only=True, allow_null=True)
    expiration_time = serializers.DateTimeField(read_only=True, allow_null=True)
    labels = serializers.ListField(child=serializers.CharField(), read_only=True, allow_null=True)
    query_progress = FreeObjectField(read_only=True, allow_null=True)
    task_id = serializers.CharField(read_only=True, allow_null=True)


class QueryResponseSerializer(serializers.Serializer[Any]):
    """The result of a query: rows of SQL with their columns, or the series of an insight."""

    results = AnyJSONField(read_only=True)
    columns = serializers.ListField(child=serializers.CharField(), read_only=True, allow_null=True)
    types = AnyJSONField(read_only=True, help_text="Pairs of the name of a column and its ClickHouse type.")
    hasMore = serializers.BooleanField(read_only=True, allow_null=True)  # noqa: N815  the name in the API
    limit = serializers.IntegerField(read_only=True, allow_null=True)
    offset = serializers.IntegerField(read_only=True, allow_null=True)
    hogql = serializers.CharField(read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True, allow_null=True)
    is_cached = serializers.BooleanField(read_only=True)
    cache_key = serializers.CharField(read_only=True)
    last_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    cache_target_age = serializers.DateTimeField(read_only=True, allow_null=True)
    next_allowed_client_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    timezone = serializers.CharField(read_only=True, allow_null=True)
    resolved_date_range = FreeObjectField(read_only=True, allow_null=True)
    query_status = QueryStatusSerializer(read_only=True, allow_null=True)
    timings = AnyJSONField(read_only=True)
    modifiers = FreeObjectField(read_only=True, allow_null=True)


class QueryStatusResponseSerializer(serializers.Serializer[Any]):
    query_status = QueryStatusSerializer(read_only=True)


class QueryCancelledSerializer(serializers.Serializer[Any]):
    message = serializers.CharField(read_only=True)


class ExecuteSQLArgumentsSerializer(RequestSerializer):
    query = StrictCharField(max_length=SQL_MAX_LENGTH, trim_whitespace=False, help_text="HogQL.")
    truncate = serializers.BooleanField(
        required=False, help_text="Whether long values are shortened in `content`. Default: true."
    )


class ExecuteSQLRequestSerializer(RequestSerializer):
    args = ExecuteSQLArgumentsSerializer()


class ReadTaxonomyQuerySerializer(RequestSerializer):
    kind = SuggestingChoiceField(choices=["events"])
    limit = StrictIntegerField(required=False, min_value=1, max_value=MAX_EVENT_NAMES)
    offset = StrictIntegerField(required=False, min_value=0, max_value=MAX_INTEGER)


class ReadTaxonomyArgumentsSerializer(RequestSerializer):
    query = ReadTaxonomyQuerySerializer()


class ReadTaxonomyRequestSerializer(RequestSerializer):
    args = ReadTaxonomyArgumentsSerializer()


class ToolResponseSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField(read_only=True)
    content = serializers.CharField(read_only=True)


class ExecuteSQLResponseSerializer(ToolResponseSerializer):
    structured_content = QueryResponseSerializer(read_only=True, allow_null=True)
