"""Sessions and CSRF protection for browsers. A request with an API key passes both by: it needs neither."""

import re

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from dashboards_api.http.middleware import is_api
from users.authentication import key_in_header

_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


def _goes_by(request: HttpRequest) -> bool:
    """Only the API takes keys: a page has its session whatever a proxy puts into the header."""
    return is_api(request) and key_in_header(request) is not None


class BrowserSessionMiddleware(SessionMiddleware):
    """A session cookie that we never gave out counts as none: PostgreSQL would not look for one with a NUL in it."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request) if _goes_by(request) else super().__call__(request)  # type: ignore[return-value]


class BrowserCsrfMiddleware(CsrfViewMiddleware):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if _goes_by(request) else super().__call__(request)  # type: ignore[return-value]
