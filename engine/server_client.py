"""The client of a ClickHouse server, over its HTTP interface."""

import gzip
import itertools
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from dashboards_api.environment import EngineServer
from engine.errors import EngineUnavailable, InvalidQuery, QueryTimeout, build_error
from engine.interface import (
    READ_SETTINGS,
    ROW_NUMBER,
    SECONDS_TO_WRITE,
    WRITE_SETTINGS,
    EngineClient,
    EngineInfo,
    FileImport,
    Limits,
    Result,
    Setting,
    build_insert,
    encode_rows,
    make_query_id,
    parse_result,
)
from engine.parameters import Value, format_parameter, quote_text
from engine.read_validation import check_read

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

T = TypeVar("T")
SECONDS_TO_CONNECT = 5
# The server cancels a statement at its limit. This timeout is for a server that does not respond at all.
SECONDS_OF_GRACE = 5
CHUNK_BYTES = 1024 * 1024
SAMPLE_LINES = 1000
SENT_ROW_NUMBER = "rowNumberInAllBlocks()"  # the server reads the sent rows block by block
BINARY_FORMATS = ("Parquet", "ORC", "Arrow", "Avro", "Native", "RowBinary")


class ServerClient(EngineClient):
    """A client that connects on first use, and again after a failure. Threads share its connection pool."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self.location = f"{server.host}:{server.port}/{server.database}"
        self._lock = threading.Lock()
        self._connected: Client | None = None

    def read(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        limits: Limits | None = None,
        query_id: str | None = None,
    ) -> Result:
        check_read(sql)
        limits = limits or Limits()
        settings = READ_SETTINGS | limits.as_settings() | {"readonly": 1, "query_id": query_id or make_query_id()}
        return self._query(sql, parameters, settings, reading=True)

    def execute(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        seconds: float = SECONDS_TO_WRITE,
        query_id: str | None = None,
    ) -> Result:
        settings = WRITE_SETTINGS | {"max_execution_time": seconds, "query_id": query_id or make_query_id()}
        return self._query(sql, parameters, settings, reading=False)

    def _query(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None,
        settings: dict[str, Setting],
        *,
        reading: bool,
    ) -> Result:
        bound = {name: _to_bindable(value) for name, value in (parameters or {}).items()}
        settings = settings | {"wait_end_of_query": 1}  # so that an error after the first rows is also raised
        headers = {"X-ClickHouse-Format": "JSONCompact"}
        return parse_result(
            self._call(
                lambda client: client.raw_query(sql, parameters=bound, settings=settings, transport_settings=headers),
                reading=reading,
            )
        )

    def insert_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, query_id: str | None = None
    ) -> int:
        if not (body := encode_rows(rows)):
            return 0
        self._send(build_insert(table, columns), "JSONCompactEachRow", [body], query_id)
        return body.count(b"\n") + 1

    def insert_file(self, table: str, file: FileImport, *, query_id: str | None = None) -> None:
        source = f"input({quote_text(file.structure)})"
        columns = ", ".join(file.select.values()).replace(ROW_NUMBER, SENT_ROW_NUMBER)
        insert = f"{build_insert(table, file.select)} SELECT {columns} FROM {source}"  # noqa: S608  quoted
        with open_file(file.path) as opened:
            self._send(insert, file.format, iter(lambda: opened.read(CHUNK_BYTES), b""), query_id, file.settings)

    def _send(
        self,
        insert: str,
        input_format: str,
        chunks: Iterable[bytes],
        query_id: str | None,
        extra: Mapping[str, Setting] | None = None,
    ) -> None:
        settings = {**WRITE_SETTINGS, **(extra or {}), "query_id": query_id or make_query_id()}
        statement = f"{insert} FORMAT {input_format}\n".encode()
        body = (chunk for chunk in itertools.chain([statement], chunks))
        self._call(lambda client: client.raw_insert("", insert_block=body, settings=settings), reading=False)

    def describe_file(self, path: Path, format: str) -> dict[str, str]:
        """Return the columns of a file from its first lines. A server can inspect files in text formats only."""
        if format.startswith(BINARY_FORMATS):
            raise InvalidQuery(f"A ClickHouse server cannot determine the columns of a file in the format {format}.")
        with open_file(path) as opened:
            sample = b"".join(itertools.islice(opened, SAMPLE_LINES)).decode()
        described = self.execute(f"DESCRIBE TABLE format({quote_text(format)}, {{sample:String}})", {"sample": sample})
        return {row[0]: row[1] for row in described.rows}

    def cancel(self, query_id: str) -> bool:
        result = self.execute("KILL QUERY WHERE query_id = {id:String} ASYNC", {"id": query_id}, seconds=10)
        return bool(result.rows)

    def ping(self) -> EngineInfo:
        version = self._call(lambda client: str(client.server_version), reading=False)
        self.execute("SELECT 1", seconds=10)
        return EngineInfo(version, self.location)

    def close(self) -> None:
        with self._lock:
            if self._connected is not None:
                self._connected.close()
                self._connected = None

    def _call(self, function: Callable[["Client"], T], *, reading: bool) -> T:
        from clickhouse_connect.driver.exceptions import DatabaseError, Error, OperationalError

        try:
            return function(self._connect())
        except (DatabaseError, OperationalError) as error:
            if code := getattr(error, "code", None):
                raise build_error(code, str(error), reading=reading) from error
            with suppress(Error):
                self.close()
            if "timed out" in str(error).lower():
                raise QueryTimeout(f"The ClickHouse server {self.location} did not respond in time.") from error
            raise EngineUnavailable(f"The ClickHouse server {self.location} does not respond.") from error

    def _connect(self) -> "Client":
        with self._lock:
            if self._connected is None:
                self._connected = _open(self.server)
            return self._connected


def _open(server: EngineServer) -> "Client":
    import clickhouse_connect

    return clickhouse_connect.get_client(
        interface="https" if server.secure else "http",
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        database=server.database,
        connect_timeout=SECONDS_TO_CONNECT,
        send_receive_timeout=SECONDS_TO_WRITE + SECONDS_OF_GRACE,
        autogenerate_session_id=False,  # statements of one session cannot run concurrently
        query_retries=0,
        compress=False,
    )


def _to_bindable(value: Value) -> Any:
    """Return a value that the client library binds like `format_parameter`.

    The library would convert times to the server's time zone.
    """
    if isinstance(value, datetime | date):
        return format_parameter(value)
    if isinstance(value, list | tuple):
        return [_to_bindable(element) for element in value]
    return int(value) if isinstance(value, bool) else value


def open_file(path: Path) -> BinaryIO:
    """Open a file, and decompress it if its suffix names a compression.

    Compressed data cannot be sent, because the statement that precedes the data is not compressed.
    """
    match path.suffix:
        case ".gz":
            return cast(BinaryIO, gzip.open(path, "rb"))
        case ".zst":
            return open_zstd(path)
        case _:
            return path.open("rb")


def open_zstd(path: Path) -> BinaryIO:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast(BinaryIO, zstd.open(path, "rb"))
