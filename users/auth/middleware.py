"""Sessions and CSRF protection for browsers. A request with an API key passes both by: it needs neither."""

import re

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.permissions import SAFE_METHODS

from dashboards_api import replicas
from dashboards_api.http.middleware import GetResponse, is_api
from users.auth.authentication import get_bearer_token
from users.models import User
from users.services.users import record_write_position

_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


def _has_api_key(request: HttpRequest) -> bool:
    """Only the API takes keys: a page has its session whatever a proxy puts into the header."""
    return is_api(request) and get_bearer_token(request) is not None


class BrowserSessionMiddleware(SessionMiddleware):
    """A session cookie that we never gave out counts as none: PostgreSQL would not look for one with a NUL in it."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request) if _has_api_key(request) else super().__call__(request)  # type: ignore[return-value]


class BrowserCsrfMiddleware(CsrfViewMiddleware):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if _has_api_key(request) else super().__call__(request)  # type: ignore[return-value]


class ReadYourWritesMiddleware:
    """With replicas: notes where the log was after a caller's write, before they are answered, for whoever serves them
    next.
    """

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
