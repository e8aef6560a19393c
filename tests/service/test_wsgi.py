"""What the WSGI wrapper makes of requests."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from dashboards_api.http.wsgi import CutOff, InTurns, plain_content_type, well_formed


def body_seen(environ: dict[str, Any], limit: int = 100) -> tuple[str | None, bytes]:
    """CONTENT_LENGTH and the body as an application behind the wrapper sees them."""
    seen: dict[str, Any] = {}

    def application(inner: dict[str, Any], start_response: Any) -> list[bytes]:
        seen["length"] = inner.get("CONTENT_LENGTH")
        seen["body"] = inner["wsgi.input"].read()
        return []

    well_formed(application, limit)({"REQUEST_METHOD": "POST", **environ}, lambda *_: None)
    return seen["length"], seen["body"]


def test_a_chunked_body_gets_its_length() -> None:
    environ = {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": io.BytesIO(b"whole body")}
    assert body_seen(environ) == ("10", b"whole body")


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_drained_within_bounds_and_seen_as_too_long(announced: bool) -> None:
    stream = io.BytesIO(b"x" * 10_000_000)
    how = {"CONTENT_LENGTH": "10000000"} if announced else {"HTTP_TRANSFER_ENCODING": "chunked"}
    seen = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(int(environ["CONTENT_LENGTH"]))
        return []

    limit = 1_000_000
    well_formed(application, limit)({"REQUEST_METHOD": "POST", **how, "wsgi.input": stream}, lambda *_: None)
    assert seen[0] > limit
    assert 5 * limit <= stream.tell() <= 6 * limit + 2 * 64 * 1024


def test_a_body_with_a_length_is_left_alone() -> None:
    stream = io.BytesIO(b"body")
    assert body_seen({"CONTENT_LENGTH": "4", "wsgi.input": stream}) == ("4", b"body")


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "10"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_body_that_ends_early_is_an_error(environ: dict[str, Any]) -> None:
    body = b"short" if environ.get("CONTENT_LENGTH") else b""

    def application(inner: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(CutOff):
            list(iter(lambda: inner["wsgi.input"].read(3), b""))
        return []

    well_formed(application, 100)(
        {"REQUEST_METHOD": "POST", **environ, "wsgi.input": io.BytesIO(body)}, lambda *_: None
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("application/json; charset=base64", "application/json"),
        ("Application/JSON", "application/json"),
        ('multipart/form-data; charset=utf-16; boundary="a b"', 'multipart/form-data; boundary="a b"'),
        ("multipart/form-data; Boundary=x1; charset=idna", 'multipart/form-data; boundary="x1"'),
        ("a; x*=bogus''y", "application/octet-stream"),
        ("text/html, application/json", "application/octet-stream"),
    ],
)
def test_a_content_type_keeps_its_media_type_and_boundary(sent: str, kept: str) -> None:
    assert plain_content_type(sent) == kept


def test_a_method_in_lower_case_is_another_method() -> None:
    seen = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["REQUEST_METHOD"])
        return []

    for method in ("PATCH", "patch", "Get"):
        well_formed(application, 1)({"REQUEST_METHOD": method, "wsgi.input": io.BytesIO()}, lambda *_: None)
    assert seen == ["PATCH", "NOT-patch", "NOT-Get"]


def test_a_request_without_a_body_has_none() -> None:
    assert body_seen({"wsgi.input": io.BytesIO(b"")}) == (None, b"")


class _Response:
    streaming = False

    def __init__(self, during: Callable[[], None]) -> None:
        self.during = during

    def __iter__(self) -> Iterator[bytes]:
        self.during()
        return iter([b"a", b"b"])

    def close(self) -> None:
        pass


def post(application: Any, stream: Any, length: int) -> list[bytes]:
    return list(application({"CONTENT_LENGTH": str(length), "wsgi.input": stream}, lambda *_: None))


def test_requests_take_turns_in_the_order_they_came() -> None:
    inside, most, order = [0], [0], []

    def work() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        order.append(threading.current_thread().name)
        time.sleep(0.01)
        inside[0] -= 1

    application = InTurns(lambda environ, start_response: _Response(work))
    threads = [threading.Thread(target=post, args=(application, io.BytesIO(b"x"), 1), name=str(n)) for n in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.002)
    for thread in threads:
        thread.join()
    assert most == [1]
    assert order == ["0", "1", "2", "3", "4", "5"]


def test_a_slow_body_keeps_nobody_waiting() -> None:
    may_go_on, answers = threading.Event(), []

    class Slow:
        def read(self, size: int) -> bytes:
            may_go_on.wait(5)
            return b""

    application = InTurns(lambda environ, start_response: _Response(lambda: None))
    slow = threading.Thread(target=lambda: answers.append(post(application, Slow(), 1)))
    slow.start()
    assert post(application, io.BytesIO(b"x"), 1) == [b"ab"]
    assert answers == []
    may_go_on.set()
    slow.join()
    assert answers == [[b"ab"]]


def test_a_body_that_was_cut_off_says_so_when_it_is_read() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        with pytest.raises(CutOff):
            environ["wsgi.input"].read()
        return _Response(lambda: None)

    in_turns = InTurns(application)
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "9", "wsgi.input": io.BytesIO(b"short")}
    assert list(well_formed(in_turns, 100)(environ, lambda *_: None)) == [b"ab"]


def test_all_threads_have_one_connection(db: None) -> None:
    seen: list[Any] = []
    application = InTurns(lambda environ, start_response: _Response(lambda: seen.append(connections["default"])))
    for _ in range(3):
        thread = threading.Thread(target=lambda: list(application({}, lambda *_: None)))
        thread.start()
        thread.join()
    assert len(seen) == 3
    assert len({id(each) for each in seen}) == 1
    seen[0].close()
