"""Request bodies of the other operations that create a dashboard."""

from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards.serializers.fields import ALWAYS_ECHOED, CreateInFolderField, TagField
from dashboards_api.http.serializers import (
    JSONObjectField,
    RequestSerializer,
)


class TemplateJSONRequestSerializer(RequestSerializer):
    tolerated_keys = ALWAYS_ECHOED

    template = JSONObjectField(
        allow_null=False, help_text="A template document. `attr` of an error contains the path in the document."
    )
    _create_in_folder = CreateInFolderField(
        help_text="The folder of the dashboard, instead of the folder in the document."
    )


class UnlistedDashboardRequestSerializer(RequestSerializer):
    """The tag that identifies an unlisted dashboard."""

    tolerated_keys = frozenset({"personal_api_key"})

    tag = TagField(max_length=TAG_MAX_LENGTH)
