"""Deadlines and cancellation of statements in the engine process."""

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

TIMEOUT = 159
CANCELLED = 394
# A deadline is this much later than ClickHouse's own limit. ClickHouse checks its limit between blocks, and should
# cancel the statement first, because its error has more detail.
SECONDS_OF_GRACE = 0.5
_CODE = re.compile(r"Code: (\d+)\.")


@dataclass(eq=False)
class RunningStatement:
    """A statement that runs on a connection."""

    query_id: str
    connection: socket.socket
    seconds: float
    deadline: float
    seconds_to_end: float
    ended_by: int = 0
    message: str = ""
    killed_at: float = 0

    @property
    def is_cancelled(self) -> bool:
        return bool(self.ended_by)

    def end(self, code: int, message: str) -> None:
        """Mark the statement for cancellation. Only the first reason is reported."""
        if not self.ended_by:
            self.ended_by, self.message, self.killed_at = code, message, time.monotonic()

    def describe(self, message: str) -> tuple[int, str]:
        """Return ClickHouse's code and message, or the reason why the statement was canceled."""
        if self.ended_by:
            return self.ended_by, self.message
        found = _CODE.search(message)
        return (int(found[1]) if found else 0), message

    def is_abandoned(self) -> bool:
        """Return whether the client has closed its connection."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True


class Statements:
    """The running statements. The main thread calls `enforce` every 0.1 seconds."""

    def __init__(self, kill: Callable[[RunningStatement], None]) -> None:
        self._kill = kill
        self._lock = threading.Lock()
        self._running: set[RunningStatement] = set()

    @contextmanager
    def register(
        self, query_id: str, connection: socket.socket, seconds: float, seconds_to_end: float
    ) -> Iterator[RunningStatement]:
        deadline = time.monotonic() + seconds + SECONDS_OF_GRACE
        running = RunningStatement(query_id, connection, seconds, deadline, seconds_to_end)
        with self._lock:
            self._running.add(running)
        try:
            yield running
        finally:
            with self._lock:
                self._running.discard(running)

    def count(self) -> int:
        return len(self._running)

    def cancel(self, query_id: str) -> bool:
        """Cancel the statements with an id. Return whether any was found."""
        found = [running for running in self._list() if running.query_id == query_id]
        for running in found:
            running.end(CANCELLED, "The query was cancelled.")
        return bool(found)

    def cancel_all(self) -> int:
        """Cancel all statements, because the process is stopping. Return the number of statements that still run."""
        for running in self._list():
            running.end(CANCELLED, "The engine is stopping.")
        return self._end_marked()

    def enforce(self) -> None:
        """Cancel statements that are past their deadline or abandoned.

        If a canceled statement continues to run, kill this process, which the supervisor restarts within a second. If
        the process continued, the statement would keep its memory and threads indefinitely.
        """
        now = time.monotonic()
        for running in self._list():
            if now > running.deadline:
                running.end(TIMEOUT, f"The query took longer than {running.seconds:g} seconds.")
            elif running.is_abandoned():
                running.end(CANCELLED, "The client has disconnected.")
        self._end_marked()
        if any(now > running.killed_at + running.seconds_to_end for running in self._list_marked()):
            os.kill(os.getpid(), signal.SIGKILL)

    def _end_marked(self) -> int:
        marked = self._list_marked()
        for running in marked:
            with suppress(Exception):  # the statement has just finished, or is killed at the next check
                self._kill(running)
        return len(marked)

    def _list(self) -> list[RunningStatement]:
        with self._lock:
            return list(self._running)

    def _list_marked(self) -> list[RunningStatement]:
        return [running for running in self._list() if running.is_cancelled]
