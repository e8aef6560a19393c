"""The engine process: one ClickHouse session behind a Unix socket. The supervisor starts it; no module imports it.

Only this module imports chDB. The process is spawned and never forked, because a forked process does not inherit the
threads that chDB starts on import. The environment of the process is empty. Core files are disabled because they would
contain the memory of chDB.
"""

import contextlib
import fcntl
import os
import resource
import select
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from engine.files import INCOMING, LOCK_NAME, STORE, TEMPORARY, describe_holder
from engine.landlock import sandbox_file_access
from engine.memory import get_engine_memory_limit
from engine.protocol import GREETING, ProtocolError, listen, receive_message, send_message
from engine.statements import RunningStatement, Statements
from engine.write_verification import WriteVerifier, report

LOCKED_EXIT = 3
SECONDS_BETWEEN_CHECKS = 0.1
SECONDS_BETWEEN_VERIFICATIONS = 60  # less than the eight minutes after which ClickHouse removes merged parts
SECONDS_TO_STOP = 3
MAX_FILES = 65_536
# The free disk space below which no insert or merge starts, because data is damaged if the disk becomes full during a
# write.
KEEP_FREE = "storage_configuration.disks.default.keep_free_space_bytes"
FREE_BYTES_MIN = 100_000_000
# Paths besides the interpreter and its packages: shared libraries, time zones, and information of the kernel.
READABLE = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/dev/urandom",
)


