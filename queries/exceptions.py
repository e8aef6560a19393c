"""The errors of queries. `code` is what a tile says, too."""

from dashboards_api.errors import DomainError, NotFound


class QueryError(DomainError):
    """A query that has no result, with the reason."""

    code = "query_error"


class WorkerLost(QueryError):
    """The processes that computed a query have ended twice: it may be the reason."""

    code = "worker_lost"


class ResultTooLarge(QueryError):
    """A result that is larger than results may be stored."""

    code = "too_many_rows"


class NoStore(QueryError):
    """Nothing was ever imported."""

    code = "no_data"

    def __init__(self) -> None:
        super().__init__("No events have been imported yet: `manage.py import_events`.")


class TooManyQueries(QueryError):
    """The project has as many queries in the queue as it may have."""

    code = "concurrency_limit_exceeded"

    def __init__(self) -> None:
        super().__init__("Too many queries of this project wait to be computed. Please try again later.")


class QueryNotFound(NotFound):
    """There is no query with this id in the project."""

    def __init__(self) -> None:
        super().__init__("Query not found.")
