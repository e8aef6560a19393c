"""What the domain may raise. It knows no HTTP: `http/exception_handler.py` says which answer each one becomes."""

from collections.abc import Iterator
from itertools import islice

CHAIN_MAX_LENGTH = 5


def exception_chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and the few that it came from, the latest first."""
    return islice(_walk_chain(error), CHAIN_MAX_LENGTH)


def _walk_chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class DomainError(Exception):
    """A refusal that the caller can act upon.

    `code` is for programs, `detail` for people, `attr` names the part of the request that was refused: field names
    and list indexes joined by `__`, or None where no single field is to blame.
    """

    code = "error"

    def __init__(self, detail: str, *, attr: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.attr = attr
        self.code = code or self.code


class ValidationFailed(DomainError):
    """The request asks for something that cannot be."""

    code = "invalid_input"


class Forbidden(DomainError):
    """The caller may see this but not do it."""

    code = "permission_denied"


class NotFound(DomainError):
    """What was named does not exist for this caller."""

    code = "not_found"


class PasswordRequired(DomainError):
    """What was named opens to those alone who prove that they may see it."""

    code = "password_required"


class TooManyAttempts(DomainError):
    """The caller has tried too often. `wait` says for how many seconds there is no use in trying."""

    code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many attempts. Please try again in {wait} seconds.")
        self.wait = wait


class VersionConflict(DomainError):
    """What is to be changed is another version than the caller has seen. `version` is the current one."""

    code = "precondition_failed"

    def __init__(self, version: int) -> None:
        super().__init__(f"It is at version {version} now, which is none that `If-Match` names.")
        self.version = version


class Conflict(DomainError):
    """What is asked for exists already."""

    code = "conflict"


class RequestInProgress(DomainError):
    """A request with this Idempotency-Key is being answered at the moment."""

    code = "idempotency_key_in_use"
    wait = 1

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still running. Please try again.")


class IdempotencyKeyReused(DomainError):
    """The Idempotency-Key was sent with another request before."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request: each has a key of its own.")


class ResponseNotStored(Conflict):
    """The request was answered, but with too much to be kept."""

    code = "idempotent_answer_not_kept"

    def __init__(self, status: int) -> None:
        super().__init__(f"This request was done and answered with {status}. The answer was too large to be kept.")
