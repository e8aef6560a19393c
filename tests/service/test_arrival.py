"""Bodies that a client is slow to send."""

import io
import threading
import time
from typing import Any

import pytest

from dashboards_api.http.arrival import BYTES_EACH_SECOND, Arrivals, Hurried, TooSlow
from dashboards_api.http.wsgi import well_formed

SOON = 0.2


class Slow:
    """A connection on which nothing more comes, until it is closed."""

    def __init__(self, sent: bytes) -> None:
        self.sent = io.BytesIO(sent)
        self.closed = threading.Event()
        self.ended = threading.Event()

    def read(self, size: int) -> bytes:
        if block := self.sent.read(size):
            return block
        self.closed.wait(10)
        self.ended.set()
        return b""


def answer_to(environ: dict[str, Any]) -> tuple[dict[str, str], bytes, list[str]]:
    """The headers and the bytes of an answer, and what the application saw when it read the body."""
    headers: dict[str, str] = {}
    seen: list[str] = []

    def application(inner: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            seen.append(inner["wsgi.input"].read().decode())
        except OSError as error:
            seen.append(type(error).__name__)
        start_response("200 OK", [("Content-Length", "2"), ("X-Kept", "yes")])
        return [b"ok"]

    def start_response(status: str, sent: list[tuple[str, str]], *exc_info: Any) -> None:
        headers.update(sent)

    wrapped = well_formed(application, 1000, Arrivals(SOON, unhurried=0))
    parts = b"".join(wrapped({"REQUEST_METHOD": "POST", **environ}, start_response))
    return headers, parts, seen


def test_a_body_in_good_time_is_read_and_answered() -> None:
    headers, content, seen = answer_to({"CONTENT_LENGTH": "4", "wsgi.input": io.BytesIO(b"body")})
    assert (headers["Content-Length"], content, seen) == ("2", b"ok", ["body"])


@pytest.mark.parametrize("how", [{"CONTENT_LENGTH": "10"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_late_body_is_an_error_and_its_connection_is_closed(how: dict[str, str]) -> None:
    """A server closes a connection on which less comes than was announced; that ends the thread that still reads."""
    slow = Slow(b"")
    started = time.monotonic()
    headers, content, seen = answer_to({**how, "wsgi.input": slow})
    assert SOON <= time.monotonic() - started < SOON + 2
    assert seen == ["TooSlow"]
    assert (content, headers["X-Kept"]) == (b"ok", "yes")
    assert int(headers["Content-Length"]) > len(content)
    slow.closed.set()
    assert slow.ended.wait(5)


def test_a_body_that_is_too_long_and_late_is_no_longer_waited_for() -> None:
    headers, content, _ = answer_to({"CONTENT_LENGTH": "5000", "wsgi.input": Slow(b"x" * 2000)})
    assert int(headers["Content-Length"]) > len(content)


def test_what_arrives_gives_time_for_more() -> None:
    block = b"x" * BYTES_EACH_SECOND
    arrival = Hurried(io.BytesIO(block * 3), SOON)
    started = time.monotonic()
    assert [arrival.read(BYTES_EACH_SECOND) for _ in range(4)] == [block, block, block, b""]
    assert started + 3 < arrival.until < started + SOON + 3 + 1
    arrival.wanted.put(0)


def test_what_is_late_stays_late() -> None:
    slow = Slow(b"")
    arrival = Arrivals(0.01, unhurried=0).of(slow)
    for _ in range(2):
        with pytest.raises(TooSlow):
            arrival.read(10)
    arrival.close()
    slow.closed.set()
    assert slow.ended.wait(5)


def test_few_may_take_as_long_as_they_like() -> None:
    """They are read where they are needed, and make room for others when they are done."""
    arrivals = Arrivals(0.01, unhurried=1)
    threads = threading.active_count()
    for _ in range(3):
        first = arrivals.of(io.BytesIO(b"body"))
        assert first.read(4) == b"body"
        assert threading.active_count() == threads
        first.close()
    slow = Slow(b"")
    waiting = arrivals.of(io.BytesIO(b"body"))
    waiting.read(1)
    second = arrivals.of(slow)
    with pytest.raises(TooSlow):
        second.read(4)
    second.close()
    slow.closed.set()
    assert waiting.read(3) == b"ody"
    waiting.close()
    assert arrivals.of(io.BytesIO(b"next")).read(4) == b"next"
