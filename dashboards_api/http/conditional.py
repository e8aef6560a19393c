"""Answers that a client has already: `ETag`, `If-None-Match`, and 304."""

from hashlib import blake2b
from typing import Any

from django.http import HttpRequest
from django.utils.http import parse_etags

from dashboards_api.http.pagination import public_base
from dashboards_api.release import release


def etag_of(request: HttpRequest, *parts: Any) -> str:
    """A weak tag for what a request asks of this release, where `parts` say who asks and what there is."""
    asked = (release(), public_base(request), request.get_full_path(), *parts)
    return f'W/"{blake2b(repr(asked).encode(), digest_size=12).hexdigest()}"'


def is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the client says that it has the answer with this weak tag."""
    sent = request.headers.get("If-None-Match")
    return sent is not None and any(each in ("*", etag) for each in parse_etags(sent))
