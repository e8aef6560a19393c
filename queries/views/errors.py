"""Errors of queries as API exceptions."""

from rest_framework.exceptions import APIException

from dashboards_api.errors import DomainError, Unavailable, ValidationFailed
from dashboards_api.http.api_exceptions import Throttled
from dashboards_api.http.exception_handler import to_api_exception
from queries.exceptions import QueryError, QueryRateExceeded, TooManyQueries
from queries.readers.fields import build_query_status
from queries.readers.results import StoredResult

UNAVAILABLE_CODES = frozenset({"engine_unavailable", "worker_lost"})
SECONDS_UNTIL_RETRY = 5


class QueryFailed(APIException):
    """A query that failed because of a defect of the service. The error is in the log."""

    status_code = 500


def convert_query_error(error: DomainError) -> Exception:
    """Return the API exception for the error of a query. Most errors are caused by the query."""
    if error.code in (TooManyQueries.code, QueryRateExceeded.code):
        wait = error.wait if isinstance(error, QueryRateExceeded) else SECONDS_UNTIL_RETRY
        return Throttled(error.detail, wait=wait, code=error.code)
    if error.code in UNAVAILABLE_CODES:
        return Unavailable(error.detail, code=error.code)
    if error.code == QueryError.code:
        return QueryFailed(error.detail, code=error.code)
    return ValidationFailed(error.detail, attr=error.attr or "query", code=error.code)


def build_failure(stored: StoredResult, project_id: int) -> Exception:
    """Return the API exception for a failed query, with its status in addition to the fields of an error."""
    error = QueryError(stored.error_detail, code=stored.error_code)
    failure = to_api_exception(convert_query_error(error))
    failure.further_fields = {"query_status": build_query_status(stored, error, project_id)}  # type: ignore[attr-defined]  # an attribute of this project
    return failure
