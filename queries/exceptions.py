"""The errors of queries. Each `code` is also the error code in the query status of a tile."""

from dashboards_api.errors import DomainError, NotFound


class QueryError(DomainError):
    """The reason why a query has no result."""

    code = "query_error"


class WorkerLost(QueryError):
    """The error for a query after two attempts whose processes died, possibly because of the query."""

    code = "worker_lost"


class ResultTooLarge(QueryError):
    """A result that is too large to be stored."""

    code = "too_many_rows"


class TooManyQueries(QueryError):
    """The error for a project with the maximum number of queries in the queue."""

    code = "concurrency_limit_exceeded"

    def __init__(self) -> None:
        super().__init__("Too many queries of this project are in the queue. Please try again later.")


class QueryRateExceeded(QueryError):
    """The error for an API key that has reached a limit of `QUERY_RATE_LIMITS`. `wait` is in seconds."""

    code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(f"This API key has requested too many queries. Expected available in {wait} seconds.")
        self.wait = wait


class QueryNotFound(NotFound):
    """The error for a query id that is unknown in the project."""

    def __init__(self) -> None:
        super().__init__("Query not found.")
