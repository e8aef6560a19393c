"""The errors in the OpenAPI document: an example response for each status, and the operations that can return it."""

from typing import Any, NamedTuple

from drf_spectacular.utils import OpenApiParameter

from dashboards_api.errors import IdempotencyKeyReused, VersionConflict
from dashboards_api.http.api_exceptions import PreconditionRequired, ServiceUnavailable
from dashboards_api.http.openapi import IDEMPOTENCY_KEY, IF_MATCH
from dashboards_api.http.request_body import SMALL_BODY_BYTES, BodyTimeout, BodyTooLarge


class ErrorResponse(NamedTuple):
    """An error status: its name and description in the document, and the fields of an example."""

    name: str
    description: str
    type: str
    code: str
    detail: str
    attr: str | None = None


ERRORS = {
    400: ErrorResponse(
        "BadRequest",
        "The request is malformed, or a value in it is not valid.",
        "validation_error",
        "invalid_input",
        "Must be a valid boolean.",
        "pinned",
    ),
    401: ErrorResponse(
        "Unauthorized",
        "The API key is missing, unknown, revoked or expired.",
        "authentication_error",
        "authentication_failed",
        "Personal API key found in request Authorization header is invalid.",
    ),
    403: ErrorResponse(
        "Forbidden",
        "The API key lacks a scope, or the caller lacks a right.",
        "authentication_error",
        "permission_denied",
        "API key missing required scope 'dashboard:write'",
    ),
    404: ErrorResponse(
        "NotFound",
        "The object does not exist, or the caller cannot see it.",
        "invalid_request",
        "not_found",
        "Not found.",
    ),
    406: ErrorResponse(
        "NotAcceptable",
        "The `Accept` header excludes JSON.",
        "invalid_request",
        "not_acceptable",
        "Could not satisfy the request Accept header.",
    ),
    408: ErrorResponse(
        "RequestTimeout",
        "The body was not received within 60 seconds.",
        "invalid_request",
        "request_timeout",
        BodyTimeout.detail,
    ),
    409: ErrorResponse(
        "Conflict",
        "The object already exists, a request with this `Idempotency-Key` is still running, or there is no result to "
        "export.",
        "invalid_request",
        "conflict",
        "There is already an unlisted dashboard with the tag 'checkout'.",
        "tag",
    ),
    412: ErrorResponse(
        "PreconditionFailed",
        "The version in `If-Match` is not the current version of the dashboard. `ETag` contains the current version.",
        "invalid_request",
        "precondition_failed",
        VersionConflict(2).detail,
    ),
    413: ErrorResponse(
        "PayloadTooLarge",
        "The body is too large.",
        "invalid_request",
        "payload_too_large",
        BodyTooLarge(SMALL_BODY_BYTES).detail,
    ),
    415: ErrorResponse(
        "UnsupportedMediaType",
        "The media type of the body is not supported.",
        "invalid_request",
        "unsupported_media_type",
        'Unsupported media type "text/plain" in request.',
    ),
    422: ErrorResponse(
        "UnprocessableEntity",
        "This `Idempotency-Key` was used for another request.",
        "invalid_request",
        "idempotency_key_reused",
        IdempotencyKeyReused().detail,
    ),
    428: ErrorResponse(
        "PreconditionRequired",
        "This service requires `If-Match`.",
        "invalid_request",
        "precondition_required",
        PreconditionRequired.default_detail,
    ),
    429: ErrorResponse(
        "TooManyRequests",
        "Too many requests. Repeat the request after the number of seconds in `Retry-After`.",
        "throttled_error",
        "throttled",
        "Request was throttled. Expected available in 30 seconds.",
    ),
    500: ErrorResponse(
        "InternalServerError",
        "An internal error, which has been logged.",
        "server_error",
        "error",
        "A server error occurred.",
    ),
    503: ErrorResponse(
        "ServiceUnavailable",
        "The service is temporarily unavailable. Repeat the request after the number of seconds in `Retry-After`.",
        "server_error",
        "service_unavailable",
        ServiceUnavailable.default_detail,
    ),
}
BODY_ERRORS = {408, 409, 413, 415}
IDEMPOTENCY_ERRORS = {409, 422}
KEY_ERRORS = {429}
VERSION_ERRORS = {412, 428}
# Operations with limits for clients without an API key.
LIMITED_WITHOUT_KEY = {"login_create"}
# Operations that need a result.
NEED_RESULT = {f"{prefix}insights_export_retrieve" for prefix in ("", "environments_")}
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Every error below /api/ has this form.",
    "properties": {
        "type": {
            "type": "string",
            "enum": ["validation_error", "invalid_request", "authentication_error", "throttled_error", "server_error"],
        },
        "code": {"type": "string", "description": "A code for programs, for example `required` or `not_found`."},
        "detail": {"type": "string", "description": "A message for people."},
        "attr": {
            "type": "string",
            "nullable": True,
            "description": "The path of the refused value: field names and list indexes joined by `__`, or null.",
        },
        "query_status": {
            "allOf": [{"$ref": "#/components/schemas/QueryStatus"}],
            "description": "The status of a failed query, if the request was for this query.",
        },
    },
    "required": ["type", "code", "detail", "attr"],
}

# Operations whose responses have an ETag.
CONDITIONAL = frozenset(
    f"{prefix}dashboards_{action}" for prefix in ("", "environments_") for action in ("list", "retrieve")
)


def document_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to each operation the error statuses that it can return, as references to one response for each status."""
    result["components"]["schemas"]["Error"] = ERROR_SCHEMA
    result["components"]["responses"] = {error.name: build_response(error) for error in ERRORS.values()}
    for methods in result["paths"].values():
        for operation in methods.values():
            if operation["operationId"] in CONDITIONAL:
                operation["responses"]["304"] = {"description": "The `ETag` in `If-None-Match` is still current."}
            for status, error in ERRORS.items():
                if can_return(operation, status):
                    reference = {"$ref": f"#/components/responses/{error.name}"}
                    operation["responses"].setdefault(str(status), reference)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def build_response(error: ErrorResponse) -> dict[str, Any]:
    """Return the response for an error, as a component of the document."""
    example = {key: getattr(error, key) for key in ERROR_SCHEMA["required"]}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    return {"description": error.description, "content": {"application/json": content}}


def can_return(operation: dict[str, Any], status: int) -> bool:
    """Return whether an operation can return an error status."""
    if status in VERSION_ERRORS:
        return _has_parameter(operation, IF_MATCH)
    if status in IDEMPOTENCY_ERRORS and _has_parameter(operation, IDEMPOTENCY_KEY):
        return True
    if status in BODY_ERRORS:
        return "requestBody" in operation or (status == 409 and operation["operationId"] in NEED_RESULT)
    if status in KEY_ERRORS:
        return {"PersonalAPIKeyAuth": []} in operation.get("security", []) or operation[
            "operationId"
        ] in LIMITED_WITHOUT_KEY
    return status not in IDEMPOTENCY_ERRORS


def _has_parameter(operation: dict[str, Any], parameter: OpenApiParameter) -> bool:
    return any(each["name"] == parameter.name for each in operation.get("parameters", []))
