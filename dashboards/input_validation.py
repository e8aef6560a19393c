"""Validation of input from pages, with the serializers of the API."""

from typing import Any, cast

from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer

from dashboards.serializers.dashboards import DashboardRequestSerializer
from dashboards.serializers.insights import InsightRequestSerializer
from dashboards.services.inputs import DashboardInput, InsightInput, TileInput
from dashboards_api.errors import ValidationFailed


def validate_dashboard_input(body: dict[str, Any]) -> DashboardInput:
    """Return the input for a service from a request body. Raises ValidationFailed with the first error."""
    return cast(DashboardInput, _validate(DashboardRequestSerializer(data=body)))


def validate_tile_input(item: dict[str, Any]) -> TileInput:
    """Return one tile item as the input for a service. Raises ValidationFailed with the first error."""
    [validated] = validate_dashboard_input({"tiles": [item]})["tiles"]
    return validated


def validate_insight_input(body: dict[str, Any]) -> InsightInput:
    """Return the input for a service from a request body. Raises ValidationFailed with the first error."""
    return cast(InsightInput, _validate(InsightRequestSerializer(data=body)))


def _validate(serializer: "Serializer[Any]") -> Any:
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        field, sentence = _find_first_error(error.detail)
        is_nested = field not in error.detail  # the form already marks the field of a tile error
        raise ValidationFailed(sentence if is_nested else f"{field.capitalize()}: {sentence}", attr=field) from error
    return serializer.validated_data


def _find_first_error(details: Any) -> tuple[str, str]:
    """Return the field and the text of the first error in DRF's nested details."""
    field = ""
    while isinstance(details, dict | list):
        key, details = next(iter(details.items() if isinstance(details, dict) else enumerate(details)))
        field = key if isinstance(key, str) else field
    return field, str(details)
