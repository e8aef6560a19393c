"""Bodies arrive in good time, or their connections are closed: who is slow for ever would hold a thread for ever.

The server's stream waits as long as the client lets it, and nothing can end that but the end of the connection. So a
thread beside that of the request reads it; the one of the request waits for it with a limit, and answers. The answer
announces more than it holds, whereupon any server closes the connection, which ends the thread that still reads.

A second thread has its cost. While few clients are slow there is none: their bodies are read where they are needed.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

Headers = list[tuple[str, str]]

# How long a body may take, and for how many bytes that have arrived it may take a second more.
SECONDS_TO_ARRIVE = 20.0
BYTES_EACH_SECOND = 8 * 1024
# How many bodies of a process may take as long as they like: a quarter of its threads.
UNHURRIED = 64
# What was written before the connection is closed has time to leave.
SECONDS_TO_LEAVE = 0.1
_MORE_THAN_ANY = 1 << 30


class TooSlow(OSError):
    """The client takes too long to send its body. Django hands an OSError on as UnreadablePostError."""


class Arrivals:
    """The bodies that a process waits for."""

    def __init__(self, seconds: float = SECONDS_TO_ARRIVE, unhurried: int = UNHURRIED) -> None:
        self.seconds = seconds
        self.room = threading.Semaphore(unhurried)

    def of(self, stream: Any) -> "Arrival":
        return Arrival(stream, self)


class Arrival:
    """The body of one request. Among many, `read` raises TooSlow from the moment at which it is late."""

    def __init__(self, stream: Any, arrivals: Arrivals) -> None:
        self.stream = stream
        self.arrivals = arrivals
        self.is_unhurried = False
        self.hurried: Hurried | None = None

    def read(self, size: int) -> bytes:
        if not self.is_unhurried and self.hurried is None:
            self.is_unhurried = self.arrivals.room.acquire(blocking=False)
            self.hurried = None if self.is_unhurried else Hurried(self.stream, self.arrivals.seconds)
        block: bytes = (self.hurried or self.stream).read(size)
        return block

    @property
    def is_late(self) -> bool:
        return self.hurried is not None and self.hurried.is_late

    def close(self) -> None:
        """Nothing more is read."""
        if self.is_unhurried:
            self.arrivals.room.release()
        elif self.hurried:
            self.hurried.wanted.put(0)

    def starting(self, start_response: Callable[..., Any]) -> Callable[..., Any]:
        """`start_response`, which announces more than there is where the body is late."""

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            if self.is_late:
                headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
                headers.append(("Content-Length", str(_MORE_THAN_ANY)))
            return start_response(status, headers, *exc_info)

        return start


class Hurried:
    """A stream that is read by a thread of its own, for as long as the other side asks for more."""

    def __init__(self, stream: Any, seconds: float) -> None:
        self.stream = stream
        self.until = time.monotonic() + seconds
        self.is_late = False
        self.wanted: SimpleQueue[int] = SimpleQueue()
        self.blocks: SimpleQueue[bytes | OSError] = SimpleQueue()
        threading.Thread(target=self._fetch, daemon=True).start()

    def _fetch(self) -> None:
        while size := self.wanted.get():
            try:
                self.blocks.put(self.stream.read(size))
            except OSError as error:
                self.blocks.put(error)

    def read(self, size: int) -> bytes:
        if self.is_late:
            raise TooSlow("the request body took too long")
        self.wanted.put(size)
        try:
            block = self.blocks.get(timeout=max(0.0, self.until - time.monotonic()))
        except Empty:
            self.is_late = True
            raise TooSlow("the request body took too long") from None
        if isinstance(block, OSError):
            raise block
        self.until += len(block) / BYTES_EACH_SECOND
        return block


class BrokenOff:
    """An answer that ends before its announced length, so that the server closes the connection."""

    def __init__(self, answer: Iterable[bytes]) -> None:
        self.answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield b"".join(self.answer)
        time.sleep(SECONDS_TO_LEAVE)

    def close(self) -> None:
        if hasattr(self.answer, "close"):
            self.answer.close()
