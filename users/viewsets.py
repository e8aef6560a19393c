"""Base classes of API views that require authentication."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, cast

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import IF_MATCH
from dashboards_api.http.request_options import etag_matches, make_etag, parse_expected_versions
from dashboards_api.idempotency.viewsets import IdempotentViewSet
from users.auth.credentials import Credential
from users.auth.permissions import HasRequiredScopes, IsProjectMember
from users.auth.project_access import get_project_membership
from users.models import Membership, Project, User
from users.rate_limiting.limiter import RateLimitStatus
from users.rate_limiting.throttling import (
    charge_processing_time,
    check_rate_limit,
    raise_if_limited,
    set_rate_limit_headers,
)

_WRITE_METHODS = ("POST", "PUT", "PATCH")


class AuthenticatedViewSet(IdempotentViewSet):
    """A view set that requires authentication. `self.caller` is the user, `self.credential` their key or session."""

    permission_classes = [IsAuthenticated, HasRequiredScopes]
    # Set when the request has been counted.
    rate_limit_status: RateLimitStatus | None = None

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
        """Count the request against the rate limit of its key, before permissions: refused requests count, too."""
        super().perform_authentication(request)
        self.rate_limit_status = check_rate_limit(request)
        if self.rate_limit_status:
            raise_if_limited(self.rate_limit_status)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.rate_limit_status:
            set_rate_limit_headers(final, charge_processing_time(self.request) or self.rate_limit_status)
        return final


class ProjectScopedViewSet(AuthenticatedViewSet):
    """A view set below a project. Every query must start from `self.project` or `self.membership`."""

    permission_classes = [IsAuthenticated, HasRequiredScopes, IsProjectMember]
    project_kwarg: ClassVar[str] = "project_id"
    # Whether the resource in the path has versions that `If-Match` can name.
    has_versions: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_if_match_is_supported()

    def check_if_match_is_supported(self) -> None:
        """Raise ValidationFailed for `If-Match` where nothing has versions. Ignored, it would seem to have matched."""
        is_supported = self.has_versions and self.kwargs.keys() > {self.project_kwarg}
        if (
            self.request.method in _WRITE_METHODS
            and not is_supported
            and parse_expected_versions(self.request._request) is not None
        ):
            detail = "This request does not support `If-Match`, because it does not change one dashboard with versions."
            raise ValidationFailed(detail, attr=IF_MATCH.name, code="if_match_not_supported")

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

    def conditional_response(
        self, get_revision: Callable[[], int], read: Callable[[], tuple[int, Any]], *, is_version: bool = False
    ) -> Response:
        """Return 304 if the client has the current revision, else the body that `read` returns with its revision.

        The revision of a dashboard is its version: `is_version`.
        """
        request = self.request._request
        if "If-None-Match" in request.headers:
            etag = self.get_etag(get_revision(), is_version=is_version)
            if etag_matches(request, etag):
                return Response(status=304, headers={"ETag": etag})
        revision, body = read()
        return Response(body, headers={"ETag": self.get_etag(revision, is_version=is_version)})

    def get_etag(self, revision: int, *, is_version: bool) -> str:
        """Return the ETag of a revision. It depends on the user and their level, as the response does."""
        context = (self.request._request, self.membership.user_id, self.membership.level)
        return make_etag(*context, version=revision) if is_version else make_etag(*context, revision)
