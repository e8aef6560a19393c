"""Validation of query parameters. An operation accepts the parameters that the OpenAPI document declares for it.

The names come from `@extend_schema` and from the pagination class of a view, so there is no second list.
"""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from drf_spectacular.plumbing import is_serializer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, ValidationError

from dashboards_api.choices import find_closest_match
from dashboards_api.http.openapi import AutoSchema
from dashboards_api.http.pagination import SECRET_VALUE_PREFIX
from dashboards_api.http.request_options import MAX_VALUES
from dashboards_api.http.serializers import get_field_names

# The maximum in one request.
MAX_PARAMETERS = 250

_declared: dict[tuple[type[Any], str], frozenset[str]] = {}


def get_declared_parameters(view: Any) -> frozenset[str]:
    """Return the names of the query parameters that the action of a view declares."""
    key = (type(view), view.action)
    if key not in _declared:
        _declared[key] = frozenset(_find_declared_names(view))
    return _declared[key]


def _find_declared_names(view: Any) -> set[str]:
    handler = getattr(view, view.action)
    schema = getattr(handler, "kwargs", {}).get("schema", AutoSchema)()
    schema.view, schema.method = view, view.request.method
    parameters = [each for each in schema.get_override_parameters() if each.location == OpenApiParameter.QUERY]
    names = {name for each in parameters for name in _list_names(each)}
    if view.action == "list" and view.pagination_class is not None:
        names |= {each["name"] for each in view.pagination_class().get_schema_operation_parameters(view)}
    return names


def _list_names(parameter: OpenApiParameter) -> Iterable[str]:
    """Return the name of a parameter, or the field names of an object that is exploded into several parameters."""
    kind: Any = parameter.type
    is_spread = bool(parameter.explode) and is_serializer(kind)
    return get_field_names(kind) if is_spread else [parameter.name]


def check_parameter_count(query: QueryDict) -> None:
    """Raise ValidationError for too many parameters, or for too many values of one parameter."""
    total = 0
    for name, values in query.lists():
        total += len(values)
        if len(values) > MAX_VALUES:
            detail = f"A parameter may be repeated at most {MAX_VALUES} times."
            raise ValidationError({name: [ErrorDetail(detail, code="max_length")]})
    if total > MAX_PARAMETERS:
        detail = f"A query string may have at most {MAX_PARAMETERS} parameters."
        raise ValidationError([ErrorDetail(detail, code="max_length")])


def find_unknown_parameters(query: QueryDict, known: frozenset[str]) -> list[str]:
    """Return the unknown names in their original order.

    A name that contains an API key is cut off before the key, because the response repeats the names and may be logged.
    """
    return [name.partition(SECRET_VALUE_PREFIX)[0] or "…" for name in query if name and name not in known]


def build_unknown_parameter_error(name: str, known: frozenset[str]) -> ValidationError:
    """Return the error for an unknown parameter in a request with strict handling."""
    nearest = find_closest_match(name, known)
    guess = f" Did you mean {nearest!r}?" if nearest else ""
    return ValidationError({name: [ErrorDetail(f"This parameter is unknown.{guess}", code="unknown_field")]})
