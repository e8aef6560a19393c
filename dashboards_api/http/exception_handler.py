"""Error responses. Every error below /api/ is `{type, code, detail, attr}`.

Errors outside of Django have the same JSON (`edge.send_error`). An exception may have `further_fields` for its
response. drf-exceptions-hog, which PostHog uses, builds the envelope. This module passes known exceptions to the
package and adds the headers that the package drops. The module also contains functions for Django's error handlers
(`handler400`, `handler404`, `handler500`).
"""

import re
import sys
import traceback
from collections.abc import Callable
from typing import Any

import orjson
import structlog
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from exceptions_hog.handler import exception_handler as hog_exception_handler
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response
from rest_framework.settings import api_settings

from dashboards_api import errors
from dashboards_api.db.errors import is_database_unavailable, is_statement_timeout
from dashboards_api.db.retry import is_transaction_conflict
from dashboards_api.http.api_exceptions import (
    Conflict,
    PasswordRequired,
    PayloadTooLarge,
    PreconditionFailed,
    RequestInProgress,
    RequestTimeout,
    ServiceUnavailable,
    StatementTimeout,
    Throttled,
    UnprocessableRequest,
    WriteConflict,
)
from dashboards_api.http.middleware import is_api_request
from dashboards_api.http.request_body import BodyError, BodyTimeout, BodyTooLarge, TooManyBodies

logger = structlog.get_logger("dashboards_api.errors")

# PostHog names the content of a tile without the index of the tile (`text__body`), and its tests read these names.
_BELOW_CONTENT = re.compile(r"^tiles__\d+__((?:text|button_tile)(?:__.*)?)$")

_AS_A_WHOLE = f"__{api_settings.NON_FIELD_ERRORS_KEY}"


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response to any exception of a view, for DRF's EXCEPTION_HANDLER setting."""
    known = to_api_exception(exc)
    if not isinstance(known, APIException):
        log_error(exc)
        got_request_exception.send(sender=None, request=context.get("request"))
    response: Response | None = hog_exception_handler(known, context)
    if response is not None and isinstance(response.data, dict):
        response.data["attr"] = shorten_attr(response.data["attr"] or getattr(known, "attr", None))
        response.data |= getattr(known, "further_fields", {})
        if header := getattr(known, "auth_header", None):
            response["WWW-Authenticate"] = header
        if etag := getattr(known, "etag", None):
            response["ETag"] = etag
    return response


def to_api_exception(exc: Exception) -> Exception:
    """Return the API exception for an error of the domain, of Django or of the database. Other errors are unchanged."""
    for class_ in type(exc).__mro__:
        if convert := _CONVERTERS.get(class_):
            return convert(exc)
    if is_transaction_conflict(exc):
        return WriteConflict()
    if is_database_unavailable(exc):
        log_error(exc)
        return StatementTimeout() if is_statement_timeout(exc) else ServiceUnavailable()
    return exc


def _to_validation_error(exc: errors.ValidationFailed) -> APIException:
    detail = ErrorDetail(exc.detail, code=exc.code)
    return exceptions.ValidationError({exc.attr: [detail]} if exc.attr else [detail])


def _to_body_exception(exc: UnreadablePostError) -> APIException:
    """Return the API exception for a body that was not received."""
    error = next((each for each in errors.iter_exception_chain(exc) if isinstance(each, BodyError)), BodyError())
    return _BODY_EXCEPTIONS.get(type(error), exceptions.ParseError)(error.detail)


_BODY_EXCEPTIONS: dict[type[BodyError], type[APIException]] = {
    BodyTooLarge: PayloadTooLarge,
    BodyTimeout: RequestTimeout,
    TooManyBodies: ServiceUnavailable,
}

# The most specific class of an exception decides.
_CONVERTERS: dict[type[BaseException], Callable[[Any], APIException]] = {
    errors.ValidationFailed: _to_validation_error,
    errors.VersionConflict: PreconditionFailed,
    errors.Conflict: Conflict,
    errors.RequestInProgress: RequestInProgress,
    errors.IdempotencyKeyReused: UnprocessableRequest,
    errors.Forbidden: lambda exc: exceptions.PermissionDenied(exc.detail, code=exc.code),
    errors.TooManyAttempts: lambda exc: Throttled(exc.detail, wait=exc.wait),
    errors.PasswordRequired: lambda exc: PasswordRequired(exc.detail, code=exc.code),
    errors.Unavailable: lambda exc: ServiceUnavailable(exc.detail, code=exc.code),
    errors.NotFound: lambda exc: exceptions.NotFound(exc.detail),
    RequestDataTooBig: lambda exc: PayloadTooLarge(),
    SuspiciousOperation: lambda exc: exceptions.ParseError("The request is malformed."),
    UnreadablePostError: _to_body_exception,
}


def log_error(exc: BaseException) -> None:
    """Log the classes and the traceback of an error, but not its text, which may contain data of a request."""
    chain = [type(each).__qualname__ for each in errors.iter_exception_chain(exc)]
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(exc.__traceback__)]
    logger.error("fault", exceptions=chain, frames=frames)


def shorten_attr(attr: str | None) -> str | None:
    """Shorten the path of an error: from `tiles__0__text__body` to `text__body`, or to `tiles__0` for a whole item."""
    if attr is None:
        return None
    attr = attr.removesuffix(_AS_A_WHOLE)
    found = _BELOW_CONTENT.match(attr)
    return found.group(1) if found else attr


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "Invalid Host header." if isinstance(exception, DisallowedHost) else "The request is malformed."
    return _build_response(request, 400, "invalid_request", "bad_request", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _build_response(request, 404, "invalid_request", "not_found", "Endpoint not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    exc = sys.exception()
    api_exception = to_api_exception(exc) if isinstance(exc, DatabaseError | InterfaceError) else None
    if isinstance(api_exception, ServiceUnavailable):
        response = _build_response(request, 503, "server_error", "service_unavailable", str(api_exception))
        response["Retry-After"] = str(ServiceUnavailable.wait)
        return response
    if exc:
        log_error(exc)
    return _build_response(request, 500, "server_error", "error", "A server error occurred.")


def _build_response(request: HttpRequest, status: int, type_: str, code: str, detail: str) -> HttpResponse:
    if is_api_request(request):
        envelope = {"type": type_, "code": code, "detail": detail, "attr": None}
        return HttpResponse(orjson.dumps(envelope), status=status, content_type="application/json")
    return HttpResponse(f"{detail}\n", status=status, content_type="text/plain; charset=utf-8")
