"""Sessions and CSRF protection for browsers. A request with an API key passes both by: it needs neither."""

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from users.authentication import key_in_header


class BrowserSessionMiddleware(SessionMiddleware):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if key_in_header(request) else super().__call__(request)  # type: ignore[return-value]


class BrowserCsrfMiddleware(CsrfViewMiddleware):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if key_in_header(request) else super().__call__(request)  # type: ignore[return-value]
