"""Insights in responses, and the body of create and update requests."""

from typing import Any, ClassVar

from rest_framework import serializers

from dashboards.models import PrivilegeLevel, RestrictionLevel
from dashboards.models.insight import INSIGHT_NAME_MAX_LENGTH
from dashboards.serializers.fields import ALWAYS_ECHOED, CreateInFolderField, FolderField, TagsField
from dashboards_api.http.serializers import (
    BoundedListField,
    FreeObjectField,
    JSONObjectField,
    RequestSerializer,
    StrictIntegerField,
    get_field_names,
)
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH
from queries.readers.fields import RESULT_STATES
from queries.serializers import AnyJSONField, QueryStatusSerializer
from users.serializers import UserBasicSerializer


class DashboardTileBasicSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    dashboard_id = serializers.IntegerField(read_only=True)
    deleted = serializers.BooleanField(read_only=True)


class InsightSerializer(serializers.Serializer[Any]):
    """A named query with its latest result.

    `result` is null if no result was computed, and an empty list if nothing was found. If the result cannot be
    computed, `query_status` contains the reason.
    """

    id = serializers.IntegerField(read_only=True)
    short_id = serializers.CharField(read_only=True, help_text="Eight letters or digits.")
    name = serializers.CharField(read_only=True)
    derived_name = serializers.CharField(read_only=True, allow_null=True)
    description = serializers.CharField(read_only=True, allow_null=True)
    query = FreeObjectField(read_only=True, allow_null=True, help_text="Exactly as it was sent.")
    filters = FreeObjectField(read_only=True, help_text="Legacy filters; empty if there is a query.")
    folder = serializers.CharField(read_only=True, allow_null=True, help_text="A path such as `Unfiled/Insights`.")
    _create_in_folder = serializers.CharField(
        read_only=True, allow_null=True, help_text="The value that was sent as `_create_in_folder`."
    )
    order = serializers.IntegerField(read_only=True, allow_null=True)
    saved = serializers.BooleanField(read_only=True)
    favorited = serializers.BooleanField(read_only=True)
    is_sample = serializers.BooleanField(
        read_only=True, help_text="Whether the insight was created from a template and is unchanged."
    )
    deleted = serializers.BooleanField(read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    dashboards = serializers.ListField(
        child=StrictIntegerField(),
        required=False,
        help_text="The dashboards that show the insight. Absent with `include_dashboards=false`.",
    )
    dashboard_tiles = serializers.ListField(child=DashboardTileBasicSerializer(), read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by = UserBasicSerializer(read_only=True, allow_null=True)
    updated_at = serializers.DateTimeField(read_only=True)
    last_modified_at = serializers.DateTimeField(read_only=True)
    last_modified_by = UserBasicSerializer(read_only=True, allow_null=True)
    effective_restriction_level = serializers.ChoiceField(choices=RestrictionLevel.choices, read_only=True)
    effective_privilege_level = serializers.ChoiceField(choices=PrivilegeLevel.choices, read_only=True)
    user_access_level = serializers.CharField(read_only=True)
    result = AnyJSONField(read_only=True, help_text="The rows of an SQL query, or the series of an insight.")
    result_state = serializers.ChoiceField(choices=RESULT_STATES, read_only=True)
    columns = serializers.ListField(child=serializers.CharField(), read_only=True, allow_null=True)
    types = AnyJSONField(read_only=True, help_text="Pairs of the name of a column and its ClickHouse type.")
    hasMore = serializers.BooleanField(read_only=True, allow_null=True)  # noqa: N815  the name in the API
    hogql = serializers.CharField(read_only=True, allow_null=True)
    timezone = serializers.CharField(read_only=True, allow_null=True)
    query_status = QueryStatusSerializer(read_only=True, allow_null=True)
    is_cached = serializers.BooleanField(read_only=True)
    last_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    cache_target_age = serializers.DateTimeField(read_only=True, allow_null=True)
    next_allowed_client_refresh = serializers.DateTimeField(read_only=True, allow_null=True)
    filters_hash = serializers.CharField(read_only=True, allow_null=True)
    resolved_date_range = FreeObjectField(read_only=True, allow_null=True)
    alerts = serializers.ListField(child=FreeObjectField(), read_only=True)
    last_viewed_at = serializers.DateTimeField(read_only=True, allow_null=True)


class QueryField(JSONObjectField):
    """A JSON object, or null for no query."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, None) if data is None else super().validate_empty_values(data)


class InsightRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(InsightSerializer) | ALWAYS_ECHOED
    null_values: ClassVar[dict[str, Any]] = {"name": ""}

    name = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=INSIGHT_NAME_MAX_LENGTH,
        help_text="Null is stored as an empty string.",
    )
    derived_name = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=INSIGHT_NAME_MAX_LENGTH
    )
    description = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text=f"At most {DESCRIPTION_MAX_LENGTH:,} characters.",
    )
    query = QueryField(required=False, help_text="Any JSON object, or null.")
    filters = JSONObjectField(required=False, help_text="Legacy filters; `{}` and null clear them.")
    folder = FolderField()
    _create_in_folder = CreateInFolderField(
        help_text="Stored and returned exactly as sent. A new value also sets the folder, unless `folder` is sent."
    )
    order = StrictIntegerField(required=False, allow_null=True)
    saved = serializers.BooleanField(required=False)
    favorited = serializers.BooleanField(required=False)
    tags = TagsField(required=False)
    dashboards = BoundedListField(
        child=StrictIntegerField(),
        required=False,
        help_text="All dashboards that show the insight. The insight is removed from all other dashboards.",
    )
    deleted = serializers.BooleanField(
        required=False, help_text="true deletes the insight and removes its tiles; false restores them."
    )
