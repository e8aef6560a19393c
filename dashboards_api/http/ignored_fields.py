"""Nothing is dropped silently: keys of a body, and query parameters, that an operation does not know are named in the
answer, or refused on request.

`Ignored-Fields` lists them (percent-encoded paths, comma separated); under `Prefer: handling=strict` (RFC 7240) the
request is refused instead. Read-only keys that a client sends back as it read them (`echoed`) are neither.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from dashboards_api.http.serializers import AnyField, RequestSerializer

HEADER = "Ignored-Fields"
MAX_NAMES = 20
MAX_BYTES = 1024
_STRICT = re.compile(r'(?:^|[,;])\s*handling\s*=\s*"?strict"?\s*(?:$|[,;])', re.IGNORECASE)


def is_strict(request: Request) -> bool:
    """Whether the client asks for unknown keys to be refused."""
    return bool(_STRICT.search(request.headers.get("Prefer", "")))


def find_unknown_keys(field: AnyField, value: Any, path: str = "") -> Iterator[str]:
    """Paths of the keys in `value` that `field` neither takes nor knows as an echo, in the order they came."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_unknown_keys(field.child, item, f"{path}{index}__")
    elif isinstance(field, RequestSerializer) and isinstance(value, Mapping):
        for key, item in value.items():
            if key in field.fields:
                yield from find_unknown_keys(field.fields[key], item, f"{path}{key}__")
            elif key not in field.tolerated_keys and not field.reads_alias(key, value):
                yield f"{path}{key}"


def unknown_field_error(path: str) -> ValidationError:
    """The answer to an unknown key where the client asked for strict handling."""
    return ValidationError({path: [ErrorDetail("This field is not known here.", code="unknown_field")]})


def format_header(paths: list[str]) -> str:
    """The paths for the header, as many as fit."""
    value = ""
    for path in list(dict.fromkeys(paths))[:MAX_NAMES]:
        longer = f"{value}, {quote(path, safe='')}" if value else quote(path, safe="")
        if len(longer) <= MAX_BYTES:
            value = longer
    return value
