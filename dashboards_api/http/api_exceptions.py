"""API exceptions: status, code and text of the errors for which DRF has no exception."""

from django.conf import settings
from rest_framework import exceptions
from rest_framework.exceptions import APIException, ErrorDetail

from dashboards_api import errors


class PayloadTooLarge(APIException):
    status_code = 413
    default_code = "payload_too_large"
    default_detail = f"A request body may have at most {settings.MAX_BODY_BYTES} bytes."
    exception_type = "invalid_request"


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
    """The error for 429, with the detail of the domain error. DRF would append a sentence about the time to wait."""

    def __init__(self, detail: str, *, wait: int, code: str | None = None) -> None:
        super().__init__(wait)
        self.detail = ErrorDetail(detail, code=code or self.default_code)


class PreconditionFailed(APIException):
    status_code = 412
    default_code = "precondition_failed"
    exception_type = "invalid_request"

    def __init__(self, conflict: errors.VersionConflict) -> None:
        super().__init__(conflict.detail)
        self.etag = f'W/"{conflict.version}"'


class PreconditionRequired(APIException):
    status_code = 428
    default_code = "precondition_required"
    default_detail = (
        "Send `If-Match` with the version that you have read: the `ETag` of a response, or a version number."
    )
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
    default_detail = "A statement in the database exceeded its time limit and was cancelled. Request less data at once."


class WriteConflict(ServiceUnavailable):
    default_detail = "Other requests changed the same data at the same time. Please try again."
