"""Base classes of API views that require authentication."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, cast

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import IF_MATCH
from dashboards_api.http.request_options import etag_matches, make_etag, parse_if_match
from dashboards_api.idempotency.viewsets import IdempotentViewSet
from users.auth.credentials import Credential, get_project_membership
from users.auth.permissions import HasRequiredScopes, IsProjectMember
from users.models import Membership, PersonalAPIKey, Project, User
from users.rate_limiting.limiter import RateLimitStatus, rate_limiter

_WRITE_METHODS = ("POST", "PUT", "PATCH")
RATE_LIMIT_KEY = "users.rate_limit_status"


class AuthenticatedViewSet(IdempotentViewSet):
    """A view set that requires authentication.

    `self.caller` is the user, and `self.credential` is the API key or the session of the request.
    """

    permission_classes = [IsAuthenticated, HasRequiredScopes]
    # None until the request has been counted.
    rate_limit_status: RateLimitStatus | None = None
    started: float  # the CPU time of this thread when the request was counted

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response to an error, without the ETag of the response that it replaces."""
        self.headers.pop("ETag", None)
        return super().handle_exception(exc)

    @property
    def caller(self) -> User:
        return cast(User, self.request.user)

    @property
    def credential(self) -> Credential:
        return cast(Credential, self.request.auth)

    @property
    def requested_project_id(self) -> int | None:
        """Return the id of the project in the path, or None outside of projects."""
        return None

    @property
    def idempotency_scope(self) -> tuple[int, int | None]:
        return self.caller.pk, self.requested_project_id

    def perform_authentication(self, request: Request) -> None:
        """Count a request with an API key before permissions are checked, so that refused requests count.

        Raises Throttled.

        A request that is retried after a write conflict, or run again after a wait for results, is counted once.
        Sessions are not limited.
        """
        super().perform_authentication(request)
        if not settings.RATE_LIMITS or not isinstance(request.auth, PersonalAPIKey):
            return
        environ = request._request.META  # shared by all runs of this request
        if RATE_LIMIT_KEY not in environ:
            environ[RATE_LIMIT_KEY] = rate_limiter.consume(request.auth.pk, settings.RATE_LIMITS, time.time())
        self.started = time.thread_time()
        status: RateLimitStatus = environ[RATE_LIMIT_KEY]
        self.rate_limit_status = status
        if not status.is_allowed:
            raise Throttled(wait=status.reset)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_if_match_is_supported()

    @property
    def supports_if_match(self) -> bool:
        """Return whether the request is for a resource with versions."""
        return False

    def check_if_match_is_supported(self) -> None:
        """Raise ValidationFailed for `If-Match` on a resource without versions.

        If the header were ignored, the precondition would seem to be met.
        """
        if (
            self.request.method in _WRITE_METHODS
            and not self.supports_if_match
            and parse_if_match(self.request._request) is not None
        ):
            detail = "This request does not support `If-Match`, because it does not change exactly one dashboard."
            raise ValidationFailed(detail, attr=IF_MATCH.name, code="if_match_not_supported")

    def charge_processing_time(self) -> RateLimitStatus | None:
        """Count a finished request as one additional request for each full 20 ms of its CPU time.

        Waiting is not counted, because its duration depends on other clients. Return the new rate-limit status, or None
        if no request is added.
        """
        units = int((time.thread_time() - self.started) / settings.RATE_LIMIT_UNIT_SECONDS)
        if not units:
            return None
        return rate_limiter.charge(self.request.auth.pk, units, settings.RATE_LIMITS, time.time())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.rate_limit_status:
            status = self.charge_processing_time() or self.rate_limit_status
            # Most clients support this form with three headers.
            final["RateLimit-Limit"] = str(status.limit)
            final["RateLimit-Remaining"] = str(status.remaining)
            final["RateLimit-Reset"] = str(status.reset)
        return final


class ProjectScopedViewSet(AuthenticatedViewSet):
    """A view set below a project. Every query must start from `self.project` or `self.membership`."""

    permission_classes = [IsAuthenticated, HasRequiredScopes, IsProjectMember]
    project_kwarg: ClassVar[str] = "project_id"
    # Whether the resource in the path has versions that `If-Match` can name.
    has_versions: ClassVar[bool] = False

    @property
    def supports_if_match(self) -> bool:
        return self.has_versions and self.kwargs.keys() > {self.project_kwarg}

    @cached_property
    def membership(self) -> Membership:
        """Return the caller's membership of the project in the path. Raises NotFound and Forbidden."""
        return get_project_membership(self.caller, self.credential, self.kwargs[self.project_kwarg])

    @property
    def project(self) -> Project:
        return self.membership.project

    @property
    def requested_project_id(self) -> int | None:
        return self.membership.project_id

    def build_conditional_response(
        self, get_etag: Callable[[], str], read: Callable[[], tuple[str, Any]], *, must_read: bool = False
    ) -> Response:
        """Return 304 if the client has the current ETag, else the body that `read` returns with its ETag.

        With `must_read`, the body is always read, because reading has an effect, such as requesting results.
        """
        request = self.request._request
        if "If-None-Match" in request.headers and not must_read and etag_matches(request, etag := get_etag()):
            return Response(status=304, headers={"ETag": etag})
        etag, body = read()
        if must_read and etag_matches(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag})

    def make_etag(self, *state: Any, version: int | None = None) -> str:
        """Return the ETag of a state. The ETag begins with a version if there is one.

        The ETag depends on the user and their level, as the response does.
        """
        return make_etag(self.request._request, self.membership.user_id, self.membership.level, *state, version=version)
