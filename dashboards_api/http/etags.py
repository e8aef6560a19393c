"""What a client has already: `ETag`, `If-None-Match` and 304; and what it has seen before it writes: `If-Match`."""

import re
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest
from django.utils.http import parse_etags

from dashboards_api.http.pagination import get_base_url
from dashboards_api.release import get_release_hash

# A tag of ours, or a version by itself.
_VERSION = re.compile(r'(?:W/)?"?(\d{1,18})(?:\.[0-9a-f]+)?"?')


def make_etag(request: HttpRequest, *parts: Any, version: int | None = None) -> str:
    """A weak tag for what a request asks of this release, where `parts` say who asks and what there is.

    Of what has versions it begins with that, so that `If-Match` takes the tag of any answer.
    """
    asked = (get_release_hash(), get_base_url(request), request.get_full_path(), version, *parts)
    digest = blake2b(repr(asked).encode(), digest_size=12).hexdigest()
    return f'W/"{digest}"' if version is None else f'W/"{version}.{digest}"'


def parse_expected_versions(request: HttpRequest) -> frozenset[int] | None:
    """The versions that `If-Match` names, whatever else it names; None for `*`, and where it is absent."""
    sent = request.headers.get("If-Match")
    if sent is None or sent.strip() == "*":
        return None
    found = (_VERSION.fullmatch(each.strip()) for each in sent.split(","))
    return frozenset(int(each[1]) for each in found if each)


def etag_matches(request: HttpRequest, etag: str) -> bool:
    """Whether the client says that it has the answer with this weak tag."""
    sent = request.headers.get("If-None-Match")
    return sent is not None and any(each in ("*", etag) for each in parse_etags(sent))
