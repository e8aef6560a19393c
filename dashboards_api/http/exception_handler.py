"""The only place that decides error JSON: every error below /api/ is `{type, code, detail, attr}`.

drf-exceptions-hog, which the API we are compatible with uses, makes the envelope; we give it exceptions that it knows
and add the headers that it drops.
"""

import re
import sys
import traceback
from typing import Any

import orjson
import structlog
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from exceptions_hog.handler import exception_handler as hog_exception_handler
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.response import Response
from rest_framework.settings import api_settings

from dashboards_api import errors
from dashboards_api.db.errors import is_read_only_error
from dashboards_api.db.retry import is_transaction_conflict
from dashboards_api.http.middleware import is_api_request
from dashboards_api.http.parsers import PayloadTooLarge
from dashboards_api.http.request_body import BodyError, BodyTooLarge, BodyTooSlow, TooManyBodies

logger = structlog.get_logger("dashboards_api.errors")

# The content of a tile is named without the tile's position (`text__body`), as the API we are compatible with does:
# reference tests of its text and button tiles read these names.
_BELOW_CONTENT = re.compile(r"^tiles__\d+__((?:text|button_tile)(?:__.*)?)$")

_QUERY_CANCELED = "57014"
_AS_A_WHOLE = f"__{api_settings.NON_FIELD_ERRORS_KEY}"


class Conflict(APIException):
    status_code = 409
    default_code = "conflict"
    exception_type = "invalid_request"

    def __init__(self, error: errors.DomainError) -> None:
        super().__init__(error.detail, code=error.code)
        self.attr = error.attr


class RequestInProgress(Conflict):
    wait = errors.RequestInProgress.wait


class UnprocessableRequest(Conflict):
    status_code = 422


class Throttled(exceptions.Throttled):
    """With the domain's own sentence, to which DRF would add another about the time to wait."""

    def __init__(self, detail: str, *, wait: int) -> None:
        super().__init__(wait)
        self.detail = ErrorDetail(detail, code=self.default_code)


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"
    exception_type = "invalid_request"

    def __init__(self, stale: errors.VersionConflict) -> None:
        super().__init__(stale.detail)
        self.etag = f'W/"{stale.version}"'


class PreconditionRequired(APIException):
    status_code = 428
    default_code = "precondition_required"
    default_detail = "Say in `If-Match` which version you have seen: the `ETag` of an answer, or its number."
    exception_type = "invalid_request"


class PasswordRequired(APIException):
    status_code = 401
    default_code = "password_required"
    exception_type = "authentication_error"


class RequestTimeout(APIException):
    status_code = 408
    default_code = "request_timeout"
    exception_type = "invalid_request"


class ServiceUnavailable(APIException):
    status_code = 503
    default_code = "service_unavailable"
    default_detail = "The service cannot reach its database at the moment. Please try again."
    wait = 2


class StatementTimeout(ServiceUnavailable):
    default_detail = "A statement in the database exceeded its time limit, and was cancelled. Ask for less at once."


class WriteConflict(ServiceUnavailable):
    default_detail = "Others were changing the same at the same time. Please try again."


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response to any exception of a view, for DRF's EXCEPTION_HANDLER setting."""
    known = to_api_exception(exc)
    if not isinstance(known, APIException):
        log_error(exc)
        got_request_exception.send(sender=None, request=context.get("request"))
    response: Response | None = hog_exception_handler(known, context)
    if response is not None and isinstance(response.data, dict):
        response.data["attr"] = shorten_attr(response.data["attr"] or getattr(known, "attr", None))
        if header := getattr(known, "auth_header", None):
            response["WWW-Authenticate"] = header
        if etag := getattr(known, "etag", None):
            response["ETag"] = etag
    return response


