"""Requests and responses of bulk operations."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.serializers.fields import ALWAYS_ECHOED, TagsField
from dashboards_api.http.serializers import (
    BoundedListField,
    RequestSerializer,
    StrictIntegerField,
    SuggestingChoiceField,
)
from dashboards_api.limits import BULK_TAGS_MAX_LENGTH, MAX_BULK_IDS, MAX_TAGS

TAG_ACTIONS = ("add", "remove", "set")


class BulkUpdateTagsRequestSerializer(RequestSerializer):
    """The dashboards or insights, and the change to their tags."""

    tolerated_keys = frozenset({"personal_api_key"})

    ids = BoundedListField(
        child=StrictIntegerField(), allow_empty=False, max_length=MAX_BULK_IDS, help_text=f"At most {MAX_BULK_IDS}."
    )
    action = SuggestingChoiceField(choices=TAG_ACTIONS)
    tags = TagsField(max_length=MAX_TAGS, help_text=f"At most {MAX_TAGS}.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["tags"] and attrs["action"] != "set":
            raise ValidationError({"tags": [ErrorDetail("Name at least one tag.", code="empty")]})
        written = len(attrs["ids"]) * sum(map(len, attrs["tags"]))
        if written > BULK_TAGS_MAX_LENGTH:
            detail = (
                f"The number of ids times the characters of all tags is {written:,}. "
                f"At most {BULK_TAGS_MAX_LENGTH:,} are allowed in one request."
            )
            raise ValidationError({"tags": [ErrorDetail(detail, code="max_length")]})
        return attrs


class TaggedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)


class SkippedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    reason = serializers.CharField(read_only=True)


class BulkUpdateTagsSerializer(serializers.Serializer[Any]):
    updated = serializers.ListField(child=TaggedSerializer(), read_only=True)
    skipped = serializers.ListField(child=SkippedSerializer(), read_only=True)


class BulkRestoreRequestSerializer(RequestSerializer):
    tolerated_keys = ALWAYS_ECHOED

    ids = BoundedListField(
        child=StrictIntegerField(), allow_empty=False, max_length=MAX_BULK_IDS, help_text=f"At most {MAX_BULK_IDS}."
    )


class BulkRestoreSerializer(serializers.Serializer[Any]):
    restored = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)


MAX_IDS = 1000


class BulkInsightsRequestSerializer(RequestSerializer):
    """The insights of a bulk operation."""

    tolerated_keys = ALWAYS_ECHOED

    ids = BoundedListField(
        child=StrictIntegerField(), allow_empty=False, max_length=MAX_IDS, help_text=f"At most {MAX_IDS:,}."
    )


class InsightNameSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)


class InsightBulkDeleteSerializer(serializers.Serializer[Any]):
    deleted = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)


class InsightBulkRestoreSerializer(serializers.Serializer[Any]):
    restored = InsightNameSerializer(many=True, read_only=True)
    skipped = SkippedSerializer(many=True, read_only=True)
