"""One line for each request: method, path, status, time, caller. Never a query, a body, a key or a share token."""

import re
import time
import uuid

import structlog
from django.http import HttpRequest, HttpResponse

from dashboards_api.http.middleware import GetResponse

logger = structlog.get_logger("dashboards_api.request")
SAFE_REQUEST_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
KEY = re.compile(r"phx_\w+")
# What opens something by itself: links of shared dashboards and of set-ups.
SECRET_PATH = re.compile(r"(?i)/(shared|embedded|shared_dashboard|setup)/+[^/]+")


class RequestLogMiddleware:
    """Gives each request an id (the client's X-Request-ID where it is a sane one), answers it, and logs the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if SAFE_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            logger.info(
                "request",
                method=request.method,
                path=KEY.sub("phx_…", SECRET_PATH.sub(r"/\1/…", request.path)),
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
                address=request.META.get("REMOTE_ADDR"),
                user=getattr(getattr(request, "user", None), "pk", None),
            )
        response.headers["X-Request-ID"] = request_id
        return response
