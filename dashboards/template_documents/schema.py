"""The JSON Schema of template documents. Unknown keys are allowed everywhere."""

from typing import Any, cast

import jsonschema

from dashboards.folders import is_folder
from dashboards.layout import MAX_BREAKPOINTS, NUMERIC_KEYS
from dashboards.models import ButtonPlacement, ButtonStyle, GridSpacing, LayoutCompaction, RestrictionLevel
from dashboards.models.content import (
    BUTTON_TEXT_MAX_LENGTH,
    BUTTON_URL_MAX_LENGTH,
    TEXT_MAX_LENGTH,
    is_button_url,
)
from dashboards.models.insight import INSIGHT_NAME_MAX_LENGTH
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards.models.template import TEMPLATE_NAME_MAX_LENGTH
from dashboards.models.tile import COLOR_MAX_LENGTH
from dashboards.template_documents.long_parts import check_long_parts
from dashboards_api.choices import build_invalid_choice_message
from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import LIST_MAX_LENGTH

Schema = dict[str, Any]


def _build_nullable(type_: str, **limits: Any) -> Schema:
    return {"type": [type_, "null"], **limits}


def _require_keys(tile_type: str, *keys: str) -> Schema:
    return {"if": {"properties": {"type": {"const": tile_type}}}, "then": {"required": list(keys)}}


TAGS: Schema = {
    "type": "array",
    "maxItems": LIST_MAX_LENGTH,
    "items": {"type": "string", "maxLength": TAG_MAX_LENGTH, "pattern": r"\S"},
}
FOLDER: Schema = _build_nullable("string", format="folder")
PLACE: Schema = {
    "type": "object",
    "properties": {key: {"type": ["number", "string"], "format": "layout-number"} for key in NUMERIC_KEYS},
}
LAYOUTS = _build_nullable("object", additionalProperties=PLACE, maxProperties=MAX_BREAKPOINTS)
TILE: Schema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["INSIGHT", "TEXT", "BUTTON"]},
        "name": _build_nullable("string", maxLength=INSIGHT_NAME_MAX_LENGTH),
        "derived_name": _build_nullable("string", maxLength=INSIGHT_NAME_MAX_LENGTH),
        "description": _build_nullable("string"),
        "tags": TAGS,
        "favorited": {"type": "boolean"},
        "folder": FOLDER,
        "query": _build_nullable("object"),
        "filters": _build_nullable("object"),
        "body": _build_nullable("string", maxLength=TEXT_MAX_LENGTH),
        "url": {"type": "string", "maxLength": BUTTON_URL_MAX_LENGTH, "format": "button-url"},
        "text": {"type": "string", "minLength": 1, "maxLength": BUTTON_TEXT_MAX_LENGTH, "pattern": r"\S"},
        "placement": {"enum": ButtonPlacement.values},
        "style": {"enum": ButtonStyle.values},
        "layouts": LAYOUTS,
        "color": _build_nullable("string", maxLength=COLOR_MAX_LENGTH),
        "filters_overrides": _build_nullable("object"),
        "show_description": _build_nullable("boolean"),
        "transparent_background": _build_nullable("boolean"),
    },
    "allOf": [_require_keys("TEXT", "body"), _require_keys("BUTTON", "url", "text")],
}
VARIABLE: Schema = {
    "type": "object",
    "required": ["id", "default"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "name": {"type": "string"},
        "type": {"type": "string"},
        "default": {"type": ["object", "string"]},
        "description": {"type": "string"},
        "required": {"type": "boolean"},
    },
}
BREAKDOWN_COLOR: Schema = {"type": "object", "required": ["breakdownValue", "colorToken"]}
TEMPLATE_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["template_name", "dashboard_description", "dashboard_filters", "tiles"],
    "properties": {
        "template_name": {"type": "string", "maxLength": TEMPLATE_NAME_MAX_LENGTH},
        "dashboard_description": _build_nullable("string"),
        "dashboard_filters": {"type": "object"},
        "dashboard_variables": {"type": "object"},
        "breakdown_colors": {"type": "array", "maxItems": LIST_MAX_LENGTH, "items": BREAKDOWN_COLOR},
        "tags": TAGS,
        "folder": FOLDER,
        "pinned": {"type": "boolean"},
        "restriction_level": {"enum": RestrictionLevel.values},
        "grid_spacing": {"enum": GridSpacing.values},
        "layout_compaction": {"enum": LayoutCompaction.values},
        "variables": _build_nullable("array", maxItems=LIST_MAX_LENGTH, items=VARIABLE),
        "tiles": {"type": "array", "minItems": 1, "maxItems": LIST_MAX_LENGTH, "items": TILE},
    },
}

# The API's error codes for keywords and formats of JSON Schema. The default is `invalid_input`.
ERROR_CODES = {
    "required": "required",
    "maxLength": "max_length",
    "minLength": "blank",
    "pattern": "blank",
    "enum": "invalid_choice",
}
# The schemas that `check_long_parts` replaces, by identity.
_CHECKED_SEPARATELY: dict[int, Schema] = {id(TAGS): {"type": "array"}, id(LAYOUTS): _build_nullable("object")}

_formats = jsonschema.FormatChecker(formats=())
_formats.checks("button-url")(lambda value: not isinstance(value, str) or is_button_url(value))
_formats.checks("folder")(lambda value: not isinstance(value, str) or is_folder(value))


def _remove_long_parts(schema: Any) -> Any:
    """Return the schema without the parts that are validated separately, and without the maximum lengths of lists."""
    if id(schema) in _CHECKED_SEPARATELY:
        return _CHECKED_SEPARATELY[id(schema)]
    if isinstance(schema, dict):
        return {key: _remove_long_parts(value) for key, value in schema.items() if key != "maxItems"}
    return schema


_validator = jsonschema.Draft202012Validator(_remove_long_parts(TEMPLATE_SCHEMA), format_checker=_formats)


def check_template(document: Any, attr: str, *, is_new: bool = True) -> None:
    """Raise ValidationFailed for the first error in a template document, at its path below `attr`.

    With `is_new=False`, limits that were introduced after the document was stored do not apply.
    """
    check_long_parts(document, attr, is_new=is_new)
    for error in _validator.iter_errors(document):
        path = [*filter(None, [attr]), *(str(step) for step in error.absolute_path), *_find_missing_key(error)]
        message = error.message[:500]
        if error.validator == "enum":
            message = build_invalid_choice_message(error.instance, cast(list[object], error.validator_value))
        rule = error.validator_value if error.validator == "format" else error.validator
        raise ValidationFailed(
            f"{message} ({'.'.join(path)})",
            attr="__".join(path) or None,
            code=ERROR_CODES.get(str(rule), "invalid_input"),
        )


def _find_missing_key(error: jsonschema.ValidationError) -> list[str]:
    """Return the missing key of a `required` error, because the error's path does not contain the key."""
    required: Any = error.validator_value
    instance: Any = error.instance
    return [key for key in required if key not in instance][:1] if error.validator == "required" else []
