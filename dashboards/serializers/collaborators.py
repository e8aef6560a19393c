"""A collaborator in responses, and the request that adds a collaborator."""

from typing import Any

from rest_framework import serializers

from dashboards.models import PrivilegeLevel
from dashboards.serializers.fields import ALWAYS_ECHOED
from dashboards_api.http.serializers import RequestSerializer, SuggestingChoiceField
from users.serializers import UserBasicSerializer


class DashboardCollaboratorSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    dashboard_id = serializers.IntegerField(read_only=True)
    user = UserBasicSerializer(read_only=True)
    level = serializers.ChoiceField(choices=PrivilegeLevel.choices, read_only=True)
    added_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class DashboardCollaboratorRequestSerializer(RequestSerializer):
    tolerated_keys = ALWAYS_ECHOED

    user_uuid = serializers.UUIDField(help_text="The `uuid` of a member of the project.")
    level = SuggestingChoiceField(choices=PrivilegeLevel.choices, help_text="Always 37, the right to edit.")
