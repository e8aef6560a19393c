"""The bodies of what can be done with a dashboard beside changing it."""

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.serializers.tile_items import DashboardTileRequestSerializer
from dashboards_api.http.serializers import JSONObjectField, RequestSerializer, StrictIntegerField

MISSING = ErrorDetail("This field is required.", code="required")


class MovedTileRequestSerializer(RequestSerializer):
    """The tile to move: its id, alone or in a whole tile as it was read."""

    echoed = frozenset(DashboardTileRequestSerializer().fields) | DashboardTileRequestSerializer.echoed

    id = StrictIntegerField()


class MoveTileRequestSerializer(RequestSerializer):
    """Both spellings of the target are read: clients in the field send both."""

    echoed = frozenset({"personal_api_key"})

    tile = MovedTileRequestSerializer(help_text="The tile to move.")
    to_dashboard = StrictIntegerField(required=False)
    toDashboard = StrictIntegerField(  # noqa: N815  the older name in the API
        required=False, help_text="The older name of `to_dashboard`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "toDashboard" not in attrs and "to_dashboard" not in attrs:
            raise ValidationError({"to_dashboard": [MISSING]})
        return {"tile_id": attrs["tile"]["id"], "to_dashboard": attrs.get("to_dashboard", attrs.get("toDashboard"))}


class TemplateJSONRequestSerializer(RequestSerializer):
    echoed = frozenset({"personal_api_key", "creation_context", "_create_in_folder"})

    template = JSONObjectField(
        allow_null=False, help_text="A template document. The answer to a bad one names the path."
    )
