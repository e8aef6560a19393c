"""Responses of the activity log, and the request and response of an undo."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.models import ActivityScope
from dashboards.models.activity import KEY_ID_MAX_LENGTH
from dashboards.serializers.fields import ALWAYS_ECHOED
from dashboards_api.http.serializers import (
    RequestSerializer,
    StrictCharField,
)
from users.serializers import UserBasicSerializer

CHANGE_ACTIONS = ("created", "changed", "deleted")


class ChangeSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(
        read_only=True, help_text="Dashboard, Tile, SharingConfiguration, SharePassword, Collaborator or Insight."
    )
    action = serializers.ChoiceField(choices=CHANGE_ACTIONS, read_only=True)
    field = serializers.CharField(
        read_only=True, help_text="A path whose parts are joined by `__`, such as `tiles__12__layouts`."
    )
    before = serializers.JSONField(read_only=True, allow_null=True)
    after = serializers.JSONField(read_only=True, allow_null=True)


class ActivityTriggerSerializer(serializers.Serializer[Any]):
    job_type = serializers.CharField(read_only=True, help_text="`personal_api_key`.")
    job_id = serializers.CharField(read_only=True, help_text="The id of the key.")
    payload = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="The `label` of the key.")


class ActivityDetailSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    short_id = serializers.CharField(read_only=True, allow_null=True)
    changes = ChangeSerializer(many=True, read_only=True)
    trigger = ActivityTriggerSerializer(read_only=True, allow_null=True)


class ActivityLogSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    user = UserBasicSerializer(read_only=True, allow_null=True)
    activity = serializers.CharField(
        read_only=True, help_text="`created`, `updated`, `deleted`, `restored`, `sharing enabled`, and the like."
    )
    scope = serializers.ChoiceField(choices=ActivityScope.values, read_only=True)
    item_id = serializers.CharField(read_only=True)
    detail = ActivityDetailSerializer(read_only=True)
    version = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The version of the dashboard, if the change created one."
    )
    created_at = serializers.DateTimeField(read_only=True)
    is_system = serializers.BooleanField(read_only=True, help_text="Whether the service made the change itself.")
    was_impersonated = serializers.BooleanField(read_only=True, help_text="Always false.")
    unread = serializers.BooleanField(read_only=True, help_text="Always false.")


class ActivityLogPageSerializer(serializers.Serializer[Any]):
    """A page of the activity log, by page number."""

    results = ActivityLogSerializer(many=True, read_only=True)
    next = serializers.URLField(read_only=True, allow_null=True)
    previous = serializers.URLField(read_only=True, allow_null=True)
    total_count = serializers.IntegerField(read_only=True)


class UndoRequestSerializer(RequestSerializer):
    """The API key whose changes are to be undone, and the period."""

    tolerated_keys = ALWAYS_ECHOED

    key_id = StrictCharField(
        max_length=KEY_ID_MAX_LENGTH, help_text="The id of the API key: `job_id` in the activity log."
    )
    since = serializers.DateTimeField(help_text="The start of the period.")
    until = serializers.DateTimeField(required=False, help_text="The end of the period. Default: now.")
    preview = serializers.BooleanField(
        required=False, help_text="Whether to report the changes that would be undone, without undoing them."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "until" in attrs and attrs["until"] <= attrs["since"]:
            raise ValidationError({"until": [ErrorDetail("This must be later than `since`.", code="invalid")]})
        return attrs


class UndoneSerializer(serializers.Serializer[Any]):
    scope = serializers.ChoiceField(choices=ActivityScope.values, read_only=True)
    item_id = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    paths = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="The paths of the changed fields, as in `field` of the activity log.",
    )


class NotUndoneSerializer(UndoneSerializer):
    reason = serializers.CharField(read_only=True)


class UndoSerializer(serializers.Serializer[Any]):
    """The changes that were undone, or would be undone, and the changes that were skipped."""

    preview = serializers.BooleanField(read_only=True)
    undone = UndoneSerializer(many=True, read_only=True)
    skipped = NotUndoneSerializer(many=True, read_only=True)
