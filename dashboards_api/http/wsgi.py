"""What a request must be before Django sees it: a WSGI wrapper around the application.

- A body sent with `Transfer-Encoding: chunked` arrives whole. Django reads as many bytes as Content-Length says; a
  chunked request has none, so stock Django drops its body without a word.
- A body that ends before its announced length is an error, not a shorter body: a connection that was cut off must not
  write half of what it was to write.
- Bodies are UTF-8. Django would decode the query string and forms by a `charset` of the Content-Type, and fail on odd
  ones.
- Methods are case-sensitive (RFC 9110). Django would take `patch` for `PATCH`.
- The whole body has arrived, in good time (`arrival.py`), and no other request of the process is being answered
  (`InTurns`).
"""

import gc
import io
import re
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from dashboards_api.http.arrival import Arrivals, BrokenOff, TooSlow

Environ = dict[str, Any]
WSGIApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_BLOCK = 64 * 1024
_IN_MEMORY = 1024 * 1024
# How much of a body that is too long is read and thrown away.
TIMES_DRAINED = 5
_MEDIA_TYPE = re.compile(r"\s*([\w.+-]+/[\w.+-]+)\s*(?:;|$)", re.ASCII)
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^";,\s]+))', re.IGNORECASE | re.ASCII)


class CutOff(OSError):
    """The body ended before its announced length. Django hands an OSError on as UnreadablePostError."""


def well_formed(application: WSGIApplication, limit: int, arrivals: Arrivals | None = None) -> WSGIApplication:
    """`application`, given well-formed requests with bodies of up to `limit` bytes; of a longer chunked body it sees
    a length that it will refuse.
    """
    arrivals = arrivals or Arrivals()

    def wrapped(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["REQUEST_METHOD"].isupper():
            environ["REQUEST_METHOD"] = f"NOT-{environ['REQUEST_METHOD']}"
        if content_type := environ.get("CONTENT_TYPE"):
            environ["CONTENT_TYPE"] = plain_content_type(content_type)
        body = environ["wsgi.input"] = arrivals.of(environ["wsgi.input"])
        try:
            make_whole(environ, limit)
        except TooSlow:  # whoever reads it is told so again
            environ["CONTENT_LENGTH"] = environ.get("CONTENT_LENGTH") or "1"
        environ["wsgi.input"] = WholeInput(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
        try:
            answer = application(environ, body.starting(start_response))
        finally:
            body.close()
        return BrokenOff(answer) if body.is_late else answer

    return wrapped


def make_whole(environ: Environ, limit: int) -> None:
    """State the length of a chunked body, and get over a body that is too long. Raises TooSlow."""
    if not environ.get("CONTENT_LENGTH") and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        restore_length(environ, limit)
    if int(environ.get("CONTENT_LENGTH") or 0) > limit:
        drain(environ["wsgi.input"], TIMES_DRAINED * limit)


class InTurns:
    """`application`, run by one thread of the process at a time, with one connection to each database for all of them.

    A thread waits for a slow client without taking a turn: a body arrives before. Threads that computed at the same
    time would only take the interpreter from each other.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.turn = Turn()
        self.threads = threading.local()
        self.connections: dict[str, Any] = {}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH") in (None, "", "0"):
            return self.answer(environ, start_response)
        with arrived(environ["wsgi.input"]) as body:
            answered = self.answer({**environ, "wsgi.input": body}, start_response)
        if int(environ["CONTENT_LENGTH"]) > _IN_MEMORY:
            # A request and its view hold each other: what was made of a large body would stay for long.
            with self.turn:
                gc.collect()
        return answered

    def answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.turn:
            self.share_connection()
            response: Any = self.application(environ, start_response)
            if response.streaming:
                return _Streamed(response, self.turn)
            content = b"".join(response)
            response.close()
        return [content]

    def share_connection(self) -> None:
        if getattr(self.threads, "has_connection", False):
            return
        for alias in connections:
            if alias not in self.connections:
                self.connections[alias] = connections[alias]
                self.connections[alias].inc_thread_sharing()
            connections[alias] = self.connections[alias]
        self.threads.has_connection = True


class Turn:
    """A lock that is handed on in the order in which it was asked for: nobody waits much longer than the others."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.is_taken = False
        self.waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self.mutex:
            if not self.is_taken:
                self.is_taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self.waiting.append(mine)
        mine.acquire()

    def __exit__(self, *exc: object) -> None:
        with self.mutex:
            if self.waiting:
                self.waiting.popleft().release()
            else:
                self.is_taken = False


class _Streamed:
    """Parts of an answer as they come. Closing it may touch the connection: that takes a turn."""

    def __init__(self, response: Any, turn: "Turn") -> None:
        self.response = response
        self.turn = turn

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.response)

    def close(self) -> None:
        with self.turn:
            self.response.close()


@contextmanager
def arrived(stream: Any) -> Iterator[Any]:
    """The whole body, a large one in a file; one that was cut off says so when it is read."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
        try:
            while block := stream.read(_BLOCK):
                body.write(block)
        except OSError as error:
            yield _Broken(error)
            return
        body.seek(0)
        yield body


class _Broken:
    def __init__(self, error: OSError) -> None:
        self.error = error

    def read(self, size: int = -1) -> bytes:
        raise self.error

    readline = read


def plain_content_type(text: str) -> str:
    """The media type and its boundary; every other parameter is left out."""
    media_type = _MEDIA_TYPE.match(text)
    if not media_type:
        return "application/octet-stream"
    boundary = _BOUNDARY.search(text)
    plain = media_type.group(1).lower()
    return f'{plain}; boundary="{boundary.group(1) or boundary.group(2)}"' if boundary else plain


def restore_length(environ: Environ, limit: int) -> None:
    """Read a chunked body, never much more than `limit` bytes of it, and state its length.

    A chunked body without a byte is what a connection that was cut off looks like: it counts as one.
    """
    body = io.BytesIO()
    while body.tell() <= limit and (block := environ["wsgi.input"].read(_BLOCK)):
        body.write(block)
    environ["CONTENT_LENGTH"] = str(body.tell() or 1)
    if body.tell() <= limit:
        body.seek(0)
        environ["wsgi.input"] = body


def drain(stream: Any, most: int) -> None:
    """Read a body that will be refused, so that the client gets to read the answer instead of a reset connection."""
    while most > 0 and (block := stream.read(_BLOCK)):
        most -= len(block)


class WholeInput:
    """A body of `length` bytes that raises CutOff where it ends before them."""

    def __init__(self, stream: Any, length: int) -> None:
        self.stream = stream
        self.left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        blocks = []
        while wanted > 0:
            block = self.stream.read(wanted)
            if not block:
                raise CutOff("the request body ended early")
            blocks.append(block)
            wanted -= len(block)
            self.left -= len(block)
        return b"".join(blocks)

    def readline(self, size: int = -1) -> bytes:
        if not self.left:
            return b""
        line: bytes = self.stream.readline(self.left if size < 0 else min(size, self.left))
        self.left -= len(line)
        if self.left > 0 and not line:
            raise CutOff("the request body ended early")
        return line
