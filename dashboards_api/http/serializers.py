"""What all request serializers share: JSON, form and multipart bodies are read alike, and free JSON stays as sent."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards_api.http import json_gate
from dashboards_api.http.parsers import refusal


class RequestSerializer(serializers.Serializer[Any]):
    """The body of a request. Nothing is required and nothing has a default: what is not sent is not there.

    `echoed` names the read-only keys that clients send back as they read them.
    """

    echoed: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        validated: dict[str, Any] = super().to_internal_value(data)
        return validated

    def as_sent(self, data: Any) -> Any:
        """A form as the object it stands for: repeated keys are lists of texts, JSON fields hold JSON."""
        if not isinstance(data, QueryDict):
            return data
        return {name: self._form_value(data, name) for name in data}

    def _form_value(self, form: QueryDict, name: str) -> Any:
        field = self.fields.get(name)
        if isinstance(field, serializers.ListField) and isinstance(field.child, serializers.CharField):
            return form.getlist(name)
        value = form.get(name)
        if isinstance(field, serializers.ListField | JSONObjectField) and isinstance(value, str):
            return parse_json(value, name)
        return value


def parse_json(text: str, name: str) -> Any:
    """JSON inside a form field or a query parameter, behind the same gate as a body."""
    try:
        return json_gate.loads(text)
    except json_gate.Malformed as error:
        raise ValidationError({name: [ErrorDetail("This is not valid JSON.", code="invalid")]}) from error
    except json_gate.Refused as error:
        raise refusal(error, name) from error


FREE_OBJECT = {"type": "object", "additionalProperties": True}


@extend_schema_field(FREE_OBJECT)
class FreeObjectField(serializers.DictField):
    """A JSON object of any content in an answer."""


@extend_schema_field(FREE_OBJECT | {"nullable": True})
class JSONObjectField(serializers.Field):
    """A JSON object of any content; null clears it."""

    default_error_messages = {"invalid": "This must be a JSON object."}  # noqa: RUF012  DRF's own form

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("allow_null", True)
        super().__init__(**kwargs)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, {}) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: Any) -> Any:
        return value


class StrictCharField(serializers.CharField):
    """Text and nothing else: numbers are not turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))
