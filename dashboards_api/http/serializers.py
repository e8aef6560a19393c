"""Base classes of request serializers.

JSON, form and multipart bodies are read in the same way, and free JSON stays as sent.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards_api.choices import build_invalid_choice_message
from dashboards_api.http.parsers import DisallowedJSON, MalformedJSON, load_json, to_validation_error
from dashboards_api.limits import INTEGER_MIN, LIST_MAX_LENGTH, MAX_INTEGER

_DIGITS = re.compile(r"-?[0-9]{1,20}")
# The start of a JSON object or list.
_CONTAINER = re.compile(r"\s*[\[{]")

if TYPE_CHECKING:  # DRF's fields are generic for the type checker only
    AnyField = serializers.Field[Any, Any, Any, Any]
else:
    AnyField = serializers.Field


class RequestSerializer(serializers.Serializer[Any]):
    """A serializer of the body of a request."""

    # Fields have no defaults, so that fields that a client does not send are absent from the validated data.

    # Fields that are ignored without a report, such as the read-only fields that clients send back.
    tolerated_keys: ClassVar[frozenset[str]] = frozenset()
    # Other spellings of fields. They are not in the OpenAPI document, because generators for many languages would give
    # both spellings the same name.
    aliases: ClassVar[Mapping[str, str]] = {}
    # The values that null stands for, by field.
    null_values: ClassVar[Mapping[str, Any]] = {}

    def to_internal_value(self, data: Any) -> Any:
        sent = {self.aliases[name]: name for name in self.aliases if isinstance(data, Mapping) and name in data}
        respelled = {field: name for field, name in sent.items() if field not in data}
        if respelled:
            data = {**data, **{field: data[name] for field, name in respelled.items()}}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            if not respelled:
                raise
            details: Any = error.detail
            raise ValidationError({respelled.get(field, field): each for field, each in details.items()}) from error
        for field, stored in self.null_values.items():
            if field in values and values[field] is None:
                values[field] = stored
        return values

    def reads_alias(self, name: str, data: Mapping[str, Any]) -> bool:
        """Return whether an alias has an effect, which requires that the field is absent or has the same value."""
        field = self.aliases.get(name)
        return field is not None and data.get(field, data[name]) == data[name]

    def parse_form(self, data: Any) -> Any:
        """Return a form as an object. Repeated keys become lists of strings, and JSON fields are parsed."""
        if not isinstance(data, QueryDict):
            return data
        return {name: self._read_form_value(data, name) for name in data}

    def _read_form_value(self, form: QueryDict, name: str) -> Any:
        field = self.fields.get(name)
        if is_text_list(field):
            return form.getlist(name)
        value = form.get(name)
        if not isinstance(value, str) or not (
            is_json_field(field) or (is_scalar_or_json(field) and _CONTAINER.match(value))
        ):
            return value
        return parse_json(value, name)


def get_field_names(serializer_class: type[serializers.Serializer[Any]]) -> frozenset[str]:
    """Return the names of the fields of a serializer."""
    return frozenset(serializer_class().fields)


def is_text_list(field: AnyField | None) -> bool:
    """Return whether the field is a list of strings. A form contains such a list as a repeated key."""
    return isinstance(field, serializers.ListField) and isinstance(field.child, serializers.CharField)


def is_json_field(field: AnyField | None) -> bool:
    """Return whether the field is an object, or a list of values other than strings.

    A form contains such a field as JSON.
    """
    kinds = (serializers.ListField, serializers.BaseSerializer, JSONObjectField)
    return isinstance(field, kinds) and not is_text_list(field)


def is_scalar_or_json(field: AnyField | None) -> bool:
    """Return whether the field accepts a scalar, an object or a list. A form contains objects and lists as JSON."""
    return isinstance(field, ScalarOrJSONField)


def parse_json(text: str, name: str) -> Any:
    """Parse JSON in a form field or a query parameter, with the limits of a JSON body."""
    try:
        return load_json(text)
    except MalformedJSON as error:
        raise ValidationError({name: [ErrorDetail("This is not valid JSON.", code="invalid")]}) from error
    except DisallowedJSON as error:
        raise to_validation_error(error, name) from error


FREE_OBJECT = {"type": "object", "additionalProperties": True}


@extend_schema_field(FREE_OBJECT)
class FreeObjectField(serializers.DictField):
    """A JSON object with any content in a response."""


@extend_schema_field(FREE_OBJECT | {"nullable": True})
class JSONObjectField(AnyField):
    """A JSON object with any content. Null is read as an empty object."""

    default_error_messages = {"invalid": "This must be a JSON object."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_null", True)
        super().__init__(**kwargs)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, {}) if data is None and self.allow_null else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


class ScalarOrJSONField(AnyField):
    """A field that accepts a number, a boolean, an object or a list."""


class BoundedListField(serializers.ListField):
    """A list of at most `max_length` items. Validation checks the length first, and stops at the first invalid item."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LIST_MAX_LENGTH)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and self.max_length is not None and len(data) > self.max_length:
            message = f"Ensure this field has no more than {self.max_length} elements."
            raise ValidationError([ErrorDetail(message, code="max_length")])
        items: list[Any] = super().to_internal_value(data)
        return items

    def run_child_validation(self, data: Any) -> list[Any]:
        checked = []
        for index, item in enumerate(data):
            try:
                checked.append(self.child.run_validation(item))
            except ValidationError as error:
                raise ValidationError({str(index): error.detail}) from error
        return checked


class SuggestingChoiceField(serializers.ChoiceField):
    """A choice field whose error lists the valid choices and names the closest match."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except ValidationError as error:
            detail = ErrorDetail(build_invalid_choice_message(data, self.choices), code="invalid_choice")
            raise ValidationError([detail]) from error


class StrictIntegerField(serializers.IntegerField):
    """A 64-bit integer, or a string of ASCII digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": INTEGER_MIN, "max_value": MAX_INTEGER, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or (isinstance(data, str) and not _DIGITS.fullmatch(data)):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class StrictCharField(serializers.CharField):
    """A string field that does not convert numbers."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))
