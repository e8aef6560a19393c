"""The query parameters that override filters and variables in one response."""

from drf_spectacular.utils import OpenApiParameter

from dashboards.http_requests import parse_overrides
from dashboards.request_overrides import (
    FILTERS_OVERRIDE,
    VARIABLES_OVERRIDE,
    RequestOverrides,
    find_ignored_overrides,
)
from dashboards_api.http.viewsets import ApiViewSet

OVERRIDES = [
    OpenApiParameter(
        FILTERS_OVERRIDE,
        str,
        description="A JSON object that overrides the filters in this response. Nothing is stored.",
    ),
    OpenApiParameter(
        VARIABLES_OVERRIDE,
        str,
        description="A JSON object that overrides the variables in this response, by id or code name: a value, or an "
        "object with `value` or `isNull`. Nothing is stored.",
    ),
]


def get_overrides(view: ApiViewSet) -> RequestOverrides:
    """Return the overrides of a request. Those without an effect are named in `Ignored-Fields`, or refused."""
    overrides = parse_overrides(view.query)
    view.report_ignored(find_ignored_overrides(overrides))
    return overrides
