"""The client of the embedded engine. Each statement uses its own connection to the engine's Unix socket."""

import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import EngineError, EngineUnavailable, InvalidQuery, QueryTimeout, build_error, build_start_error
from engine.files import INCOMING, read_failure, read_holder
from engine.interface import (
    READ_SETTINGS,
    SECONDS_TO_WRITE,
    WRITE_SETTINGS,
    EngineClient,
    EngineInfo,
    FileImport,
    Limits,
    Result,
    build_insert,
    encode_rows,
    make_query_id,
    parse_result,
)
from engine.parameters import Value, format_parameters, quote_text
from engine.protocol import ProtocolError, connect, receive_message, send_message
from engine.read_validation import check_read
from engine.supervision import ensure_supervisor, is_engine_installed

SECONDS_TO_START = 30
# A client that may not start the engine waits this long for a restart. The wait is shorter than the deadline of a
# query, so that the client can report that the engine is down.
SECONDS_TO_RESTART = 5
SECONDS_BETWEEN_ATTEMPTS = 0.02
SECONDS_TO_ANSWER = 10
# The engine cancels a statement at its deadline, or exits two seconds later. Only a stalled machine takes longer.
SECONDS_OF_GRACE = 10
# The engine exits if a statement still runs this long after its cancellation. A write can be canceled only between two
# large blocks.
SECONDS_TO_END_READ = 2
SECONDS_TO_END_WRITE = 30


class ConnectionLost(Exception):
    """The error for a statement during which the engine died."""


