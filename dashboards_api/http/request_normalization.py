"""Conversion of a request from the server to the WSGI environment that Django reads, in one normal form.

- Headers with an underscore in their name are left out. WSGI has one name for `X-Forwarded-For` and `X_Forwarded_For`,
  so a client could overwrite the header of a proxy.
- A repeated header is joined with commas (cookies with semicolons), as RFC 9110 specifies.
- Methods are case-sensitive (RFC 9110). Django would treat `patch` as `PATCH`.
- Bodies are UTF-8. Django would decode query strings and forms by the `charset` of the Content-Type, and fail on an
  unknown charset.
"""

import re
import sys
from collections.abc import Iterable
from typing import Any

Environ = dict[str, Any]

_MEDIA_TYPE = re.compile(r"\s*([\w.+-]+/[\w.+-]+)\s*(?:;|$)", re.ASCII)
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]+)"|([^";,\s]+))', re.IGNORECASE | re.ASCII)
_CONSTANT: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def build_environ(scope: Any) -> Environ:
    """Return the WSGI environment of an RSGI scope, without the request body."""
    server, _, port = scope.server.rpartition(":")
    environ = {
        **_CONSTANT,
        "REQUEST_METHOD": scope.method if scope.method.isupper() else f"NOT-{scope.method}",
        "PATH_INFO": _as_latin1(scope.path),
        "QUERY_STRING": _as_latin1(scope.query_string),
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
    }
    add_headers(environ, scope.headers.items())
    if content_type := environ.pop("HTTP_CONTENT_TYPE", None):
        environ["CONTENT_TYPE"] = normalize_content_type(content_type)
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


def add_headers(environ: Environ, headers: Iterable[tuple[str, str]]) -> None:
    """Add headers under their WSGI names."""
    for name, value in headers:
        if "_" in name:
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{value}"
        environ[key] = value


def normalize_content_type(text: str) -> str:
    """Return the media type and its boundary, without other parameters."""
    media_type = _MEDIA_TYPE.match(text)
    if not media_type:
        return "application/octet-stream"
    boundary = _BOUNDARY.search(text)
    plain = media_type.group(1).lower()
    return f'{plain}; boundary="{boundary.group(1) or boundary.group(2)}"' if boundary else plain


def _as_latin1(text: str) -> str:
    """Return the UTF-8 bytes of a string, decoded as Latin-1, as WSGI requires (PEP 3333)."""
    return text if text.isascii() else text.encode().decode("latin-1")
