"""Serializers of users, projects, organizations and API keys, and of the requests about them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dashboards_api.http.serializers import (
    BoundedListField,
    FreeObjectField,
    JSONObjectField,
    RequestSerializer,
    StrictCharField,
    StrictIntegerField,
    SuggestingChoiceField,
    get_field_names,
)
from dashboards_api.limits import MAX_TEST_ACCOUNT_FILTERS, PASSWORD_MAX_LENGTH
from users.models import WeekStartDay
from users.models.personal_api_key import DESCRIPTION_MAX_LENGTH, LABEL_MAX_LENGTH
from users.models.project import PROJECT_NAME_MAX_LENGTH


class UserBasicSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    uuid = serializers.UUIDField(read_only=True)
    distinct_id = serializers.CharField(read_only=True, allow_null=True)
    first_name = serializers.CharField(read_only=True)
    last_name = serializers.CharField(read_only=True)
    email = serializers.EmailField(read_only=True)
    is_email_verified = serializers.BooleanField(read_only=True, allow_null=True)
    hedgehog_config = serializers.DictField(read_only=True, allow_null=True, help_text="Always null.")
    role_at_organization = serializers.CharField(read_only=True, allow_null=True, help_text="Always null.")


class ProjectBasicSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    uuid = serializers.UUIDField(read_only=True)
    organization = serializers.UUIDField(read_only=True)
    project_id = serializers.IntegerField(read_only=True, help_text="The same as `id`.")
    api_token = serializers.CharField(
        read_only=True, help_text="The public token of the project. No route of this service accepts it."
    )
    name = serializers.CharField(read_only=True)
    completed_snippet_onboarding = serializers.BooleanField(read_only=True)
    has_completed_onboarding_for = serializers.DictField(read_only=True, allow_null=True)
    ingested_event = serializers.BooleanField(read_only=True)
    is_demo = serializers.BooleanField(read_only=True)
    timezone = serializers.CharField(read_only=True)
    access_control = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class ProjectSerializer(ProjectBasicSerializer):
    """A project with all its settings."""

    week_start_day = serializers.ChoiceField(
        choices=WeekStartDay.choices, read_only=True, help_text="The first day of a week: 0 Sunday, 1 Monday."
    )
    test_account_filters = serializers.ListField(
        child=FreeObjectField(),
        read_only=True,
        help_text="The property filters of queries with `filterTestAccounts`.",
    )


@extend_schema_field(
    {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"], "additionalProperties": True}
)
class PropertyFilterField(JSONObjectField):
    """A property filter. The services check its fields."""


class ProjectRequestSerializer(RequestSerializer):
    """The body of a request that changes a project."""

    # A body may contain the API key. Authentication reads the key there if no header contains a key.
    tolerated_keys = get_field_names(ProjectSerializer) | {"personal_api_key"}

    name = StrictCharField(required=False, max_length=PROJECT_NAME_MAX_LENGTH)
    timezone = StrictCharField(
        required=False, trim_whitespace=False, help_text="The name of a time zone, such as `Europe/Berlin`."
    )
    week_start_day = SuggestingChoiceField(
        choices=WeekStartDay.choices, required=False, help_text="The first day of a week: 0 Sunday, 1 Monday."
    )
    test_account_filters = BoundedListField(
        child=PropertyFilterField(allow_null=False),
        required=False,
        max_length=MAX_TEST_ACCOUNT_FILTERS,
        help_text="Property filters that exclude test accounts, such as `{key, operator, value, type}`. They are added "
        "to queries with `filterTestAccounts`.",
    )


class CreateProjectRequestSerializer(ProjectRequestSerializer):
    """The body of a request that creates a project."""

    name = StrictCharField(max_length=PROJECT_NAME_MAX_LENGTH)


class OrganizationBasicSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    logo_media_id = serializers.CharField(read_only=True, allow_null=True)
    membership_level = serializers.IntegerField(read_only=True, help_text="1 member, 8 admin, 15 owner.")
    members_can_use_personal_api_keys = serializers.BooleanField(read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    is_not_active_reason = serializers.CharField(read_only=True, allow_null=True)
    is_pending_deletion = serializers.BooleanField(read_only=True)
    is_ai_data_processing_approved = serializers.BooleanField(read_only=True)
    available_product_features = serializers.ListField(child=serializers.DictField(), read_only=True)


class OrganizationSerializer(OrganizationBasicSerializer):
    """An organization with its projects, for clients that switch between projects."""

    teams = serializers.ListField(
        child=ProjectBasicSerializer(),
        read_only=True,
        help_text="The projects of the organization that you can access, at most 100. `…/projects/` lists all of them.",
    )
    projects = serializers.ListField(child=ProjectBasicSerializer(), read_only=True, help_text="The same as `teams`.")


class MeSerializer(UserBasicSerializer):
    date_joined = serializers.DateTimeField(read_only=True)
    is_staff = serializers.BooleanField(read_only=True)
    team = ProjectBasicSerializer(read_only=True, allow_null=True, help_text="The current project.")
    organization = OrganizationSerializer(read_only=True, allow_null=True)
    organizations = serializers.ListField(child=OrganizationBasicSerializer(), read_only=True)


class PersonalAPIKeySerializer(serializers.Serializer[Any]):
    id = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]  # DRF's own attribute `label` has another meaning
    description = serializers.CharField(read_only=True, allow_null=True)
    value = serializers.CharField(
        read_only=True, allow_null=True, help_text="The secret, in the response that creates it; otherwise null."
    )
    mask_value = serializers.CharField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    scoped_teams = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="The projects that the key is limited to; empty for all projects.",
    )
    scoped_organizations = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    user_id = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Updated at most once an hour.")
    last_rolled_at = serializers.DateTimeField(read_only=True, allow_null=True)


class PersonalAPIKeyRequestSerializer(RequestSerializer):
    """The body of a request that creates or changes a key."""

    tolerated_keys = get_field_names(PersonalAPIKeySerializer)

    label = StrictCharField(required=False, max_length=LABEL_MAX_LENGTH, trim_whitespace=False)  # type: ignore[assignment]  # see above
    description = StrictCharField(
        required=False, allow_null=True, allow_blank=True, max_length=DESCRIPTION_MAX_LENGTH, trim_whitespace=False
    )
    scopes = BoundedListField(
        child=StrictCharField(trim_whitespace=False),
        required=False,
        help_text="At least one scope, such as `dashboard:read`, or `*` for all.",
    )
    scoped_teams = BoundedListField(
        child=StrictIntegerField(),
        required=False,
        help_text="The projects that the key is limited to; empty for all projects.",
    )
    scoped_organizations = BoundedListField(child=serializers.UUIDField(), required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_description(self, text: str | None) -> str | None:
        return text or None


class SignInRequestSerializer(RequestSerializer):
    email = StrictCharField(max_length=254)
    password = StrictCharField(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False)


class SuccessSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField(read_only=True)
