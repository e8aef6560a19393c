"""The interface of an engine, embedded or remote. Both engines run the same SQL with the same settings."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.errors import InvalidQuery
from engine.parameters import Value, quote_identifier

Setting = str | int | float

# Settings of every read. Outer joins return null for missing rows. JSON contains numbers as numbers, and times in UTC
# with a Z, because local times are ambiguous in the hour after the end of daylight saving time.
READ_SETTINGS: dict[str, Setting] = {
    "join_use_nulls": 1,
    "do_not_merge_across_partitions_select_final": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_quote_decimals": 0,
    "date_time_output_format": "iso",
}
# Settings of writes: ISO 8601 times; any number of months in one insert; and blocks small enough that a large import
# keeps at most a gigabyte in memory.
WRITE_SETTINGS: dict[str, Setting] = {
    "date_time_input_format": "best_effort",
    "max_partitions_per_insert_block": 0,
    "min_insert_block_size_bytes": 48_000_000,
}
SECONDS_TO_WRITE = 3600
ROW_NUMBER = "_row_number"
SEVERAL_RESULTS = "The text contains more than one statement, or a FORMAT clause."


@dataclass(frozen=True)
class Limits:
    """The limits of one read."""

    seconds: float = 10
    memory_bytes: int = 1_000_000_000
    result_rows: int = 100_000
    result_bytes: int = 50_000_000
    ast_depth: int = 500
    is_deduplicated: bool = True  # whether replaced rows are left out, which merges all parts that are read

    def as_settings(self) -> dict[str, Setting]:
        return {
            "final": int(self.is_deduplicated),
            "max_execution_time": self.seconds,
            "max_memory_usage": self.memory_bytes,
            "max_bytes_before_external_group_by": self.memory_bytes // 2,
            "max_bytes_before_external_sort": self.memory_bytes // 2,
            "max_result_rows": self.result_rows,
            "max_result_bytes": self.result_bytes,
            "max_ast_depth": self.ast_depth,
        }


class Result(NamedTuple):
    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    rows_read: int
    seconds: float


class EngineInfo(NamedTuple):
    version: str
    location: str


@dataclass(frozen=True)
class FileImport:
    """A file to insert into a table.

    `structure` lists the columns of the file with their types; a column that the file lacks is null, or the default
    of its type. `select` maps each column of the table to an expression over the columns of the file. An expression
    may contain ROW_NUMBER, which counts the rows of the file from 0. `settings` are further settings of the insert.
    """

    path: Path
    format: str
    structure: str
    select: Mapping[str, str]
    settings: Mapping[str, Setting] = field(default_factory=dict)


class EngineClient(ABC):
    """A client that runs statements. It is thread-safe."""

    @abstractmethod
    def read(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str | None = None,
    ) -> Result:
        """Run a read-only statement, and return its rows. Raises EngineError."""

    @abstractmethod
    def execute(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        seconds: float = SECONDS_TO_WRITE,
        query_id: str | None = None,
    ) -> Result:
        """Run a statement of this service. The statement may change data.

        A statement without a result returns no columns.

        The statement is not repeated if the engine dies during the execution. Raises EngineError.
        """

    @abstractmethod
    def insert_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, query_id: str | None = None
    ) -> int:
        """Insert rows, and return the number of inserted rows. Raises EngineError.

        All rows are sent in one message, so pass at most a few hundred thousand at a time. After EngineUnavailable, the
        rows of some months may have been inserted; after other errors, no row is kept. Inserts are idempotent, so all
        rows can be inserted again.
        """

    @abstractmethod
    def insert_file(self, table: str, file: FileImport, *, query_id: str | None = None) -> None:
        """Insert the rows of a file. Raises EngineError. Rows before the error may remain, so use a staging table."""

    @abstractmethod
    def describe_file(self, path: Path, format: str) -> dict[str, str]:
        """Return the columns of a file with the types that ClickHouse infers. Raises EngineError."""

    @abstractmethod
    def cancel(self, query_id: str) -> bool:
        """Cancel a statement. Return whether the statement was running. Raises EngineUnavailable."""

    @abstractmethod
    def ping(self) -> EngineInfo:
        """Return the version and location of the engine. Raises EngineUnavailable."""

    @abstractmethod
    def close(self) -> None: ...


def make_query_id() -> str:
    return str(uuid.uuid4())


def build_insert(table: str, columns: Iterable[str]) -> str:
    """Return an INSERT statement without its rows."""
    names = ", ".join(quote_identifier(name) for name in columns)
    return f"INSERT INTO {quote_identifier(table)} ({names})"


def encode_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows in ClickHouse's format JSONCompactEachRow."""
    return b"\n".join(orjson.dumps(row, option=orjson.OPT_UTC_Z) for row in rows)


def parse_result(body: bytes) -> Result:
    """Return a result in ClickHouse's format JSONCompact. A statement without a result has an empty body.

    Raises InvalidQuery for more than one result, and for another format.
    """
    if not body.strip():
        return Result([], [], [], 0, 0.0)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidQuery(SEVERAL_RESULTS) from error
    if not isinstance(document, dict) or "meta" not in document:
        raise InvalidQuery(SEVERAL_RESULTS)
    columns = [column["name"] for column in document["meta"]]
    types = [column["type"] for column in document["meta"]]
    statistics = document.get("statistics", {})
    return Result(columns, types, document["data"], statistics.get("rows_read", 0), statistics.get("elapsed", 0.0))
