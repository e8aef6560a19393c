"""What opens without a key: `/shared/:token.json`, `/embedded/:token.json`, and the password in front of them.

Of credentials only share tokens are looked at, which a right password gives.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import WrongSharePassword
from dashboards.readers.shared import PageType, open_shared, read_shared
from dashboards.serializers.sharing import UnlockRequestSerializer
from dashboards.services.share_passwords import find_locked_link, unlock
from dashboards.unlocking import GOOD_FOR
from dashboards.views.overrides import OVERRIDES, get_overrides
from dashboards_api.errors import TooMany
from dashboards_api.http.views import ApiViewSet
from users.auth.authentication import get_bearer_token

logger = structlog.get_logger("dashboards.shared")

# Not in the API document, which describes what lies below /api/: for the check of unknown parameters.
EMBEDDED = OpenApiParameter("embedded", bool)
# The page and its JSON are two paths to a browser, which sends a cookie to one of them alone.
COOKIES = {"share_token": "", "share_token_json": ".json"}


class SharedViewSet(ApiViewSet):
    authentication_classes = []
    permission_classes = []

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """No cache keeps an answer, a refusal neither: sharing may be switched at any time."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        final["X-Robots-Tag"] = "noindex"
        return final


class SharedDashboardViewSet(SharedViewSet):
    """The content of a shared dashboard as JSON, read-only."""

    page_type: PageType = "scene"

    @extend_schema(parameters=[EMBEDDED, *OVERRIDES])
    def retrieve(self, request: Request, access_token: str) -> Response:
        embedded = request.query_params.get("embedded", "false").lower() not in ("false", "0")
        opened = open_shared(access_token, share_tokens=share_tokens_of(request), overrides=get_overrides(self))
        return Response(read_shared(opened, "embed" if embedded else self.page_type))


class UnlockViewSet(SharedViewSet):
    """A password for a shared dashboard. Errors say what they say as `error` too: pages read it there."""

    def unlock(self, request: Request, access_token: str) -> Response:
        token = unlocked(
            request._request, access_token, lambda: str(self.read_body(UnlockRequestSerializer)["password"])
        )
        response = Response({"shareToken": token})
        set_share_cookies(response, request.path, token)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        response.data["error"] = response.data["detail"]
        return response


def unlocked(request: HttpRequest, access_token: str, read_password: Callable[[], str]) -> str:
    """The share token for a right password; every attempt is in the log. Raises what `unlock` raises.

    The link is looked up, and its limits are checked, before the password is read from the body.
    """
    address = request.META.get("REMOTE_ADDR", "")
    attempt = logger.bind(link=f"…{access_token[-6:]}", address=address)
    try:
        link = find_locked_link(access_token, address=address)
        token = unlock(link, text=read_password())
    except (WrongSharePassword, TooMany):
        attempt.warning("unlock refused")
        raise
    attempt.info("unlocked")
    return token


def set_share_cookies(response: HttpResponseBase, path: str, token: str) -> None:
    """Keep the token in the browser, for that link alone."""
    for name, suffix in COOKIES.items():
        response.set_cookie(
            name,
            token,
            max_age=GOOD_FOR,
            path=f"{path}{suffix}",
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def share_tokens_of(request: Request | HttpRequest) -> list[str]:
    """From the cookies of a browser, and from scripts as `Authorization: Bearer`."""
    tokens = (request.COOKIES.get(name) for name in COOKIES)
    return [token for token in (*tokens, get_bearer_token(request)) if token]