def to_api_exception(exc: Exception) -> Exception:
    """Errors of the domain, of Django and of the database as the API exceptions that they mean."""
    if isinstance(exc, errors.ValidationFailed):
        detail = ErrorDetail(exc.detail, code=exc.code)
        return exceptions.ValidationError({exc.attr: [detail]} if exc.attr else [detail])
    if isinstance(exc, errors.VersionConflict):
        return PreconditionFailed(exc)
    if isinstance(exc, errors.Conflict):
        return Conflict(exc)
    if isinstance(exc, errors.RequestInProgress):
        return RequestInProgress(exc)
    if isinstance(exc, errors.IdempotencyKeyReused):
        return UnprocessableRequest(exc)
    if isinstance(exc, errors.Forbidden):
        return exceptions.PermissionDenied(exc.detail, code=exc.code)
    if isinstance(exc, errors.TooManyAttempts):
        return Throttled(exc.detail, wait=exc.wait)
    if isinstance(exc, errors.PasswordRequired):
        return PasswordRequired(exc.detail, code=exc.code)
    if isinstance(exc, errors.NotFound):
        return exceptions.NotFound(exc.detail)
    if isinstance(exc, RequestDataTooBig):
        return PayloadTooLarge()
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    if isinstance(exc, UnreadablePostError):
        return body_error_to_api_exception(exc)
    if is_transaction_conflict(exc):
        return WriteConflict()
    if is_database_unavailable(exc):
        log_error(exc)
        return StatementTimeout() if is_statement_timeout(exc) else ServiceUnavailable()
    return exc


def body_error_to_api_exception(exc: UnreadablePostError) -> APIException:
    """Return the API exception for a body that was not received."""
    error = next((each for each in errors.exception_chain(exc) if isinstance(each, BodyError)), BodyError())
    if isinstance(error, BodyTooLarge):
        return PayloadTooLarge(error.detail)
    if isinstance(error, BodyTooSlow):
        return RequestTimeout(error.detail)
    if isinstance(error, TooManyBodies):
        return ServiceUnavailable(error.detail)
    return exceptions.ParseError(error.detail)


def is_database_unavailable(exc: BaseException) -> bool:
    """Whether the database cannot do now what it was asked for, and may soon."""
    return isinstance(exc, OperationalError | InterfaceError) or is_read_only_error(exc)


def is_statement_timeout(exc: BaseException) -> bool:
    """Return whether PostgreSQL cancelled a statement for its `statement_timeout`."""
    return any(getattr(each, "sqlstate", None) == _QUERY_CANCELED for each in errors.exception_chain(exc))


def log_error(exc: BaseException) -> None:
    """Log where a fault came from, without its text: that may hold what a request held, such as a row."""
    chain = [type(each).__qualname__ for each in errors.exception_chain(exc)]
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(exc.__traceback__)]
    logger.error("fault", exceptions=chain, frames=frames)


def shorten_attr(attr: str | None) -> str | None:
    """`tiles__0__text__body` as `text__body`, and an item that is wrong as a whole as the item: `tiles__0`."""
    if attr is None:
        return None
    attr = attr.removesuffix(_AS_A_WHOLE)
    found = _BELOW_CONTENT.match(attr)
    return found.group(1) if found else attr


# What happens outside DRF's views: Django's error handlers (`handler400`, `handler404`, `handler500` of urls.py).


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "Invalid Host header." if isinstance(exception, DisallowedHost) else "The request is malformed."
    return _build_response(request, 400, "invalid_request", "bad_request", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _build_response(request, 404, "invalid_request", "not_found", "Endpoint not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    exc = sys.exception()
    away = to_api_exception(exc) if isinstance(exc, DatabaseError | InterfaceError) else None
    if isinstance(away, ServiceUnavailable):
        answer = _build_response(request, 503, "server_error", "service_unavailable", str(away))
        answer["Retry-After"] = str(ServiceUnavailable.wait)
        return answer
    if exc:
        log_error(exc)
    return _build_response(request, 500, "server_error", "error", "A server error occurred.")


def _build_response(request: HttpRequest, status: int, type_: str, code: str, detail: str) -> HttpResponse:
    if is_api_request(request):
        envelope = {"type": type_, "code": code, "detail": detail, "attr": None}
        return HttpResponse(orjson.dumps(envelope), status=status, content_type="application/json")
    return HttpResponse(f"{detail}\n", status=status, content_type="text/plain; charset=utf-8")
