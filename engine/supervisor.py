"""The supervisor: a small process that starts the engine, restarts it after a failure, and stops it.

The supervisor is a process and not a thread, because a thread would be killed together with a web worker or command,
while the engine would continue to run. The supervisor's standard input is a pipe from the process that needs the
engine. When that process exits, for any reason, the supervisor stops the engine and exits. The supervisor imports only
the standard library and orjson.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import orjson

from engine.files import FAILURE_NAME, is_on_this_machine, read_holder
from engine.protocol import SOCKET_NAME, ProtocolError, connect, receive_message, send_message

ROOT = Path(__file__).resolve().parent.parent
LOCKED_EXIT = 3
SECONDS_TO_START = 120  # opening a large store takes a while
SECONDS_TO_STOP = 6
SECONDS_TO_STAND_BY = 1
SECONDS_BETWEEN_CHECKS = 0.2
SECONDS_BETWEEN_FIRST_CHECKS = 0.02
SECONDS_BETWEEN_PINGS = 5
SECONDS_TO_ANSWER = 15
BACKOFF_MIN = 0.2
MAX_BACKOFF = 30.0
MAX_FAILURE_CHARACTERS = 500
MAX_OUTPUT_CHARACTERS = 20_000
# ClickHouse writes the reason why it did not start to standard error; the exception in Python contains less.
_REASONS = (re.compile(r"^Code: .*", re.MULTILINE), re.compile(r"^\w+(?:Error|Exception)\b.*", re.MULTILINE))


class SupervisorLoop(ABC):
    """A loop that exits together with the process that started it, so that it never becomes an orphan process.

    Its standard input is a pipe from that process.
    """

    is_stopping = False

    @abstractmethod
    def run(self) -> None:
        """Run until `is_stopping` is set."""

    def wait(self, seconds: float) -> None:
        """Sleep. Return early if the parent process has exited."""
        deadline = time.monotonic() + seconds
        while not self.is_stopping and (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([sys.stdin], [], [], left)
            if readable and not os.read(sys.stdin.fileno(), 4096):
                self.is_stopping = True

    def run_and_exit(self) -> NoReturn:
        """Run the loop as the main program. SIGTERM or the end of standard input stops the loop; Ctrl-C does not."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "is_stopping", True))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group
        self.run()
        sys.exit(0)


