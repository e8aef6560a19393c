"""Domain errors, independent of HTTP. `http/exception_handler.py` maps them to API exceptions."""

from collections.abc import Iterator
from itertools import islice

CHAIN_MAX_LENGTH = 5


def iter_exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """Return an exception and its causes, latest first, limited to CHAIN_MAX_LENGTH exceptions."""
    return islice(_walk_chain(error), CHAIN_MAX_LENGTH)


def _walk_chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class DomainError(Exception):
    """An error that the caller can act upon.

    `code` is for programs, and `detail` is for people. `attr` names the refused part of the request by field names and
    list indexes, joined by `__`. `attr` is None if no single field was refused.
    """

    code = "error"

    def __init__(self, detail: str, *, attr: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.attr = attr
        self.code = code or self.code


class ValidationFailed(DomainError):
    """The error for an invalid value in a request."""

    code = "invalid_input"


class Forbidden(DomainError):
    """The error for an operation that the caller may not perform, although the object is visible to the caller."""

    code = "permission_denied"


class NotFound(DomainError):
    """The error for an object that does not exist, or is not visible to the caller."""

    code = "not_found"


class Unavailable(DomainError):
    """The error for a required component that is temporarily unavailable."""

    code = "service_unavailable"


class PasswordRequired(DomainError):
    """The error for an object that is protected by a password."""

    code = "password_required"


class TooManyAttempts(DomainError):
    """The error for a caller who has made too many attempts.

    `wait` is the number of seconds until the next attempt is allowed.
    """

    code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many attempts. Please try again in {wait} seconds.")
        self.wait = wait


class VersionConflict(DomainError):
    """The error for an object that is not at the version that the caller expects. `version` is the current version."""

    code = "precondition_failed"

    def __init__(self, version: int) -> None:
        super().__init__(f"The dashboard is at version {version}, which does not match `If-Match`.")
        self.version = version


class Conflict(DomainError):
    """The error for an object that exists already."""

    code = "conflict"


class RequestInProgress(DomainError):
    """The error for an Idempotency-Key whose first request is still in progress."""

    code = "idempotency_key_in_use"
    wait = 1

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still running. Please try again.")


class IdempotencyKeyReused(DomainError):
    """The error for an Idempotency-Key that was used for another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request. Each request needs its own key.")


class ResponseNotStored(Conflict):
    """The error for a completed request whose response was too large to store."""

    code = "idempotent_answer_not_kept"

    def __init__(self, status: int) -> None:
        super().__init__(f"This request was completed with status {status}, but the response was too large to store.")
