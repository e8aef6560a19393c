"""Tile items of requests."""

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards.layout import MAX_BREAKPOINTS, MAX_NUMBER, MAX_Y, find_layout_error
from dashboards.models import ButtonPlacement, ButtonStyle
from dashboards.models.content import (
    BUTTON_TEXT_MAX_LENGTH,
    BUTTON_URL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    is_button_url,
)
from dashboards.models.tile import COLOR_MAX_LENGTH
from dashboards.serializers.tiles import ButtonTileSerializer, DashboardTileSerializer, TextSerializer
from dashboards_api.http.serializers import (
    JSONObjectField,
    RequestSerializer,
    ScalarOrJSONField,
    StrictCharField,
    StrictIntegerField,
    SuggestingChoiceField,
    get_field_names,
)
from dashboards_api.parsing import parse_int


@extend_schema_field(
    {
        "type": "object",
        "description": "Placements by breakpoint (`sm` has 12 columns, `xs` has one). In a placement, x, y, w, h, minW "
        f"and minH are numbers, or strings with a number: y from -{MAX_Y:,} to {MAX_Y:,}, the others from "
        f"-{MAX_NUMBER:,} to {MAX_NUMBER:,}. At most {MAX_BREAKPOINTS} breakpoints. Layouts are stored and returned "
        "exactly as sent. Null clears the layouts.",
        "additionalProperties": {"type": "object", "additionalProperties": True},
        "nullable": True,
    }
)
class LayoutsField(JSONObjectField):
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        layouts = super().to_internal_value(data)
        if fault := find_layout_error(layouts):
            detail: Any = [ErrorDetail(fault.detail, code="invalid")]
            for step in reversed(fault.path):
                detail = {step: detail}
            raise ValidationError(detail)
        return layouts


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer"},
            {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        ],
        "nullable": True,
    }
)
class InsightReferenceField(ScalarOrJSONField):
    """The id of an insight, or an object with this id, such as the insight as the client read it."""

    default_error_messages = {"invalid": "This must be the id of an insight, or an object with this id."}

    def to_internal_value(self, data: Any) -> int:
        number: Any = data.get("id") if isinstance(data, Mapping) else data
        if isinstance(data, str):  # form data contains numbers as strings
            number = parse_int(data)
        if isinstance(number, bool) or not isinstance(number, int):
            self.fail("invalid")
        return int(number)


class TextRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(TextSerializer)

    id = StrictIntegerField(
        required=False, allow_null=True, help_text="The text to change. Without an `id`, a text is added."
    )
    body = StrictCharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        max_length=TEXT_MAX_LENGTH,
        help_text="Markdown. Null is stored as an empty string.",
    )


class ButtonTileRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(ButtonTileSerializer)

    id = serializers.UUIDField(
        required=False, allow_null=True, help_text="The button to change. Without an `id`, a button is added."
    )
    url = StrictCharField(
        required=False,
        trim_whitespace=False,
        max_length=BUTTON_URL_MAX_LENGTH,
        help_text="An http or https URL, or a path that begins with one slash.",
    )
    text = StrictCharField(required=False, trim_whitespace=False, max_length=BUTTON_TEXT_MAX_LENGTH)
    placement = SuggestingChoiceField(required=False, choices=ButtonPlacement.choices)
    style = SuggestingChoiceField(required=False, choices=ButtonStyle.choices)  # type: ignore[assignment]  # DRF's own `style` has another type

    def validate_url(self, url: str) -> str:
        if not is_button_url(url):
            raise ValidationError("A button must link to an http or https URL, or to a path that begins with one /.")
        return url

    def validate_text(self, text: str) -> str:
        if not text.strip():
            raise ValidationError("A button needs a text.", code="blank")
        return text


# The required fields of new content, by kind.
REQUIRED = {"text": ("body",), "button_tile": ("url", "text")}


class DashboardTileRequestSerializer(RequestSerializer):
    tolerated_keys = get_field_names(DashboardTileSerializer) | {"error", "widget"}

    id = StrictIntegerField(
        required=False, allow_null=True, help_text="The tile to change. Without an `id`, a tile is added."
    )
    text = TextRequestSerializer(required=False, allow_null=True)
    button_tile = ButtonTileRequestSerializer(required=False, allow_null=True)
    insight = InsightReferenceField(
        required=False,
        allow_null=True,
        help_text="The insight to add: its id, or an object with its `id`. In an item with an `id`, it has no effect.",
    )
    insight_id = StrictIntegerField(required=False, allow_null=True, help_text="Accepted, but has no effect.")
    layouts = LayoutsField(required=False)
    color = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=COLOR_MAX_LENGTH
    )
    filters_overrides = JSONObjectField(
        required=False, help_text="Filters that override those of the dashboard for this tile. Null clears them."
    )
    show_description = serializers.BooleanField(required=False, allow_null=True)
    transparent_background = serializers.BooleanField(required=False, allow_null=True)
    deleted = serializers.BooleanField(required=False, help_text="true removes the tile; false restores it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kinds = [kind for kind in ("insight", *REQUIRED) if attrs.get(kind) is not None]
        if len(kinds) > 1:
            raise ValidationError("A tile has one content: an insight, a text or a button.")
        if attrs.get("id") is None:
            self._check_new(attrs, kinds)
        return attrs

    def _check_new(self, attrs: dict[str, Any], kinds: list[str]) -> None:
        if not kinds:
            raise ValidationError(
                "A tile item must have the id of a tile, or the content of a new tile.", code="required"
            )
        for kind in kinds:
            content = attrs[kind]
            missing = [field for field in REQUIRED.get(kind, ()) if field not in content]
            if missing and content.get("id") is None:
                raise ValidationError({kind: {missing[0]: [ErrorDetail("This field is required.", code="required")]}})


def remove_tile_ids(body: Any) -> tuple[Any, list[str]]:
    """Return the body of a create request without the ids in its tile items, and the paths of these ids.

    If a client reads a dashboard and posts it again, the ids are ignored, because new tiles are created.
    """
    items = body.get("tiles") if isinstance(body, Mapping) else None
    if not isinstance(items, list):
        return body, []
    left_out = [f"tiles__{index}__{path}" for index, item in enumerate(items) for path in _iter_ids(item)]
    return {**body, "tiles": [_remove_ids(item) for item in items]}, left_out


def remove_own_ids(item: Any) -> tuple[Any, list[str]]:
    """Return one tile item without its ids, and the paths of these ids."""
    return _remove_ids(item), list(_iter_ids(item))


def _iter_ids(item: Any) -> Iterator[str]:
    if isinstance(item, Mapping):
        if item.get("id") is not None:
            yield "id"
        yield from (f"{kind}__id" for kind in REQUIRED if _has_id(item.get(kind)))


def _has_id(content: Any) -> bool:
    return isinstance(content, Mapping) and content.get("id") is not None


def _remove_ids(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {
        key: {name: inner for name, inner in value.items() if name != "id"}
        if key in REQUIRED and isinstance(value, Mapping)
        else value
        for key, value in item.items()
        if key != "id"
    }
