"""Middleware for all requests."""

import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

from dashboards_api.http.waiting import is_held_back

# Smaller responses fit into one packet anyway.
GZIP_MIN_BYTES = 1400
GetResponse = Callable[[HttpRequest], HttpResponse]
# Paths for load balancers and monitoring. Nothing in their responses depends on the host.
OPERATIONS_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
# Longer chains are not read, since each hop is compared with each trusted network.
MAX_PROXIES = 20
# The key of the client's IP address in the WSGI environment. No header can have such a name.
CLIENT_ADDRESS = "dashboards.client_address"

SAFE_REQUEST_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
API_KEY = re.compile(r"phx_\w+")
# The first part of paths with a secret: of share links, set-up links and invitations. The proxies in docs/proxies/ omit
# the same secrets from their logs.
SECRET_PATH_PREFIXES = ("shared", "embedded", "shared_dashboard", "setup", "invitations")
SECRET_PATH = re.compile(rf"(?i)/({'|'.join(SECRET_PATH_PREFIXES)})/+[^/]+")

_requests = logging.getLogger("dashboards_api.request")


class TrustedProxyMiddleware:
    """Middleware that reads X-Forwarded-For and X-Forwarded-Proto from the proxies in TRUSTED_PROXIES only.

    The client's IP address is the last IP address of the chain that belongs to no trusted proxy.
    X-Forwarded-Host is never read, because links are built from PUBLIC_URL or from an allowed host.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme = request.META.pop("HTTP_X_FORWARDED_PROTO", "").strip().lower()
        if settings.TRUSTED_PROXIES and is_trusted(request.META.get("REMOTE_ADDR", "")):
            if scheme in ("http", "https"):
                request.environ["wsgi.url_scheme"] = scheme  # type: ignore[attr-defined]  # WSGIRequest has it
            request.META["REMOTE_ADDR"] = get_client_address(request.META)
        request.META.pop("HTTP_X_FORWARDED_FOR", None)
        return self.get_response(request)


def get_client_address(meta: dict[str, Any]) -> str:
    """Return the IP address of the client. The IP address is determined only once for each request."""
    if CLIENT_ADDRESS not in meta:
        meta[CLIENT_ADDRESS] = parse_forwarded_for(meta)
    return str(meta[CLIENT_ADDRESS])


def parse_forwarded_for(meta: dict[str, Any]) -> str:
    """Return the last IP address in the chain that belongs to no trusted proxy."""
    address: str = meta.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES or not is_trusted(address):
        return address
    for hop in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", MAX_PROXIES)):
        if not is_address(hop.strip()):
            break
        address = hop.strip()
        if not is_trusted(address):
            break
    return address


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_trusted(text: str) -> bool:
    if not is_address(text):
        return False
    address = ipaddress.ip_address(text)
    return any(address in network for network in settings.TRUSTED_PROXIES)


class RequestLogMiddleware:
    """Middleware that logs the method, path, status, time and caller of each request.

    Queries, bodies, API keys and access tokens are not logged. Each request has an id: the `X-Request-ID` of the client
    if it is well-formed, else a new id.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if SAFE_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if _requests.isEnabledFor(logging.INFO) and not is_held_back(request):
                self.log(request, response, request_id, started)
        response.headers["X-Request-ID"] = request_id
        return response

    def log(self, request: HttpRequest, response: HttpResponse, request_id: str, started: float) -> None:
        facts = {
            "method": request.method,
            "path": redact_path(request),
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - started) * 1000, 1),
            "address": request.META.get("REMOTE_ADDR"),
            "user": getattr(getattr(request, "user", None), "pk", None),
            "request_id": request_id,
        }
        # The record is created directly, because `info` would look up the line of code of its caller.
        record = logging.LogRecord(_requests.name, logging.INFO, "", 0, "request", (), None)
        record.__dict__.update(facts)
        _requests.handle(record)


def redact_path(request: HttpRequest) -> str:
    """Return the path of a request without access tokens, tokens of other links, and API keys."""
    path = request.path
    if not request.path_info.startswith("/api/projects/"):
        path = SECRET_PATH.sub(r"/\1/…", path)
    return API_KEY.sub("phx_…", path)


class HostCheckMiddleware(CommonMiddleware):
    """Django's CommonMiddleware, which checks `Host` and sets `Content-Length`.

    The paths for load balancers accept any host, because load balancers use IP addresses that cannot be listed.
    """

    def process_request(self, request: HttpRequest) -> Any:
        return None if request.path_info in OPERATIONS_PATHS else super().process_request(request)


class PageCSPMiddleware(CSPMiddleware):
    """Middleware that adds the Content-Security-Policy to pages. Responses of the API are JSON and have no policy."""

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if is_api_request(request) else super().__call__(request)


class GZipCompressionMiddleware(GZipMiddleware):
    """Middleware that compresses large responses, except streaming responses, for clients that accept gzip."""

    def __call__(self, request: HttpRequest) -> Any:
        response: Any = self.get_response(request)
        if response.streaming or len(response.content) < GZIP_MIN_BYTES:
            return response
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            return self.process_response(request, response)
        patch_vary_headers(response, ("Accept-Encoding",))
        return response


def is_api_request(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def get_base_url(request: HttpRequest) -> str:
    """Return the base of absolute URLs: PUBLIC_URL, or else the allowed host that the client used."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


class OptionalSlashMiddleware:
    """Middleware that serves `/api/…/dashboards` as `/api/…/dashboards/` for every method, without a redirect.

    After a redirect, the body would be lost, and several clients do not follow redirects.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_api_request(request) and not request.path_info.endswith("/"):
            request.path_info += "/"
        return self.get_response(request)
