"""Sessions and CSRF protection for browsers. API requests with an API key skip both."""

import re

import structlog
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import Error
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.permissions import SAFE_METHODS

from dashboards_api import replicas
from dashboards_api.http.middleware import GetResponse, is_api_request
from users.auth.authentication import get_bearer_token
from users.models import User

logger = structlog.get_logger("users.auth.middleware")

_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


def _has_api_key(request: HttpRequest) -> bool:
    """Return whether this is an API request with an API key. Pages use their session, whatever the header holds."""
    return is_api_request(request) and get_bearer_token(request) is not None


class BrowserSessionMiddleware(SessionMiddleware):
    """Django's session middleware. It ignores malformed session cookies: PostgreSQL rejects NUL characters."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request) if _has_api_key(request) else super().__call__(request)  # type: ignore[return-value]  # the stubs know HttpResponse only


class BrowserCsrfMiddleware(CsrfViewMiddleware):
    """Django's CSRF middleware."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if _has_api_key(request) else super().__call__(request)  # type: ignore[return-value]  # the stubs know HttpResponse only


class ReadYourWritesMiddleware:
    """Middleware that records the position of the write-ahead log after a write, for later reads from replicas."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        finally:
            replicas.end()
        user = getattr(request, "user", None)
        if request.method not in SAFE_METHODS and response.status_code < 400 and isinstance(user, User):
            record_write_position(user)
        return response


def record_write_position(user: User) -> None:
    """Store the current position of the write-ahead log: replicas that have replayed it have what the user wrote.

    The write itself is durable already. A failure is logged, and the user may then see the write with a delay.
    """
    position = RawSQL("(pg_current_wal_insert_lsn() - '0/0')::bigint", [])
    try:
        User.objects.filter(pk=user.pk).update(wrote_at=position)
    except Error as error:
        logger.warning("write position not stored", error=type(error).__qualname__)
