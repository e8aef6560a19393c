"""Sign-in and sign-out: `/api/login/` and `/api/logout/`."""

from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import describe_body, operation_ids
from dashboards_api.http.viewsets import ApiViewSet
from users.auth.authentication import SessionAuthentication
from users.auth.permissions import HasRequiredScopes
from users.auth.sessions import end_session, start_session
from users.serializers import SignInRequestSerializer, SuccessSerializer
from users.services.sign_in import authenticate_user, check_address_limit
from users.viewsets import AuthenticatedViewSet


@operation_ids("login")
class SignInViewSet(ApiViewSet):
    """Sign-in with a password, which starts a session."""

    tag = "login"
    authentication_classes = []
    permission_classes = []

    @extend_schema(request=describe_body(SignInRequestSerializer), responses={200: SuccessSerializer})
    def create(self, request: Request) -> Response:
        """Sign in. The body contains an e-mail address and a password. The response sets the cookies of a session."""
        if not self.is_same_origin(request):
            raise PermissionDenied("CSRF Failed: sign-in requests from other sites are refused.")
        if not hasattr(request._request, "session"):
            raise ValidationFailed("A sign-in request must not have an API key.")
        address = request.META.get("REMOTE_ADDR", "")
        check_address_limit(address)
        body = self.read_body(SignInRequestSerializer)
        start_session(request._request, authenticate_user(body["email"], body["password"], address=address))
        return Response({"success": True})

    def is_same_origin(self, request: Request) -> bool:
        """Return whether a request is same-origin according to its headers.

        Requests without `Origin` and `Sec-Fetch-Site`, such as requests of scripts, are accepted.
        """
        origin = request.headers.get("Origin", "")
        # The origin is not parsed, because `urlsplit` raises for some values that a client may send.
        is_ours = origin.partition("://")[2] == request.get_host() or origin in settings.CSRF_TRUSTED_ORIGINS
        return (is_ours or not origin) and request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


@operation_ids("logout")
class SignOutViewSet(AuthenticatedViewSet):
    """Sign-out, which ends a session."""

    tag = "login"
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated, HasRequiredScopes]
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {}

    @extend_schema(
        request=None, responses={204: OpenApiResponse(description="The session is deleted. There is no response body.")}
    )
    def create(self, request: Request) -> Response:
        """Sign out. The session is deleted, so copies of its cookie are also invalid."""
        end_session(request._request)
        return Response(status=204)
