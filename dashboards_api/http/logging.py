"""Logs as lines of JSON, one for each request: method, path, status, time, caller. Never a query, a body, a key or a
share token.
"""

import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from django.http import HttpRequest, HttpResponse

from dashboards_api.http.middleware import GetResponse

SAFE_REQUEST_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
API_KEY = re.compile(r"phx_\w+")
# What opens something by itself: links of shared dashboards, of set-ups and of invitations.
SECRET_PATH = re.compile(r"(?i)/(shared|embedded|shared_dashboard|setup|invitations)/+[^/]+")

_requests = logging.getLogger("dashboards_api.request")


class JSONFormatter(logging.Formatter):
    """What structlog hands on, and what others log, as one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "event": record.getMessage(),
            **structlog.contextvars.get_contextvars(),
            **{name: value for name, value in record.__dict__.items() if name not in _STANDARD_ATTRIBUTES},
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()


_STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "timestamp", "level"}


class RequestLogMiddleware:
    """Gives each request an id (the client's X-Request-ID where it is a sane one), answers it, and logs the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if SAFE_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if _requests.isEnabledFor(logging.INFO):
                self.log(request, response, request_id, started)
        response.headers["X-Request-ID"] = request_id
        return response

    def log(self, request: HttpRequest, response: HttpResponse, request_id: str, started: float) -> None:
        path = request.path
        if not request.path_info.startswith("/api/projects/"):
            path = SECRET_PATH.sub(r"/\1/…", path)
        facts = {
            "method": request.method,
            "path": API_KEY.sub("phx_…", path),
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - started) * 1000, 1),
            "address": request.META.get("REMOTE_ADDR"),
            "user": getattr(getattr(request, "user", None), "pk", None),
            "request_id": request_id,
        }
        # Made by hand: `info` would look for the line of code that it is called from.
        record = logging.LogRecord(_requests.name, logging.INFO, "", 0, "request", (), None)
        record.__dict__.update(facts)
        _requests.handle(record)
