"""The bases of every view that needs a caller."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import Error
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api import replicas
from dashboards_api.errors import Invalid
from dashboards_api.http.conditional import etag_of, expected_versions, is_known
from dashboards_api.http.openapi import IF_MATCH
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
    """A view that somebody calls: `self.caller` with `self.credential`."""

    permission_classes = [IsAuthenticated, HasRequiredScopes]
    # Where the key of this request stands, once it was counted.
    rate_limit_status: RateLimitStatus | None = None

    def handle_exception(self, exc: Exception) -> Response:
        """What fails on a replica is read again from the primary: it was a request that only reads."""
        self.headers.pop("ETag", None)  # of an answer that is not given
        if isinstance(exc, Error) and replicas.give_up():
            handler = getattr(self, str(self.request.method).lower())
            try:
                answer: Response = handler(self.request, *self.args, **self.kwargs)
            except Exception as again:  # noqa: BLE001  it is handled as the first would have been
                return super().handle_exception(again)
            return answer
        return super().handle_exception(exc)

    @property
    def caller(self) -> User:
        return cast(User, self.request.user)

    @property
    def credential(self) -> Credential:
        return cast(Credential, self.request.auth)

    @property
    def requested_project_id(self) -> int | None:
        """The project that the request is for; None outside of projects."""
        return None

    @property
    def idempotency_scope(self) -> tuple[int, int | None]:
        return self.caller.pk, self.requested_project_id

    def perform_authentication(self, request: Request) -> None:
        """Whoever shows a key spends a permit of it before anything else is asked: refusals cost one, too."""
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
    """`self.project` and `self.membership` are the only way to rows: every lookup by id starts from the project."""

    permission_classes = [IsAuthenticated, HasRequiredScopes, IsProjectMember]
    project_kwarg: ClassVar[str] = "project_id"
    # Whether what the path names within the project has versions, which `If-Match` may name.
    has_versions: ClassVar[bool] = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_if_match_is_supported()
        if settings.REPLICAS and request.method in SAFE_METHODS:
            replicas.begin(self.caller.wrote_at)

    def check_if_match_is_supported(self) -> None:
        """Refuse `If-Match` where there is no version to compare: ignored it would seem a check. Raises Invalid."""
        is_supported = self.has_versions and self.kwargs.keys() > {self.project_kwarg}
        if (
            self.request.method in _WRITE_METHODS
            and not is_supported
            and expected_versions(self.request._request) is not None
        ):
            detail = "This has no versions, or acts on several dashboards: send it without."
            raise Invalid(detail, attr=IF_MATCH.name, code="if_match_not_supported")

    @cached_property
    def membership(self) -> Membership:
        """The caller's membership of the project in the path. Raises Missing or Forbidden."""
        return get_project_membership(self.caller, self.credential, self.kwargs[self.project_kwarg])

    @property
    def project(self) -> Project:
        return self.membership.project

    @property
    def requested_project_id(self) -> int | None:
        return self.membership.project_id

    def conditional(
        self, known: Callable[[], int], answer: Callable[[], tuple[int, Any]], *, is_version: bool = False
    ) -> Response:
        """`answer` gives a revision and the body; a client that has that of the revision `known` gets a 304.

        Of a dashboard the revision is its version.
        """
        request = self.request._request
        if "If-None-Match" in request.headers and is_known(request, etag := self.etag(known(), is_version=is_version)):
            response = Response(status=304)
        else:
            revision, body = answer()
            response, etag = Response(body), self.etag(revision, is_version=is_version)
        response["ETag"] = etag
        return response

    def etag(self, revision: int, *, is_version: bool) -> str:
        asked = (self.request._request, self.membership.user_id, self.membership.level)
        return etag_of(*asked, version=revision) if is_version else etag_of(*asked, revision)
