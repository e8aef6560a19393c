"""The query parameters that lay filters and variables over what is stored, in one answer alone."""

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter

from dashboards.overrides import FILTERS, VARIABLES, Overrides, checked, without_value
from dashboards_api.http.query import object_in
from dashboards_api.http.views import ApiViewSet

OVERRIDES = [
    OpenApiParameter(FILTERS, str, description="A JSON object, laid over the filters in this answer alone."),
    OpenApiParameter(
        VARIABLES,
        str,
        description="A JSON object, laid over the variables in this answer alone: by id or code name, a value or an "
        "object with `value` or `isNull`.",
    ),
]


def overrides_of(view: ApiViewSet) -> Overrides:
    """Return the overrides of a request, and name or refuse what of them has no effect."""
    overrides = overrides_in(view.query)
    view.name_ignored(without_value(overrides))
    return overrides


def overrides_in(query: QueryDict) -> Overrides:
    """Return the overrides of a query string. Raises ValidationError and Invalid."""
    return checked(object_in(query, FILTERS), object_in(query, VARIABLES))
