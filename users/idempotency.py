"""`Idempotency-Key`: however often a POST is sent with one, it acts once, and is answered as the first time.

It follows the IETF draft of that name. Keys are read with the quotes that it asks for, and without.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import Invalid, StillRunning
from dashboards_api.http import ignored_fields
from dashboards_api.http.openapi import IDEMPOTENCY_KEY
from dashboards_api.http.renderers import JSONRenderer
from dashboards_api.http.retries import runs_again
from users.services.idempotency import Answer, Claim, claim_or_answer, give_up, keep_answer

if TYPE_CHECKING:
    from users.viewsets import AuthenticatedViewSet

HEADER = IDEMPOTENCY_KEY.name
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)

Handler = Callable[..., Response]


def once(view: "AuthenticatedViewSet", handler: Handler) -> Handler:
    """The handler of a POST that carries a key, run once for all requests with that key."""

    def handle(request: Request, *args: Any, **kwargs: Any) -> Response:
        claim = _claimed(view, request)
        if isinstance(claim, Answer):
            return _replayed(claim)
        try:
            view.prepare()
            with transaction.atomic():
                response = handler(request, *args, **kwargs)
                keep_answer(claim, _answer(view, response))
        except Exception as error:  # noqa: BLE001  what it means, the exception handler says
            return _refused(view, claim, error)
        return response

    return handle


def key_of(request: HttpRequest) -> str:
    """The key that a request carries. Raises Invalid."""
    key = request.headers[HEADER].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise Invalid("A key has 1 to 255 visible ASCII characters.", attr=HEADER)
    return key


def fingerprint_of(request: HttpRequest) -> str:
    """What makes it the same request: method, path, query, media type and body."""
    asked = (request.method, request.path_info, request.META.get("QUERY_STRING", ""), request.content_type)
    return hashlib.sha256(repr(asked).encode() + request.body).hexdigest()


def _claimed(view: "AuthenticatedViewSet", request: Request) -> Claim | Answer:
    if view.shows_secrets:
        detail = "This answer is given once: it may hold a secret, which is kept nowhere. Send it without a key."
        raise Invalid(detail, attr=HEADER, code="idempotency_key_not_supported")
    http = request._request
    claimed: Claim | Answer | None = getattr(http, "claim", None)  # of an earlier run of the same request
    if claimed is None:
        key, fingerprint = key_of(http), fingerprint_of(http)
        claimed = claim_or_answer(view.caller, project_id=view.requested_project_id, key=key, fingerprint=fingerprint)
        http.claim = claimed  # type: ignore[attr-defined]
    return claimed


def _refused(view: "AuthenticatedViewSet", claim: Claim, error: Exception) -> Response:
    """The answer to an error, kept where it is the client's. After a fault of ours the same request acts."""
    try:
        response: Response = view.handle_exception(error)
    except Exception:
        if not runs_again(view.request._request, error):
            give_up(claim)
        raise
    if response.status_code >= 500 or response.status_code == 429:
        give_up(claim)
    else:
        with suppress(StillRunning):  # the claim was taken over, and nothing was done here
            keep_answer(claim, _answer(view, response))
    return response


def _answer(view: "AuthenticatedViewSet", response: Response) -> Answer:
    names_ignored = view.ignored and response.status_code < 400
    headers = {ignored_fields.HEADER: ignored_fields.header_value(view.ignored)} if names_ignored else {}
    if etag := response.get("ETag") or view.headers.get("ETag"):
        headers["ETag"] = etag
    return Answer(response.status_code, headers, JSONRenderer().render(response.data))


def _replayed(answer: Answer) -> Response:
    response = Response(orjson.Fragment(answer.body) if answer.body else None, status=answer.status)
    for name, value in {**answer.headers, REPLAYED: "true"}.items():
        response[name] = value
    return response
