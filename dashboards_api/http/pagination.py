"""Pagination of lists: by limit and offset (`{count, next, previous, results}`), by page number, and by cursor."""

from typing import Any, ClassVar

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter
from rest_framework import pagination
from rest_framework.request import Request

from dashboards_api.http.middleware import get_base_url
from dashboards_api.parsing import parse_int

# Links do not contain these parameters, because clients and logs store links.
SECRET_PARAMETERS = ("personal_api_key",)
SECRET_VALUE_PREFIX = "phx_"  # noqa: S105  the prefix of API keys, not a secret


class LimitOffsetPagination(pagination.LimitOffsetPagination):
    """Pages by limit and offset. Invalid values are replaced instead of refused, because existing clients send them.

    A limit that is not an integer of at least 1 becomes the default. A limit above the maximum becomes the maximum. An
    offset that is not an integer becomes 0.
    """

    default_limit = 100
    max_limit = 1000
    limit_query_description = "Number of results to return per page: at most 1,000, by default 100."
    offset_query_description = "The initial index from which to return the results."

    def get_window(self, request: Request) -> tuple[int, int]:
        """Return the (limit, offset) of a request."""
        requested_limit = parse_int(request.query_params.get("limit"))
        limit = min(requested_limit, self.max_limit) if requested_limit else self.default_limit
        return limit, parse_int(request.query_params.get("offset")) or 0

    def paginate_list(self, request: Request, rows: list[Any]) -> dict[str, Any]:
        """Return one page of a list that is completely in memory."""
        limit, offset = window = self.get_window(request)
        return self.build_page(request, window, len(rows), rows[offset : offset + limit])

    def build_page(
        self, request: Request, window: tuple[int, int], count: int, results: list[Any], after: str = ""
    ) -> dict[str, Any]:
        """Return one page of a list of `count` rows. `after` is a cursor for the link to the next page.

        A page of large rows may contain fewer rows than the limit. The next page begins after its last row.
        """
        limit, offset = window
        following = offset + (len(results) or limit)
        return {
            "count": count,
            "next": _build_window_url(request, limit, following, after) if following < count else None,
            "previous": _build_window_url(request, limit, max(0, offset - limit)) if offset > 0 else None,
            "results": results,
        }


class PageNumberPagination:
    """Pages by number: `{results, next, previous, total_count}`, for the few operations with page numbers.

    An invalid page becomes the first page, an invalid limit becomes the default, and a limit above the maximum becomes
    the maximum.
    """

    default_limit = 10
    max_limit = 100
    PARAMETERS: ClassVar[list[OpenApiParameter]] = [
        OpenApiParameter("page", int, description="The number of the page, from 1."),
        OpenApiParameter("limit", int, description="Number of results per page: at most 100, by default 10."),
    ]

    def get_page_and_limit(self, request: Request) -> tuple[int, int]:
        """Return the (page, limit) of a request."""
        limit = parse_int(request.query_params.get("limit")) or self.default_limit
        return parse_int(request.query_params.get("page")) or 1, min(limit, self.max_limit)

    def build_page(
        self, request: Request, page_and_limit: tuple[int, int], total: int, results: list[Any]
    ) -> dict[str, Any]:
        """Return the response for one page of `total` rows."""
        page, limit = page_and_limit
        return {
            "results": results,
            "next": build_page_url(request, {"page": str(page + 1)}) if page * limit < total else None,
            "previous": build_page_url(request, {"page": str(page - 1)}) if page > 1 else None,
            "total_count": total,
        }


class CursorPagination(pagination.BasePagination):
    """Pages of a log, newest entries first. `next` contains the cursor of the following page."""

    def get_cursor(self, request: Request) -> int | None:
        """Return the cursor of a request. An invalid cursor means the first page."""
        return parse_int(request.query_params.get("cursor"))

    def build_page(self, request: Request, results: list[Any], after: int | None) -> dict[str, Any]:
        """Return one page of results."""
        following = build_page_url(request, {"cursor": str(after)}) if after is not None else None
        return {"next": following, "previous": None, "results": results}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        description = "The cursor of the page, from the link in `next`."
        return [
            {
                "name": "cursor",
                "required": False,
                "in": "query",
                "description": description,
                "schema": {"type": "string"},
            }
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": {**address, "description": "Always null."}, "results": schema},
        }


def build_page_url(request: Request, place: dict[str, str], without: tuple[str, ...] = ()) -> str:
    """Return the absolute URL of the same list with other parameters."""
    query = QueryDict(mutable=True)
    for name, values in request.query_params.lists():
        if name.lower() not in SECRET_PARAMETERS:
            query.setlist(name, [value for value in values if not value.startswith(SECRET_VALUE_PREFIX)])
    for name in without:
        query.pop(name, None)
    for name, value in place.items():
        query[name] = value
    return f"{get_base_url(request)}{request.path}?{query.urlencode()}"


def _build_window_url(request: Request, limit: int, offset: int, after: str = "") -> str:
    place = {"limit": str(limit)}
    if offset:
        place["offset"] = str(offset)
    if after:
        place["after"] = after
    return build_page_url(request, place, without=("offset", "after"))