class Supervisor(SupervisorLoop):
    """The loop that keeps the engine of a folder running until `is_stopping` is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backoff = BACKOFF_MIN
        self.reported_holder = ""
        self.is_ready = False
        self.has_started = False

    def run(self) -> None:
        while not self.is_stopping:
            code, reason = self.run_engine()
            if code == LOCKED_EXIT:
                self.stand_by()
            elif not self.is_stopping:
                self.restart(code, reason)

    def stand_by(self) -> None:
        """Wait while another process uses the folder. If that process is local, clients can use its engine."""
        holder = read_holder(self.folder)
        if holder != self.reported_holder:
            log("engine_in_use", folder=str(self.folder), holder=holder)
            self.reported_holder = holder
        if not is_on_this_machine(self.folder):
            self.report_failure(f"Its folder, {self.folder}, is in use by {holder}.")
        self.wait(SECONDS_TO_STAND_BY)

    def report_failure(self, reason: str) -> None:
        """Store the reason why the engine does not run, so that clients do not wait for the engine."""
        with suppress(OSError):  # the disk is full
            (self.folder / FAILURE_NAME).write_text(reason)

    def forget_failure(self) -> None:
        """Delete the stored reason of an earlier failure."""
        (self.folder / FAILURE_NAME).unlink(missing_ok=True)

    def restart(self, code: int, reason: str) -> None:
        """Wait before the next start, with exponential backoff while the engine repeatedly fails to start."""
        if self.has_started:
            self.backoff = BACKOFF_MIN
        log("engine_died", level="error", code=code, reason=reason, restart_in_seconds=round(self.backoff, 1))
        self.wait(self.backoff)
        self.backoff = min(2 * self.backoff, MAX_BACKOFF)

    def run_engine(self) -> tuple[int, str]:
        """Run the engine until it exits. Return its exit code and the reason why it exited."""
        previous = identify_socket(self.folder)
        process = spawn_python("engine.embedded", self.folder, stderr=subprocess.PIPE)
        stdin, stderr = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stderr)
        os.set_blocking(stderr.fileno(), False)
        output = self.watch(process, stderr)
        stdin.close()
        code = stop_process(process)
        reason = describe_end(code, output + read_available(stderr))
        stderr.close()
        # Clients may use the engine before the supervisor's first ping. An engine that is killed in between counts as
        # started, since after a reported failure clients would not wait for the restart.
        self.has_started = self.is_ready or identify_socket(self.folder) != previous
        if self.has_started:
            self.forget_failure()
        elif code != LOCKED_EXIT and not self.is_stopping:
            self.report_failure(reason)
        return code, reason

    def watch(self, process: "subprocess.Popen[bytes]", stderr: IO[bytes]) -> str:
        """Wait until the engine exits, hangs or is no longer needed. Return the beginning of its error output."""
        output, self.is_ready = "", False
        next_ping, deadline = 0.0, time.monotonic() + SECONDS_TO_START
        while process.poll() is None and not self.is_stopping:
            self.wait(SECONDS_BETWEEN_CHECKS if self.is_ready else SECONDS_BETWEEN_FIRST_CHECKS)
            output = (output + read_available(stderr))[:MAX_OUTPUT_CHARACTERS]
            if (now := time.monotonic()) < next_ping:
                continue
            if answer := ping(self.folder, process.pid):
                next_ping, deadline = now + SECONDS_BETWEEN_PINGS, now + SECONDS_BETWEEN_PINGS + SECONDS_TO_ANSWER
                if not self.is_ready:
                    self.report_start(answer)
            elif now > deadline:
                process.kill()
                return "It did not respond, and was killed."
        return output

    def report_start(self, answer: dict[str, Any]) -> None:
        self.is_ready = True
        self.forget_failure()
        log("engine_started", folder=str(self.folder), **answer)


def identify_socket(folder: Path) -> tuple[int, int] | None:
    """Return a value that is different for each engine's socket, or None if no engine has listened."""
    with suppress(OSError):
        status = (folder / SOCKET_NAME).stat()
        return status.st_ino, status.st_mtime_ns
    return None


def ping(folder: Path, pid: int) -> dict[str, Any] | None:
    """Return the response of the engine with this process id, or None if it does not respond in time."""
    try:
        with connect(folder, SECONDS_TO_ANSWER) as connection:
            send_message(connection, {"operation": "ping"})
            message = receive_message(connection)
    except (OSError, ProtocolError, ValueError):
        return None
    return message[0] if message and message[0].get("pid") == pid else None


def spawn_python(module: str, folder: Path, *, stderr: int | None = None) -> "subprocess.Popen[bytes]":
    """Start `main` of a module for a folder in a new interpreter with an empty environment."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {module} import main; main()"
    return subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-I", "-B", "-c", program, str(folder)],
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if stderr is not None else None,
        stderr=stderr,
        close_fds=True,
    )


def stop_process(process: "subprocess.Popen[bytes]", seconds: float = SECONDS_TO_STOP) -> int:
    """Terminate a process, or kill it if it does not exit in time. Return its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def read_available(stream: IO[bytes]) -> str:
    return (stream.read() or b"").decode(errors="replace")


def describe_end(code: int, output: str) -> str:
    for pattern in _REASONS:
        if found := pattern.search(output):
            return found[0][:MAX_FAILURE_CHARACTERS]
    if lines := output.strip().splitlines():
        return lines[-1][:MAX_FAILURE_CHARACTERS]
    return f"It was killed by signal {-code}." if code < 0 else f"It exited with code {code}."


def log(event: str, level: str = "info", **values: object) -> None:
    """Write a line in the log format of the service."""
    line = {"event": event, **values, "timestamp": datetime.now(UTC), "level": level, "logger": "engine"}
    sys.stderr.write(orjson.dumps(line, option=orjson.OPT_UTC_Z).decode() + "\n")
    sys.stderr.flush()


def main() -> NoReturn:
    Supervisor(Path(sys.argv[1])).run_and_exit()
