"""Execution of one query without models: compile the query, run it on the engine, and shape its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from dashboards_api.errors import DomainError
from engine.client import get_client
from engine.errors import InvalidQuery, QueryTimeout
from engine.interface import EngineClient, Limits, Result
from engine.materialized_columns import read_materialized_columns
from engine.store import check_store_once
from queries.exceptions import ResultTooLarge
from queries.hogql.parser_process import PARSER
from queries.hogql.statement import Statement
from queries.hogql.tables import print_persons_check
from queries.nodes import VALIDATION
from queries.runners.compile import compile_query
from queries.runners.compiled import CompiledQuery, Rows
from queries.runners.context import QueryContext
from queries.runners.staleness import find_interval, get_age_limit, get_lazy_age_limit, has_ended
from queries.validation import describe_error, validate_query

# Size of the rows of a stored result as JSON, in bytes.
MAX_RESULT_BYTES = 5_000_000
MAX_QUERY_MEMORY_BYTES = 1_000_000_000
MAX_ROWS = 50_001
MAX_AST_DEPTH = 1_000  # a funnel of 32 steps with 20 exclusions has more than 500 levels
VALIDATION_LIFETIME = timedelta(minutes=1)
WARM_UP = "select 1"
_JSON = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


@dataclass(frozen=True)
class Task:
    """A query with all of its inputs. `id` is new for each attempt and identifies the attempt in the engine."""

    id: UUID
    query: dict[str, Any]
    context: QueryContext
    store_id: UUID
    seconds: float


class TaskOutcome(NamedTuple):
    """The result of a task as JSON, or the code and the text of its error."""

    results: bytes = b""
    details: bytes = b""
    stale_at: datetime | None = None
    lazily_stale_at: datetime | None = None
    error: tuple[str, str] | None = None


def prepare_child() -> None:
    """Start the parser, so that the first query of a child process does not wait for the start."""
    PARSER.parse(WARM_UP)


def run_task(task: Task) -> TaskOutcome:
    """Return the result of a task. An error of the query or of the engine is returned, not raised."""
    try:
        return _run(task)
    except DomainError as error:
        return TaskOutcome(error=(error.code, describe_error(error, task.query)))


def _run(task: Task) -> TaskOutcome:
    if task.query.get("kind") == VALIDATION:
        problems = validate_query(task.query.get("source"), task.context)
        return TaskOutcome(orjson.dumps(problems), b"{}", task.context.now + VALIDATION_LIFETIME)
    reader = StoreReader(task)
    try:
        compiled, found = _compile_and_read(task, reader)
    except InvalidQuery:
        if not reader.have_columns_changed():
            raise
        compiled, found = _compile_and_read(task, reader)
    body = compiled.shape(found.types, found.rows)
    results = orjson.dumps(body.pop("results"), option=_JSON)
    if len(results) > MAX_RESULT_BYTES:
        raise ResultTooLarge(
            f"The result has {len(results):,} bytes, but at most {MAX_RESULT_BYTES:,} bytes can be stored."
            " Select fewer columns, or use LIMIT."
        )
    details = body | {"timezone": task.context.time_zone, "resolved_date_range": _describe_range(compiled)}
    return TaskOutcome(results, orjson.dumps(details, option=_JSON), *_compute_stale_times(task, compiled))


def _compile_and_read(task: Task, reader: "StoreReader") -> tuple[CompiledQuery, Result]:
    context = replace(
        task.context,
        has_persons=reader.has_persons,
        read_materialized_columns=reader.read_materialized_columns,
    )
    compiled = compile_query(task.query, context, reader.read_rows)
    return compiled, reader.read(compiled.statement)


class StoreReader:
    """A reader of the store for one task. It runs statements one after another, with the id of the task as query id.

    The store is opened at the first statement, so that invalid queries are reported even without an engine.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._client: EngineClient | None = None
        self._has_persons: bool | None = None
        self._materialized_columns: Mapping[str, str] | None = None

    def read(self, statement: Statement, *, is_deduplicated: bool = True) -> Result:
        """Return the result of a statement. Raises EngineError."""
        limits = self._build_limits(is_deduplicated=is_deduplicated)
        return self.open().read(statement.sql, statement.parameters, limits=limits, query_id=str(self.task.id))

    def _build_limits(self, *, is_deduplicated: bool) -> Limits:
        return Limits(
            self.task.seconds,
            MAX_QUERY_MEMORY_BYTES,
            MAX_ROWS,
            result_bytes=10 * MAX_RESULT_BYTES,
            ast_depth=MAX_AST_DEPTH,
            is_deduplicated=is_deduplicated,
        )

    def open(self) -> EngineClient:
        """Return the client of the store. Raises EngineError."""
        if self._client is None:
            self._client = get_client(may_start=False)
            check_store_once(self._client, self.task.store_id)
        return self._client

    def read_rows(self, statement: Statement) -> Rows:
        return self.read(statement).rows

    def has_persons(self) -> bool:
        """Return whether the project has imported persons. Raises EngineError."""
        if self._has_persons is None:
            check = Statement(print_persons_check(), {"project_id": self.task.context.project_id}, ("one",), 1)
            self._has_persons = bool(self.read(check, is_deduplicated=False).rows)  # replaced rows also count
        return self._has_persons

    def read_materialized_columns(self) -> Mapping[str, str]:
        """Return the materialized columns of the store, by property. Raises EngineError."""
        if self._materialized_columns is None:
            limits = self._build_limits(is_deduplicated=False)
            self._materialized_columns = read_materialized_columns(
                self.open(), limits=limits, query_id=str(self.task.id)
            )
        return self._materialized_columns

    def have_columns_changed(self) -> bool:
        """Return whether materialized columns were added or dropped since they were read. Raises EngineError."""
        before, self._materialized_columns = self._materialized_columns, None
        return before is not None and self.read_materialized_columns() != before


def _describe_range(compiled: CompiledQuery) -> dict[str, str | None] | None:
    if compiled.range is None:
        return None
    start, end = (moment.isoformat() if moment else None for moment in compiled.range)
    return {"date_from": start, "date_to": end}


def _compute_stale_times(task: Task, compiled: CompiledQuery) -> tuple[datetime | None, datetime | None]:
    """Return the times at which the result becomes stale and lazily stale, or None if its date range has ended.

    A relative range such as the last seven days changes at midnight.
    """
    now = task.context.now
    if compiled.range is not None and has_ended(compiled.range, now):
        return None, None
    interval = find_interval(task.query)
    ages = now + get_age_limit(interval), now + get_lazy_age_limit(interval)
    if compiled.range is None:
        return ages
    midnight = _find_next_midnight(task.context)
    return min(ages[0], midnight), ages[1]


def _find_next_midnight(context: QueryContext) -> datetime:
    tomorrow = context.local_now.date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=context.zone)


def describe_timeout(seconds: float) -> tuple[str, str]:
    """Return the error of a task whose child process was killed at the deadline."""
    error = QueryTimeout(f"The query took longer than {seconds:g} seconds.")
    return error.code, error.detail
