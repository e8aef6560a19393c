"""Errors of queries as responses."""

from rest_framework.exceptions import APIException
from rest_framework.response import Response

from dashboards_api.errors import DomainError, Unavailable, ValidationFailed
from dashboards_api.http.api_exceptions import Throttled
from queries.exceptions import QueryError, TooManyQueries
from queries.readers.fields import build_query_status
from queries.readers.results import StoredResult

UNAVAILABLE_CODES = frozenset({"engine_unavailable", "worker_lost"})
SECONDS_UNTIL_RETRY = 5


class QueryFailed(APIException):
    """A defect of the service, and not of the query. The error is in the log."""

    status_code = 500


def convert_query_error(error: DomainError) -> Exception:
    """Return the API exception for the error of a query. Most of these are caused by the query."""
    if error.code == TooManyQueries.code:
        return Throttled(error.detail, wait=SECONDS_UNTIL_RETRY, code=error.code)
    if error.code in UNAVAILABLE_CODES:
        return Unavailable(error.detail, code=error.code)
    if error.code == QueryError.code:
        return QueryFailed(error.detail, code=error.code)
    return ValidationFailed(error.detail, attr=error.attr or "query", code=error.code)


def describe_failure(stored: StoredResult, project_id: int) -> Response:
    """Return the status of a failed query: the error envelope together with the query status."""
    error = QueryError(stored.error_detail, code=stored.error_code)
    status = 503 if error.code in UNAVAILABLE_CODES else 500 if error.code == QueryError.code else 400
    envelope = {
        "type": "validation_error" if status == 400 else "server_error",
        "code": error.code,
        "detail": error.detail,
        "attr": "query" if status == 400 else None,
    }
    return Response({**envelope, "query_status": build_query_status(stored, error, project_id)}, status=status)
