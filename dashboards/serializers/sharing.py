"""Sharing configurations in responses, and the requests that change them."""

from typing import Any

from rest_framework import serializers

from dashboards.models.sharing_configuration import SHARE_NOTE_MAX_LENGTH, THEMES
from dashboards.serializers.fields import ALWAYS_ECHOED
from dashboards_api.http.serializers import (
    BoundedListField,
    FreeObjectField,
    RequestSerializer,
    StrictCharField,
    SuggestingChoiceField,
    get_field_names,
)
from dashboards_api.limits import PASSWORD_MAX_LENGTH

SETTINGS_FORMAT = "Invalid settings format. This must be a JSON object."


class SharePasswordSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    note = serializers.CharField(read_only=True, allow_null=True)
    created_by_email = serializers.CharField(read_only=True, allow_null=True)
    is_active = serializers.BooleanField(
        read_only=True, help_text="Always true, because deleted passwords are not listed."
    )


class CreatedSharePasswordSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    password = serializers.CharField(read_only=True, help_text="Only this response contains the password.")
    note = serializers.CharField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by_email = serializers.CharField(read_only=True, allow_null=True)


class SharingConfigurationSerializer(serializers.Serializer[Any]):
    created_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null until sharing is enabled for the first time."
    )
    enabled = serializers.BooleanField(read_only=True)
    access_token = serializers.CharField(read_only=True, help_text="Opens the shared page while sharing is enabled.")
    settings = FreeObjectField(read_only=True, allow_null=True)
    password_required = serializers.BooleanField(read_only=True)
    share_passwords = serializers.ListField(child=SharePasswordSerializer(), read_only=True)
    user_access_level = serializers.CharField(read_only=True)


class SharingSettingsRequestSerializer(RequestSerializer):
    """The settings of a shared page. All settings except `hideQueries` and `allow_overrides` are PostHog's."""

    default_error_messages = {"invalid": SETTINGS_FORMAT}

    whitelabel = serializers.BooleanField(required=False)
    noHeader = serializers.BooleanField(required=False)  # noqa: N815  the name in the API
    showInspector = serializers.BooleanField(required=False)  # noqa: N815  the name in the API
    legend = serializers.BooleanField(required=False)
    detailed = serializers.BooleanField(required=False)
    hideExtraDetails = serializers.BooleanField(required=False)  # noqa: N815  the name in the API
    theme = SuggestingChoiceField(choices=THEMES, required=False)
    hideQueries = serializers.BooleanField(  # noqa: N815  the name in the API
        required=False, help_text="Whether the shared page omits the queries of insights."
    )
    allow_overrides = BoundedListField(
        child=StrictCharField(max_length=200),
        required=False,
        help_text="The filters and variables that a viewer may change.",
    )


class SharingConfigurationRequestSerializer(RequestSerializer):
    """Changes to a sharing configuration. `settings` is replaced as a whole. Null and `{}` are stored as sent."""

    tolerated_keys = get_field_names(SharingConfigurationSerializer) | {"personal_api_key"}

    enabled = serializers.BooleanField(required=False)
    settings = SharingSettingsRequestSerializer(required=False, allow_null=True)
    password_required = serializers.BooleanField(required=False)


class RefreshSharingRequestSerializer(RequestSerializer):
    """An empty body. Some clients send back the configuration that they read."""

    tolerated_keys = SharingConfigurationRequestSerializer.tolerated_keys


class SharePasswordRequestSerializer(RequestSerializer):
    tolerated_keys = ALWAYS_ECHOED

    raw_password = StrictCharField(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        min_length=8,
        max_length=PASSWORD_MAX_LENGTH,
        help_text="If absent, a random password is created.",
    )
    note = StrictCharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=SHARE_NOTE_MAX_LENGTH
    )

    def validate_raw_password(self, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise serializers.ValidationError("A password must not be blank.", code="blank")
        return text


class UnlockRequestSerializer(RequestSerializer):
    password = StrictCharField(trim_whitespace=False, max_length=PASSWORD_MAX_LENGTH)