class Engine:
    """The session, and the statements that run in it, each on its own connection."""

    def __init__(self, folder: Path, *, restricted: bool) -> None:
        from chdb.state import connect

        self.restricted = restricted
        options = {
            "max_server_memory_usage": get_engine_memory_limit(),
            KEEP_FREE: FREE_BYTES_MIN,
            "backups.allowed_path": folder / INCOMING,
        }
        self.address = f"{folder / STORE}?{'&'.join(f'{name}={value}' for name, value in options.items())}"
        self._connect = connect
        self._session = connect(self.address)  # keeps the store open between statements
        self.version = str(self._session.query("SELECT version()", "TSVRaw")).strip()
        self.statements = Statements(self.kill)
        self.write_verifier = WriteVerifier(lambda: connect(self.address))

    def respond(self, connection: socket.socket, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        match request["operation"]:
            case "ping":
                return {"pid": os.getpid(), "version": self.version, "restricted": self.restricted}, b""
            case "cancel":
                return {"found": self.statements.cancel(request["query_id"])}, b""
            case "run":
                return self.run(connection, request, body)
            case operation:
                raise ProtocolError(f"unknown operation: {operation}")

    def run(self, connection: socket.socket, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Run a statement. Return its result or ClickHouse's error as a response."""
        limits = request["seconds"], request["seconds_to_end"]
        with self.statements.register(request["query_id"], connection, *limits) as running:
            try:
                return self._run(request, body, running)
            except Exception as error:  # noqa: BLE001  chDB raises several types, some of them bare
                code, message = running.describe(str(error))
                return {"error": {"code": code, "message": message}}, b""

    def _run(self, request: dict[str, Any], body: bytes, running: RunningStatement) -> tuple[dict[str, Any], bytes]:
        opened = self._connect(self.address)
        try:
            settings = {**request["settings"], "log_comment": running.query_id}
            opened.query(f"SET {', '.join(f'{name} = {_quote(value)}' for name, value in settings.items())}")
            if request.get("readonly"):
                opened.query("SET readonly = 1")  # no later statement can reset these settings
            if running.is_cancelled:
                raise RuntimeError("cancelled before the start")
            if request.get("readonly"):
                return {}, _query(opened, request)
            with self.write_verifier.verify_write():
                if (input_format := request.get("input_format")) is not None:
                    return {"rows": _insert(opened, request["sql"], input_format, body)}, b""
                return {}, _query(opened, request)
        finally:
            opened.close()

    def kill(self, running: RunningStatement) -> None:
        """Cancel a statement, which is identified by the setting `log_comment` of its connection."""
        opened = self._connect(self.address)
        try:
            opened.query(f"KILL QUERY WHERE Settings['log_comment'] = {_quote(running.query_id)} ASYNC")
        finally:
            opened.close()

    def verify_merges(self) -> NoReturn:
        """Verify the results of background merges while ClickHouse still keeps the files of the source parts."""
        while True:
            time.sleep(SECONDS_BETWEEN_VERIFICATIONS)
            self.verify_parts()

    def verify_parts(self) -> None:
        """Verify new parts. An error is reported but not raised, because the next verification may succeed."""
        try:
            self.write_verifier.verify_new_parts()
        except Exception as error:  # noqa: BLE001  chDB raises several types
            report(f"New parts could not be verified: {' '.join(str(error).split())}")

    def close(self) -> None:
        self._session.close()


def _query(opened: Any, request: dict[str, Any]) -> bytes:
    result = bytes(opened.query(request["sql"], "JSONCompact", params=request["parameters"]).bytes())
    check_size(len(result), request.get("result_bytes"))
    return result


def check_size(size: int, limit: int | None) -> None:
    """Raise ClickHouse's error for a result above the limit, because ClickHouse does not count expanded constants."""
    if limit and size > limit:
        raise RuntimeError(f"Code: 396. DB::Exception: The result has {size} bytes, more than {limit}.")


def _insert(opened: Any, sql: str, input_format: str, body: bytes) -> int:
    """Insert rows from a temporary file.

    chDB's own method, `send_insert`, reports rows as inserted even if they were lost because the disk was full.
    """
    with tempfile.NamedTemporaryFile(prefix="insert-") as file:
        file.write(body)
        file.flush()
        return int(opened.query(f"{sql} FROM INFILE {_quote(file.name)} FORMAT {input_format}").rows_read())


def _quote(value: object) -> str:
    if isinstance(value, int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class Service:
    """The listening socket, with a thread for each connection. A client sends one request at a time on a connection."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.engine = engine
        self.listener = listen(folder)
        self.is_stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # the socket was closed because the process is stopping
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ProtocolError, KeyError, ValueError):
            connection.sendall(GREETING)
            while (message := receive_message(connection)) and not self.is_stopping:
                send_message(connection, *self.engine.respond(connection, *message))

    def watch(self) -> None:
        """Enforce deadlines until the supervisor exits or requests a shutdown."""
        while not self.is_stopping:
            if select.select([sys.stdin], [], [], SECONDS_BETWEEN_CHECKS)[0] and not os.read(sys.stdin.fileno(), 4096):
                return
            self.engine.statements.enforce()

    def stop(self) -> None:
        self.is_stopping = True
        self.listener.close()
        deadline = time.monotonic() + SECONDS_TO_STOP
        while self.engine.statements.cancel_all() and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_CHECKS)
        if not self.engine.statements.count():
            self.engine.verify_parts()
            self.engine.close()


def main() -> NoReturn:
    folder = Path(sys.argv[1])
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raise_file_limit()
    lock = take_lock(folder)
    prepare_folders(folder)
    restricted = sandbox_file_access([folder, Path("/dev/null")], find_readable_paths())
    engine = Engine(folder, restricted=restricted)
    service = Service(folder, engine)
    threading.Thread(target=engine.verify_merges, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: setattr(service, "is_stopping", True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches this process
    service.watch()
    service.stop()
    sys.stdout.flush()
    os.close(lock)
    os._exit(0)  # an ordinary exit would wait for threads whose statements were not canceled in time


def take_lock(folder: Path) -> int:
    """Lock a folder, and return the descriptor of its lock file. Exit if another process holds the lock."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(LOCKED_EXIT)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, describe_holder().encode())
    return descriptor


def prepare_folders(folder: Path) -> None:
    """Create missing folders, and remove files that a killed engine left behind."""
    shutil.rmtree(folder / TEMPORARY, ignore_errors=True)
    for name in (STORE, INCOMING, TEMPORARY):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder / TEMPORARY)  # the import of chDB creates a session there
    os.chdir(folder)


def raise_file_limit() -> None:
    """Raise the limit on open files, because a table has hundreds of parts, each with several files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def find_readable_paths() -> list[Path]:
    interpreter = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    return [Path(path) for path in (*sorted(interpreter), *READABLE)]
