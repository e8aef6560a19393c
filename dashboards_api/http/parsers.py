"""Body parsers: JSON, form and multipart, each behind the gate of `json_gate.py`."""

from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework import parsers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError

from dashboards_api.http import json_validation
from dashboards_api.http.api_exceptions import PayloadTooLarge

TOO_MANY_FIELDS = f"A form may have at most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields."


def to_validation_error(error: json_validation.DisallowedJSON, *prefix: str | int) -> ValidationError:
    """What the gate refused, as a validation error at its path."""
    detail: Any = [ErrorDetail(error.detail, code=error.code)]
    for step in reversed((*prefix, *error.path)):
        detail = {str(step): detail}
    return ValidationError(detail)


class _SizeLimitMixin:
    """Refuses a body by its declared length, before a byte of it is read."""

    def check_declared_length(self, context: Mapping[str, Any] | None) -> None:
        length = (context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > settings.MAX_BODY_BYTES:
            raise PayloadTooLarge


class TailRecorder:
    """A stream that remembers the end of what was read from it."""

    def __init__(self, stream: IO[Any]) -> None:
        self.stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        block: bytes = self.stream.read(size)
        self.last = (self.last + block)[-1024:]
        return block


class JSONParser(_SizeLimitMixin, parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.check_declared_length(parser_context)
        try:
            return json_validation.loads(stream.read())
        except json_validation.MalformedJSON as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except json_validation.DisallowedJSON as error:
            raise to_validation_error(error) from error


class FormParser(_SizeLimitMixin, parsers.FormParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.check_declared_length(parser_context)
        raw = stream.read()
        try:
            form = QueryDict(raw, encoding="utf-8")
            parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
        except TooManyFieldsSent as error:
            raise ValidationError(TOO_MANY_FIELDS) from error
        except UnicodeDecodeError as error:
            raise ParseError("Form parse error - not UTF-8") from error
        validate_form(form)
        return form


class MultiPartParser(_SizeLimitMixin, parsers.MultiPartParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        self.check_declared_length(parser_context)
        ending = TailRecorder(stream)
        try:
            parsed = super().parse(ending, media_type, parser_context)  # type: ignore[arg-type]  # it only reads
        except TooManyFieldsSent as error:
            raise ValidationError(TOO_MANY_FIELDS) from error
        boundary = parse_header_parameters(media_type or "")[1].get("boundary", "")
        if f"--{boundary}--".encode() not in ending.last:
            raise ParseError("Multipart form parse error - the closing boundary is missing")
        validate_form(parsed.data)
        return parsed


def validate_form(form: QueryDict) -> None:
    """Raise the gate's refusal for a NUL or a lone surrogate in a name or a value of a form or a query string."""
    for name, values in form.lists():
        try:
            json_validation.validate_text(name)
            for value in values:
                json_validation.validate_text(value)
        except json_validation.DisallowedJSON as error:
            raise to_validation_error(error, name.replace("\x00", "")) from error
