"""Request bodies sent with `Transfer-Encoding: chunked` arrive whole.

Django reads as many bytes as Content-Length says; a chunked request has none, so stock Django drops its body without
a word. This wrapper reads such a body (never more than the limit) and states its length.
"""

import tempfile
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
    body = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115  the request owns and closes it
    length = 0
    while length <= limit and (block := environ["wsgi.input"].read(_BLOCK)):
        body.write(block)
        length += len(block)
    body.seek(0)
    environ["wsgi.input"] = body
    environ["CONTENT_LENGTH"] = str(length)
