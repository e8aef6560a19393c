"""Options of a request outside its body: query parameters, `Prefer`, `If-Match` and `If-None-Match`.

No field is dropped silently. The header `Ignored-Fields` of a response names the unknown fields of a body and the
unknown query parameters, as percent-encoded paths, separated by commas. With `Prefer: handling=strict` (RFC 7240), the
request is refused instead. Read-only fields that a client sends back (`tolerated_keys`) are neither named nor refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.http import parse_etags
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from dashboards_api.choices import build_invalid_choice_message
from dashboards_api.dates import DateRange, parse_date_bound
from dashboards_api.http.parsers import DisallowedJSON, MalformedJSON, load_json
from dashboards_api.http.serializers import AnyField, RequestSerializer, parse_json
from dashboards_api.parsing import parse_int
from dashboards_api.release import get_release_hash

# The maximum number of values of one parameter, repeated or in a JSON list.
MAX_VALUES = 100
_TRUE = ("true", "1")
_FALSE = ("false", "0")
Item = TypeVar("Item", int, str)

IGNORED_FIELDS_HEADER = "Ignored-Fields"
MAX_IGNORED_NAMES = 20
MAX_IGNORED_BYTES = 1024
_STRICT = re.compile(r'(?:^|[,;])\s*handling\s*=\s*"?strict"?\s*(?:$|[,;])', re.IGNORECASE)

# One of our ETags, or a plain version.
_VERSION = re.compile(r'(?:W/)?"?(\d{1,18})(?:\.[0-9a-f]+)?"?')


class QueryParametersMixin:
    """A mixin for views that read query parameters. The error for an invalid value names the parameter."""

    request: Any  # of the view

    @cached_property
    def query(self) -> QueryDict:
        """Return the parameters of the query string."""
        asked: QueryDict = self.request.query_params
        return asked

    def query_bool(self, name: str) -> bool | None:
        """Return a boolean, or None if the parameter is absent or empty. Raises ValidationError for other values."""
        value = self.query.get(name, "").lower()
        if value and value not in (*_TRUE, *_FALSE):
            raise ValidationError({name: [ErrorDetail("This must be true or false.", code="invalid")]})
        return value in _TRUE if value else None

    def query_int(self, name: str) -> int | None:
        """Return an integer, or None if the parameter is absent or empty. Raises ValidationError for other values."""
        value = self.query.get(name, "")
        number = parse_int(value)
        if value and number is None:
            raise ValidationError({name: [ErrorDetail("This must be a whole number.", code="invalid")]})
        return number

    def query_ints(self, name: str) -> tuple[int, ...]:
        """Return the distinct integers of a repeated parameter or of JSON lists.

        Raises ValidationError for other values and for too many integers.
        """
        found: list[int] = []
        for value in self.query.getlist(name):
            is_list = value.lstrip().startswith("[")
            for item in parse_json(value, name) if is_list else [value] if value else []:
                number = parse_int(item) if isinstance(item, str) else item
                if isinstance(number, bool) or not isinstance(number, int):
                    detail = "This must be a list of whole numbers: a repeated parameter, or a JSON list."
                    raise ValidationError({name: [ErrorDetail(detail, code="invalid")]})
                found.append(number)
        return self._check_count(name, found)

    def query_tags(self, name: str) -> tuple[str, ...]:
        """Return the distinct tags, in stored form, of a repeated parameter or of JSON lists.

        A value that is not a JSON list of strings is one tag.
        """
        found = (tag.strip().lower() for value in self.query.getlist(name) for tag in _parse_texts(value))
        return self._check_count(name, [tag for tag in found if tag])

    def _check_count(self, name: str, values: Iterable[Item]) -> tuple[Item, ...]:
        unique = tuple(dict.fromkeys(values))
        if len(unique) > MAX_VALUES:
            detail = f"This may have at most {MAX_VALUES} values."
            raise ValidationError({name: [ErrorDetail(detail, code="max_length")]})
        return unique

    def query_date_range(self, start: str, end: str) -> DateRange:
        """Return the date range of two query parameters. Raises ValidationError if either is not a date."""
        now = timezone.now()
        return DateRange(self._parse_bound(start, now, is_end=False), self._parse_bound(end, now, is_end=True))

    def _parse_bound(self, name: str, now: datetime, *, is_end: bool) -> datetime | None:
        text = self.query.get(name, "")
        try:
            return parse_date_bound(text, now, is_end=is_end) if text else None
        except ValueError as error:
            detail = "This must be a date: 2026-01-31, 2026-01-31T12:00:00Z, -7d, mStart, or all for no limit."
            raise ValidationError({name: [ErrorDetail(detail, code="invalid")]}) from error

    def query_choice(self, name: str, choices: Sequence[str]) -> str:
        """Return a choice, or an empty string if the parameter is absent. Raises ValidationError for other values."""
        value = self.query.get(name, "")
        if value and value not in choices:
            raise ValidationError(
                {name: [ErrorDetail(build_invalid_choice_message(value, choices), code="invalid_choice")]}
            )
        return value

    def query_text(self, name: str, max_length: int) -> str:
        """Return a string, or an empty string if the parameter is absent. Raises ValidationError above `max_length`."""
        value = self.query.get(name, "")
        if len(value) > max_length:
            detail = f"This must have at most {max_length} characters."
            raise ValidationError({name: [ErrorDetail(detail, code="max_length")]})
        return value


def _parse_texts(value: str) -> list[str]:
    """Return the strings of a JSON list of strings. Any other value is one string."""
    if not value.startswith("["):
        return [value]
    try:
        items = load_json(value)
    except (MalformedJSON, DisallowedJSON):
        return [value]
    return items if all(isinstance(item, str) for item in items) else [value]


def parse_object_parameter(query: QueryDict, name: str) -> dict[str, Any] | None:
    """Return a JSON object, or None if the parameter is absent or empty. Raises ValidationError for other values."""
    text = query.get(name, "")
    value = parse_json(text, name) if text else None
    if (value is not None and not isinstance(value, dict)) or (text and value is None):
        raise ValidationError({name: [ErrorDetail("This must be a JSON object.", code="invalid")]})
    return value


def is_strict(request: Request) -> bool:
    """Return whether the client requests strict handling, which refuses unknown fields."""
    return bool(_STRICT.search(request.headers.get("Prefer", "")))


def find_unknown_keys(field: AnyField, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the fields in `value` that `field` neither reads nor tolerates, in their original order."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_unknown_keys(field.child, item, f"{path}{index}__")
    elif isinstance(field, RequestSerializer) and isinstance(value, Mapping):
        for key, item in value.items():
            if key in field.fields:
                if isinstance(item, list | Mapping):
                    yield from find_unknown_keys(field.fields[key], item, f"{path}{key}__")
            elif key not in field.tolerated_keys and not field.reads_alias(key, value):
                yield f"{path}{key}"


def build_unknown_field_error(path: str) -> ValidationError:
    """Return the error for an unknown field under strict handling."""
    return ValidationError({path: [ErrorDetail("This field is unknown.", code="unknown_field")]})


def format_ignored_fields(paths: Iterable[str]) -> str:
    """Return the value of `Ignored-Fields`, with as many paths as fit."""
    value = ""
    for path in list(dict.fromkeys(paths))[:MAX_IGNORED_NAMES]:
        longer = f"{value}, {quote(path, safe='')}" if value else quote(path, safe="")
        if len(longer) <= MAX_IGNORED_BYTES:
            value = longer
    return value


def make_etag(request: HttpRequest, *parts: Any, version: int | None = None) -> str:
    """Return a weak ETag. It depends on the release, the request, and `parts`: the user and the state of the data.

    With a `version`, the ETag begins with the version, so that `If-Match` accepts the ETag of any response.
    """
    # The parts of the URL are only compared, so they are neither validated nor quoted again.
    query = request.META.get("QUERY_STRING", "")
    url = (settings.PUBLIC_URL, request.scheme, request.META.get("HTTP_HOST"), request.path, query)
    asked = (get_release_hash(), *url, version, *parts)
    digest = blake2b(repr(asked).encode(), digest_size=12).hexdigest()
    return f'W/"{digest}"' if version is None else f'W/"{version}.{digest}"'


def parse_if_match(request: HttpRequest) -> frozenset[int] | None:
    """Return the versions in `If-Match`, or None if it is `*` or absent."""
    sent = request.headers.get("If-Match")
    if sent is None or sent.strip() == "*":
        return None
    found = (_VERSION.fullmatch(each.strip()) for each in sent.split(","))
    return frozenset(int(each[1]) for each in found if each)


def etag_matches(request: HttpRequest, etag: str) -> bool:
    """Return whether `If-None-Match` names the given weak ETag."""
    sent = request.headers.get("If-None-Match")
    return sent is not None and any(each in ("*", etag) for each in parse_etags(sent))