class EmbeddedClient(EngineClient):
    """A client that starts the engine of a folder on first use, unless another process runs it already.

    The engine exits together with the process that started it. With `may_start=False`, a client waits until another
    process has started the engine. Use it in child processes that may be killed while other processes use the engine.
    """

    def __init__(self, folder: Path, *, may_start: bool = True) -> None:
        self.folder = folder
        self.may_start = may_start

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
        request = {
            "operation": "run",
            "sql": sql,
            "parameters": format_parameters(parameters or {}),
            "settings": READ_SETTINGS | limits.as_settings(),
            "readonly": True,
            "result_bytes": limits.result_bytes,
            "seconds_to_end": SECONDS_TO_END_READ,
            "seconds": limits.seconds,
            "query_id": query_id or make_query_id(),
        }
        started = time.monotonic()
        try:
            _, body = self._send_request(request, limits.seconds + SECONDS_OF_GRACE)
        except ConnectionLost as error:
            if time.monotonic() - started >= limits.seconds:
                raise QueryTimeout(f"The query took longer than {limits.seconds:g} seconds.") from error
            _, body = self._ask_again(request, limits.seconds + SECONDS_OF_GRACE)
        return parse_result(body)

    def execute(
        self,
        sql: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        seconds: float = SECONDS_TO_WRITE,
        query_id: str | None = None,
    ) -> Result:
        request = build_write(sql, query_id) | {"parameters": format_parameters(parameters or {}), "seconds": seconds}
        _, body = self._write(request, b"", seconds)
        return parse_result(body)

    def insert_rows(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, query_id: str | None = None
    ) -> int:
        request = build_write(build_insert(table, columns), query_id) | {"input_format": "JSONCompactEachRow"}
        if not (body := encode_rows(rows)):
            return 0
        header, _ = self._write(request, body, SECONDS_TO_WRITE)
        return int(header["rows"])

    def insert_file(self, table: str, file: FileImport, *, query_id: str | None = None) -> None:
        self.ping()  # the engine creates the folder for files
        with self._place_file(file.path) as path:
            source = ", ".join(map(quote_text, (str(path), file.format, file.structure)))
            insert = build_insert(table, file.select)
            sql = f"{insert} SELECT {', '.join(file.select.values())} FROM file({source})"  # noqa: S608  quoted
            request = build_write(sql, query_id)
            request["settings"] = {**WRITE_SETTINGS, **file.settings}
            self._write(request, b"", SECONDS_TO_WRITE)

    def describe_file(self, path: Path, format: str) -> dict[str, str]:
        self.ping()
        with self._place_file(path) as placed:
            described = self.execute(f"DESCRIBE TABLE file({quote_text(str(placed))}, {quote_text(format)})")
        return {row[0]: row[1] for row in described.rows}

    def cancel(self, query_id: str) -> bool:
        try:
            header, _ = self._exchange({"operation": "cancel", "query_id": query_id}, b"", SECONDS_TO_ANSWER)
        except (FileNotFoundError, ConnectionError):
            return False  # without an engine, no statement runs
        except (OSError, ConnectionLost) as error:
            raise self._build_unavailable_error() from error
        return bool(header["found"])

    def ping(self) -> EngineInfo:
        try:
            header, _ = self._send_request({"operation": "ping"}, SECONDS_TO_ANSWER)
        except ConnectionLost as error:
            raise self._build_unavailable_error() from error
        return EngineInfo(header["version"], str(self.folder))

    def close(self) -> None:
        """Do nothing. Each statement has its own connection, and the engine exits with the process that started it."""

    def _write(self, request: dict[str, Any], body: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        try:
            return self._send_request(request, seconds + SECONDS_TO_END_WRITE + SECONDS_OF_GRACE, body)
        except ConnectionLost as error:
            raise EngineUnavailable("The engine exited during a write. Some rows may have been stored.") from error

    def _ask_again(self, request: dict[str, Any], timeout: float) -> tuple[dict[str, Any], bytes]:
        try:
            return self._send_request(request, timeout)
        except ConnectionLost as error:
            raise EngineUnavailable("The engine exited twice while it ran the query.") from error

    def _send_request(self, request: dict[str, Any], timeout: float, body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Send a request. Start the engine if no engine responds."""
        deadline = time.monotonic() + (SECONDS_TO_START if self.may_start else SECONDS_TO_RESTART)
        while True:
            try:
                header, answered = self._exchange(request, body, timeout)
            except (FileNotFoundError, ConnectionError) as error:
                if time.monotonic() > deadline:
                    raise self._build_unavailable_error() from error
                self._start()
                time.sleep(SECONDS_BETWEEN_ATTEMPTS)
                continue
            except TimeoutError as error:
                raise QueryTimeout("The engine did not respond in time.") from error
            except OSError as error:  # the folder is missing, or belongs to another user
                raise EngineUnavailable(f"The engine in {self.folder} cannot be reached: {error.strerror}.") from error
            if problem := header.get("error"):
                raise build_error(problem["code"], problem["message"], reading=bool(request.get("readonly")))
            return header, answered

    def _exchange(self, request: dict[str, Any], body: bytes, timeout: float) -> tuple[dict[str, Any], bytes]:
        with connect(self.folder, timeout) as connection:
            try:
                send_message(connection, request, body)
                message = receive_message(connection)
            except (ConnectionResetError, BrokenPipeError) as error:
                raise ConnectionLost from error
            except ProtocolError as error:
                raise InvalidQuery(f"The statement cannot be sent to the engine: {error}.") from error
        if message is None:
            raise ConnectionLost
        return message

    def _start(self) -> None:
        if not is_engine_installed():
            raise EngineUnavailable(
                "The packages of the engine are not installed. Install them with `make serve` or"
                " `pip install --no-deps -r requirements-engine.lock`."
            )
        try:
            if self.may_start:
                ensure_supervisor(self.folder)
        except OSError as error:
            reason = f"{error.filename or self.folder}: {error.strerror}"
            raise EngineUnavailable(f"The engine cannot be started: {reason}.") from error
        if failure := read_failure(self.folder):
            raise build_start_error(failure)

    def _build_unavailable_error(self) -> EngineError:
        return EngineUnavailable(
            f"The engine does not respond. Its folder, {self.folder}, is in use by {read_holder(self.folder)}."
        )

    @contextmanager
    def _place_file(self, path: Path) -> Iterator[Path]:
        """Link or copy a file into the engine's folder, because the engine cannot read other folders."""
        suffix = "".join(path.suffixes[-2:])  # the suffix names the compression, as in .jsonl.gz
        placed = self.folder / INCOMING / f"{uuid.uuid4().hex}{suffix}"
        source = path.resolve()
        try:
            try:
                os.link(source, placed)
            except OSError:  # the file is on another disk, or has another owner
                shutil.copyfile(source, placed)
            yield placed
        finally:
            placed.unlink(missing_ok=True)


def build_write(sql: str, query_id: str | None) -> dict[str, Any]:
    return {
        "operation": "run",
        "sql": sql,
        "parameters": {},
        "settings": WRITE_SETTINGS,
        "seconds": SECONDS_TO_WRITE,
        "seconds_to_end": SECONDS_TO_END_WRITE,
        "query_id": query_id or make_query_id(),
    }
