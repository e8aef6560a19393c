"""Sessions and CSRF protection for browsers. API requests with an API key skip both."""

import re

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from dashboards_api.http.middleware import is_api_request
from users.auth.authentication import get_bearer_token

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
