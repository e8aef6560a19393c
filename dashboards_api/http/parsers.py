"""Body parsers: JSON, form and multipart, each behind the gate of `json_gate.py`."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from rest_framework import parsers
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError

from dashboards_api.http import json_gate


class PayloadTooLarge(APIException):
    status_code = 413
    default_code = "payload_too_large"
    default_detail = f"A request body may hold at most {settings.MAX_BODY_BYTES} bytes."
    exception_type = "invalid_request"


def refusal(error: json_gate.Refused, *prefix: str | int) -> ValidationError:
    """What the gate refused, as a validation error at its path."""
    detail: Any = [ErrorDetail(error.detail, code=error.code)]
    for step in reversed((*prefix, *error.path)):
        detail = {str(step): detail}
    return ValidationError(detail)


class _Bounded:
    """Refuses a body by its declared length, before a byte of it is read."""

    def refuse_oversized(self, context: Mapping[str, Any] | None) -> None:
        length = (context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > settings.MAX_BODY_BYTES:
            raise PayloadTooLarge


class JSONParser(_Bounded, parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.refuse_oversized(parser_context)
        try:
            return json_gate.loads(stream.read())
        except json_gate.Malformed as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except json_gate.Refused as error:
            raise refusal(error) from error


class FormParser(_Bounded, parsers.FormParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.refuse_oversized(parser_context)
        try:
            form = QueryDict(stream.read(), encoding="utf-8")
        except TooManyFieldsSent as error:
            raise ValidationError(str(error)) from error
        check_form(form)
        return form


class MultiPartParser(_Bounded, parsers.MultiPartParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.refuse_oversized(parser_context)
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except TooManyFieldsSent as error:
            raise ValidationError(str(error)) from error
        check_form(parsed.data)
        return parsed


def check_form(form: QueryDict) -> None:
    """Raise the gate's refusal for a NUL or a lone surrogate in a name or a value of a form or a query string."""
    for name, values in form.lists():
        try:
            json_gate.check_text(name)
            for value in values:
                json_gate.check_text(value)
        except json_gate.Refused as error:
            raise refusal(error, name.replace("\x00", "")) from error
