"""The base of view sets that accept an `Idempotency-Key` in POST requests."""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import RequestInProgress, ValidationFailed
from dashboards_api.http.openapi import IDEMPOTENCY_KEY
from dashboards_api.http.renderers import JSONRenderer
from dashboards_api.http.request_options import IGNORED_FIELDS_HEADER, format_ignored_fields
from dashboards_api.http.viewsets import ApiViewSet
from dashboards_api.idempotency.store import Claim, StoredResponse, claim_key, release_claim, store_response

HEADER = IDEMPOTENCY_KEY.name
REPLAYED_HEADER = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)

Handler = Callable[..., Response]


class IdempotentViewSet(ApiViewSet):
    """A view set that runs a POST once for all requests with the same `Idempotency-Key`."""

    accepts_idempotency_key = True

    @property
    def idempotency_scope(self) -> tuple[int, int | None]:
        """Return the ids of the user and of the project within which a key is unique."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Do the slow work of a POST, such as filling a template, before the transaction of its handler.

        An action stores the prepared data in a cached property, and reads the property before it opens a transaction.
        """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Respond like DRF, but with `get_handler`, because DRF has no hook between `initial` and the handler."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            response = self.get_handler()(self.request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  `handle_exception` raises unknown exceptions, as in DRF
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def get_handler(self) -> Handler:
        """Return the handler of this request. With an `Idempotency-Key`, the handler of a POST runs once per key."""
        method = str(self.request.method).lower()
        if method not in self.http_method_names:
            return self.http_method_not_allowed
        handler: Handler = getattr(self, method, self.http_method_not_allowed)
        if method == "post" and self.action and self.accepts_idempotency_key and HEADER in self.request.headers:
            return partial(self.handle_once, handler)
        return handler

    def handle_once(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Run the handler and store its response in one transaction, or replay a response that was stored before."""
        claim = self.claim_request()
        if isinstance(claim, StoredResponse):
            return build_replay(claim)
        try:
            self.prepare()
            return self.respond_and_store(claim, handler, request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  the exception handler converts it
            return self.handle_failure(claim, error)

    @atomic_with_retry
    def respond_and_store(
        self, claim: Claim, handler: Handler, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        response = handler(request, *args, **kwargs)
        store_response(claim, self.build_stored_response(response))
        return response

    def claim_request(self) -> Claim | StoredResponse:
        """Claim the key of the request, or return the response that was stored for it.

        Raises ValidationFailed if the response would contain a secret, and the exceptions of `claim_key`.
        """
        if self.shows_secrets:
            detail = (
                "The response may contain a secret, so it is not stored and cannot be replayed. Omit `Idempotency-Key`."
            )
            raise ValidationFailed(detail, attr=HEADER, code="idempotency_key_not_supported")
        key, fingerprint = read_key(self.request._request), compute_fingerprint(self.request._request)
        user_id, project_id = self.idempotency_scope
        return claim_key(user_id, project_id=project_id, key=key, fingerprint=fingerprint)

    def handle_failure(self, claim: Claim, error: Exception) -> Response:
        """Return the response to an error, and store it. After 5xx and 429, release the claim for a retry instead."""
        try:
            response: Response = self.handle_exception(error)
        except Exception:
            release_claim(claim)
            raise
        if response.status_code >= 500 or response.status_code == 429:
            release_claim(claim)
        else:
            with suppress(RequestInProgress):  # another request took the claim over, and nothing was changed here
                store_response(claim, self.build_stored_response(response))
        return response

    def build_stored_response(self, response: Response) -> StoredResponse:
        """Return the parts of a response that a replay repeats."""
        names_ignored = self.ignored and response.status_code < 400
        headers = {IGNORED_FIELDS_HEADER: format_ignored_fields(self.ignored)} if names_ignored else {}
        if etag := response.get("ETag") or self.headers.get("ETag"):
            headers["ETag"] = etag
        return StoredResponse(response.status_code, headers, JSONRenderer().render(response.data))


def read_key(request: HttpRequest) -> str:
    """Return the key in the header, without the quotation marks that the draft requires. Raises ValidationFailed."""
    key = request.headers[HEADER].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise ValidationFailed("A key has 1 to 255 visible ASCII characters.", attr=HEADER)
    return key


def compute_fingerprint(request: HttpRequest) -> str:
    """Return a hash of the method, path, query, media type and body of a request, to recognize a repeated request."""
    identity = (request.method, request.path_info, request.META.get("QUERY_STRING", ""), request.content_type)
    return hashlib.sha256(repr(identity).encode() + request.body).hexdigest()


def build_replay(stored: StoredResponse) -> Response:
    """Return the replay of a stored response."""
    response = Response(orjson.Fragment(stored.body) if stored.body else None, status=stored.status)
    for name, value in {**stored.headers, REPLAYED_HEADER: "true"}.items():
        response[name] = value
    return response
