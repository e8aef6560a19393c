"""Request bodies sent with `Transfer-Encoding: chunked` arrive whole.

Django reads as many bytes as Content-Length says; a chunked request has none, so stock Django drops its body without
a word. This wrapper reads such a body (never more than the limit) and states its length.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
WSGIApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_BLOCK = 64 * 1024


def whole_bodies(application: WSGIApplication, limit: int) -> WSGIApplication:
    """`application`, given bodies of up to `limit` bytes; of a longer one it sees a length that it will refuse."""

    def wrapped(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ.get("CONTENT_LENGTH") and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            restore_length(environ, limit)
        return application(environ, start_response)

    return wrapped


def restore_length(environ: Environ, limit: int) -> None:
    body = io.BytesIO()
    while body.tell() <= limit and (block := environ["wsgi.input"].read(_BLOCK)):
        body.write(block)
    environ["CONTENT_LENGTH"] = str(body.tell())
    body.seek(0)
    environ["wsgi.input"] = body
