"""Chunked request bodies through the WSGI wrapper."""

import io
from typing import Any

from dashboards_api.http.chunked import whole_bodies


def body_seen(environ: dict[str, Any], limit: int = 100) -> tuple[str | None, bytes]:
    """CONTENT_LENGTH and the body as an application behind the wrapper sees them."""
    seen: dict[str, Any] = {}

    def application(inner: dict[str, Any], start_response: Any) -> list[bytes]:
        seen["length"] = inner.get("CONTENT_LENGTH")
        seen["body"] = inner["wsgi.input"].read()
        return []

    whole_bodies(application, limit)(environ, lambda *_: None)
    return seen["length"], seen["body"]


def test_a_chunked_body_gets_its_length() -> None:
    environ = {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": io.BytesIO(b"whole body")}
    assert body_seen(environ) == ("10", b"whole body")


def test_a_body_over_the_limit_has_a_length_over_it_and_is_not_read_further() -> None:
    stream = io.BytesIO(b"x" * 10_000_000)
    length, _ = body_seen({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": stream})
    assert length is not None
    assert 100 < int(length) <= 100 + 64 * 1024
    assert stream.tell() <= 100 + 64 * 1024


def test_a_body_with_a_length_is_left_alone() -> None:
    stream = io.BytesIO(b"body")
    assert body_seen({"CONTENT_LENGTH": "4", "wsgi.input": stream}) == ("4", b"body")


def test_a_request_without_a_body_has_none() -> None:
    assert body_seen({"wsgi.input": io.BytesIO(b"")}) == (None, b"")
