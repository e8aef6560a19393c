"""Body parsers: JSON, form and multipart. The parsers refuse data that no field may contain.

JSON has a depth of at most 64, at most 200,000 values, finite numbers, integers within 64 bits, and neither NUL nor
lone surrogates in strings and keys. PostgreSQL refuses NUL, no encoder can write a lone surrogate, and both databases
must store the same data.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework import parsers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError

from dashboards_api.http.api_exceptions import PayloadTooLarge
from dashboards_api.limits import INTEGER_MIN, MAX_INTEGER

MAX_DEPTH = 64
# The maximum number of list items and object members together. Each becomes a Python object of at least fifty bytes.
MAX_VALUES = 200_000

# Texts with deeper nesting are refused before parsing, because the parser of the standard library is recursive.
_PARSER_DEPTH = 500
# A value has at most a key, a string and two brackets or commas.
_MAX_TOKENS = 4 * MAX_VALUES + 4
_OUT_OF_RANGE = MAX_INTEGER + 1
_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)|[\[{]|[\]}]|,', re.DOTALL)

Path = tuple[str | int, ...]
TOO_MANY_FIELDS = f"A form may have at most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields."


class MalformedJSON(ValueError):
    """An error for a string that is not JSON."""


class DisallowedJSON(ValueError):
    """An error for JSON that the service does not accept. `path` is the path of the value: its keys and indexes."""

    def __init__(self, code: str, detail: str, path: Path = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.path = path


def to_validation_error(error: DisallowedJSON, *prefix: str | int) -> ValidationError:
    """Return a validation error at the path of a value that is not accepted."""
    detail: Any = [ErrorDetail(error.detail, code=error.code)]
    for step in reversed((*prefix, *error.path)):
        detail = {str(step): detail}
    return ValidationError(detail)


class _SizeLimitMixin:
    """A mixin that checks the `Content-Length` of a body before the body is read."""

    def check_declared_length(self, context: Mapping[str, Any] | None) -> None:
        length = (context or {})["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > settings.MAX_BODY_BYTES:
            raise PayloadTooLarge


class TailRecorder:
    """A stream that records the last bytes that were read from it."""

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
            return load_json(stream.read())
        except MalformedJSON as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except DisallowedJSON as error:
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
            parsed = super().parse(ending, media_type, parser_context)  # type: ignore[arg-type]  # it is only read
        except TooManyFieldsSent as error:
            raise ValidationError(TOO_MANY_FIELDS) from error
        boundary = parse_header_parameters(media_type or "")[1].get("boundary", "")
        if f"--{boundary}--".encode() not in ending.last:
            raise ParseError("Multipart form parse error - the closing boundary is missing")
        validate_form(parsed.data)
        return parsed


def validate_form(form: QueryDict) -> None:
    """Raise ValidationError for a NUL or a lone surrogate in a name or a value of a form or a query string."""
    for name, values in form.lists():
        try:
            validate_text(name)
            for value in values:
                validate_text(value)
        except DisallowedJSON as error:
            raise to_validation_error(error, name.replace("\x00", "")) from error


def load_json(raw: bytes | str) -> Any:
    """Parse JSON. Raises MalformedJSON and DisallowedJSON."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedJSON(f"not UTF-8 at byte {error.start}") from error
    _check_nesting(text)
    try:
        value = json.loads(text, parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        raise MalformedJSON(str(error)) from error
    except MalformedJSON:
        raise
    except ValueError:  # an integer of thousands of digits is parsed again, so that the error can name its path
        value = json.loads(text, parse_int=_parse_int)
    validate_value(value)
    return value


def validate_value(value: Any) -> None:
    """Raise DisallowedJSON for a parsed value with disallowed content."""
    _validate_scalar(value, None, ())
    stack: list[tuple[Any, Path]] = [(value, ())] if isinstance(value, dict | list) else []
    while stack:
        container, path = stack.pop()
        if len(path) >= MAX_DEPTH:
            raise DisallowedJSON("invalid_input", f"JSON may be nested at most {MAX_DEPTH} levels deep.", path)
        members = container.items() if isinstance(container, dict) else enumerate(container)
        inner = []
        for key, member in members:
            if isinstance(key, str) and ("\x00" in key or not key.isascii()):
                validate_text(key, path)
            if isinstance(member, dict | list):
                inner.append((member, (*path, key)))
            else:
                _validate_scalar(member, key, path)
        stack.extend(reversed(inner))


def validate_text(text: str, path: Path = ()) -> None:
    """Raise DisallowedJSON for a NUL or a lone surrogate."""
    if "\x00" in text:
        raise DisallowedJSON("null_characters_not_allowed", "Null characters are not allowed.", path)
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DisallowedJSON("invalid_input", "Text must not contain lone surrogates.", path) from error


def _validate_scalar(value: Any, key: str | int | None, path: Path) -> None:
    """Raise DisallowedJSON for a scalar at `key` of the container at `path`. The full path is built for errors only."""
    if isinstance(value, str):
        if "\x00" in value or not value.isascii():
            validate_text(value, path if key is None else (*path, key))
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise DisallowedJSON("invalid_input", "Numbers must be finite.", path if key is None else (*path, key))
    elif isinstance(value, int) and not INTEGER_MIN <= value <= MAX_INTEGER:
        raise DisallowedJSON("invalid_input", "Integers must fit into 64 bits.", path if key is None else (*path, key))


def _check_nesting(text: str) -> None:
    """Raise DisallowedJSON, before parsing, for a string with more levels or values than allowed.

    For most strings, counting brackets and commas is enough. Larger strings are scanned, but only until a limit is
    exceeded, because scanning seven million brackets would take seconds.
    """
    opening = text.count("[") + text.count("{")
    if opening <= _PARSER_DEPTH and opening + text.count(",") <= MAX_VALUES:
        return
    depth, values, key = 0, 0, ""
    for number, token in enumerate(_STRUCTURE.finditer(text)):
        first = text[token.start()]
        if first in "[{,":
            values += 1
            depth += first != ","
            if depth > _PARSER_DEPTH:
                raise DisallowedJSON(
                    "invalid_input", f"JSON may be nested at most {MAX_DEPTH} levels deep.", _get_member_path(text, key)
                )
            if values > MAX_VALUES:
                raise DisallowedJSON(
                    "invalid_input", f"JSON may contain at most {MAX_VALUES} values.", _get_member_path(text, key)
                )
        elif first in "]}":
            depth -= 1
        elif number > _MAX_TOKENS:
            raise MalformedJSON("more strings than values")
        elif depth == 1:  # the last string before a container is its key
            key = token[0]


def _get_member_path(text: str, key: str) -> Path:
    return (key[1:-1],) if key and text.lstrip().startswith("{") else ()


def _parse_int(digits: str) -> int:
    # Python refuses to parse integers of thousands of digits. An integer with more than 20 characters is out of range.
    return int(digits) if len(digits) <= 20 else _OUT_OF_RANGE


def _reject_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not JSON")
