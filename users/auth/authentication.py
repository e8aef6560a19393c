"""Authenticate API requests by a personal API key or by a session, and pages by a session.

The key is in the header `Authorization: Bearer phx_…` or, without that header, in the field `personal_api_key` of
a small body.
"""

import re
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import TooManyFieldsSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from dashboards_api.http.callers import AUTHENTICATED
from dashboards_api.http.middleware import is_api_request
from dashboards_api.http.parsers import DisallowedJSON, MalformedJSON, load_json
from dashboards_api.parsing import parse_int
from users.auth.api_key_lookup import get_valid_api_key, record_key_use
from users.auth.credentials import BrowserSession
from users.models import PersonalAPIKey, User
from users.rate_limiting.failed_keys import failed_key_counter

# Larger bodies are not searched for a key, because unauthenticated clients must not make the service parse them.
MAX_BODY_BYTES_WITH_KEY = 64 * 1024
_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


class PersonalAPIKeyAuthentication(BaseAuthentication):
    """Authentication by a personal API key, which becomes `request.auth`.

    Keys are not cached, so revoking a key is immediate. Keys in the query string are ignored, because query strings end
    up in logs and links.
    """

    def authenticate(self, request: Request) -> tuple[User, PersonalAPIKey] | None:
        value, source = get_bearer_token(request), "Authorization header"
        if value is None and not request.headers.get("Authorization"):
            value, source = get_key_from_body(request._request), "body"
        if value is None:
            return None
        project_id = parse_int(request.parser_context["kwargs"].get("project_id", ""))
        key = get_valid_api_key(value, project_id=project_id, now=timezone.now())
        if key is None:
            record_failed_key(request)
            raise AuthenticationFailed(f"Personal API key found in request {source} is invalid.")
        record_key_use(key)
        request._request.META[AUTHENTICATED] = key.user_id
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(BaseAuthentication):
    """Authentication by a browser session. Unsafe requests need the CSRF token in a header.

    The user is loaded for each request, so deactivating a user, or changing their password, ends their sessions.
    """

    def authenticate(self, request: Request) -> tuple[User, BrowserSession] | None:
        if not hasattr(request._request, "session"):
            return None
        user = get_user(request._request)
        if not isinstance(user, User):
            return None
        self.enforce_csrf(request)
        return user, BrowserSession()

    def authenticate_header(self, request: Request) -> str:
        """Return a challenge, so that DRF responds with 401 instead of 403 to unauthenticated requests."""
        return 'Session realm="api"'

    def enforce_csrf(self, request: Request) -> None:
        """Raise PermissionDenied if the header lacks the CSRF token. The body is not read."""
        if request.method in SAFE_METHODS:
            return
        environ: dict[str, Any] = request._request.environ  # type: ignore[attr-defined]  # a WSGIRequest has it
        # The method is changed, because Django would read the body of a POST. The path, which was already decoded in
        # place, is not needed.
        bodiless = WSGIRequest({**environ, "REQUEST_METHOD": "PATCH", "PATH_INFO": "/", "SCRIPT_NAME": ""})
        check = CSRFCheck(lambda _: HttpResponse())
        check.process_request(bodiless)
        if reason := check.process_view(bodiless, HttpResponse, (), {}):
            raise PermissionDenied(f"CSRF Failed: {reason}")


def record_failed_key(request: Request) -> None:
    """Count an invalid key. Raises Throttled above the limit of a network. Valid keys are not affected by the limit."""
    if not settings.RATE_LIMITS:
        return
    if wait := failed_key_counter.record_failure(request.META.get("REMOTE_ADDR", ""), time.time()):
        raise Throttled(wait=wait)


def get_bearer_token(request: Request | HttpRequest) -> str | None:
    """Return the bearer token without surrounding spaces, or None if the header contains no bearer token."""
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def get_key_from_body(request: HttpRequest) -> str | None:
    """Return `personal_api_key` of a JSON or form body of at most 64 KiB, or None if it is missing or malformed."""
    if not 0 < int(request.META.get("CONTENT_LENGTH") or 0) <= MAX_BODY_BYTES_WITH_KEY:
        return None
    body: Any = None
    try:
        if request.content_type == "application/json":
            body = load_json(request.body)
        elif request.content_type == "application/x-www-form-urlencoded":
            body = QueryDict(request.body).dict()
    except (MalformedJSON, DisallowedJSON, TooManyFieldsSent):
        return None
    value = body.get("personal_api_key") if isinstance(body, dict) else None
    return value if isinstance(value, str) and value else None


def _has_api_key(request: HttpRequest) -> bool:
    """Return whether this is an API request with a bearer token. Pages use sessions and ignore bearer tokens."""
    return is_api_request(request) and get_bearer_token(request) is not None


class BrowserSessionMiddleware(SessionMiddleware):
    """Django's session middleware, skipped for requests with an API key.

    Malformed session cookies are ignored, because PostgreSQL rejects NUL characters.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request) if _has_api_key(request) else super().__call__(request)  # type: ignore[return-value]  # the stubs declare only HttpResponse


class BrowserCsrfMiddleware(CsrfViewMiddleware):
    """Django's CSRF middleware, skipped for requests without a session, which have an API key."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return super().__call__(request) if hasattr(request, "session") else self.get_response(request)  # type: ignore[return-value]  # the stubs declare only HttpResponse


class PersonalAPIKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped __init_subclass__
    target_class = PersonalAPIKeyAuthentication
    name = "PersonalAPIKeyAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal API key: `Bearer phx_…`."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped __init_subclass__
    target_class = SessionAuthentication
    name = "SessionAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of a browser. Unsafe methods also need the value of the cookie "
            f"`{settings.CSRF_COOKIE_NAME}` in the header `X-CSRFToken`.",
        }
