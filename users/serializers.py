"""What answers about users and projects hold, for the API document. The answers themselves are made by readers."""

from typing import Any

from rest_framework import serializers


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
    project_id = serializers.IntegerField(read_only=True, help_text="The same number as `id`.")
    api_token = serializers.CharField(read_only=True, help_text="The project's public token. No route here takes it.")
    name = serializers.CharField(read_only=True)
    completed_snippet_onboarding = serializers.BooleanField(read_only=True)
    has_completed_onboarding_for = serializers.DictField(read_only=True, allow_null=True)
    ingested_event = serializers.BooleanField(read_only=True)
    is_demo = serializers.BooleanField(read_only=True)
    timezone = serializers.CharField(read_only=True)
    access_control = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


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


class MeSerializer(UserBasicSerializer):
    date_joined = serializers.DateTimeField(read_only=True)
    is_staff = serializers.BooleanField(read_only=True)
    team = ProjectBasicSerializer(read_only=True, allow_null=True, help_text="The current project.")
    organization = OrganizationBasicSerializer(read_only=True, allow_null=True)
    organizations = serializers.ListField(child=OrganizationBasicSerializer(), read_only=True)


class PersonalAPIKeySerializer(serializers.Serializer[Any]):
    id = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]  # DRF's own `label` is another
    value = serializers.CharField(read_only=True, allow_null=True, help_text="Null: a key is shown once, when made.")
    mask_value = serializers.CharField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    scoped_teams = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="The projects it is narrowed to; none for all."
    )
    scoped_organizations = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    user_id = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Written once an hour.")
    last_rolled_at = serializers.DateTimeField(read_only=True, allow_null=True)
