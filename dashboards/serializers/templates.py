"""Stored templates in responses, and the body of create and update requests."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from dashboards.models import TemplateScope
from dashboards.models.content import is_button_url
from dashboards.models.template import IMAGE_URL_MAX_LENGTH, TEMPLATE_NAME_MAX_LENGTH
from dashboards.serializers.fields import ALWAYS_ECHOED, TagsField
from dashboards_api.http.serializers import (
    BoundedListField,
    FreeObjectField,
    JSONObjectField,
    RequestSerializer,
    StrictCharField,
    SuggestingChoiceField,
    get_field_names,
)
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH
from users.serializers import UserBasicSerializer


class DashboardTemplateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    template_name = serializers.CharField(read_only=True)
    dashboard_description = serializers.CharField(read_only=True)
    dashboard_filters = FreeObjectField(read_only=True)
    dashboard_variables = FreeObjectField(read_only=True)
    breakdown_colors = serializers.ListField(child=FreeObjectField(), read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    tiles = serializers.ListField(child=FreeObjectField(), read_only=True)
    variables = serializers.ListField(child=FreeObjectField(), read_only=True, allow_null=True)
    scope = serializers.ChoiceField(choices=TemplateScope.choices, read_only=True)
    is_featured = serializers.BooleanField(read_only=True)
    image_url = serializers.CharField(read_only=True, allow_null=True)
    deleted = serializers.BooleanField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="Null for a built-in template.")
    created_by = UserBasicSerializer(
        read_only=True,
        allow_null=True,
        help_text="Null for a template of another project, and for a built-in template.",
    )
    team_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The id of the project of the template, or null."
    )
    availability_contexts = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Always empty."
    )


class DashboardTemplateRequestSerializer(RequestSerializer):
    """A template document with its scope. The document is validated as a whole."""

    tolerated_keys = get_field_names(DashboardTemplateSerializer) | ALWAYS_ECHOED
    null_values: ClassVar[dict[str, Any]] = {"dashboard_description": ""}

    template_name = StrictCharField(required=False, trim_whitespace=False, max_length=TEMPLATE_NAME_MAX_LENGTH)
    dashboard_description = StrictCharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        help_text=f"At most {DESCRIPTION_MAX_LENGTH:,} characters. Null is stored as an empty string.",
    )
    dashboard_filters = JSONObjectField(required=False, allow_null=False)
    dashboard_variables = JSONObjectField(required=False, allow_null=False)
    breakdown_colors = BoundedListField(child=JSONObjectField(allow_null=False), required=False)
    tags = TagsField(required=False)
    tiles = BoundedListField(child=JSONObjectField(allow_null=False), required=False)
    variables = BoundedListField(child=JSONObjectField(allow_null=False), required=False, allow_null=True)
    scope = SuggestingChoiceField(
        choices=TemplateScope.choices,
        required=False,
        help_text="The visibility of the template: its project, all projects of the organization (only project admins "
        "can change the template), or all projects (only staff can change it).",
    )
    is_featured = serializers.BooleanField(required=False)
    image_url = StrictCharField(required=False, allow_null=True, max_length=IMAGE_URL_MAX_LENGTH)
    deleted = serializers.BooleanField(required=False)

    def validate_image_url(self, url: str | None) -> str | None:
        if url is not None and not is_button_url(url):
            raise ValidationError("An image must have an http or https URL, or a path that begins with one /.")
        return url
