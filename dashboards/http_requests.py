"""HTTP helpers for API views and pages: overrides in a query string, unlock tokens, and unlocking a share link."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from dashboards.exceptions import WrongSharePassword
from dashboards.services.share_passwords import check_share_password, find_locked_link
from dashboards.unlock_tokens import UNLOCK_TOKEN_LIFETIME
from dashboards_api.errors import TooManyAttempts
from dashboards_api.http.request_options import parse_object_parameter
from queries.request_overrides import FILTERS_OVERRIDE, VARIABLES_OVERRIDE, RequestOverrides, validate_overrides
from users.auth.authentication import get_bearer_token

logger = structlog.get_logger("dashboards.shared")

# The path suffix of each cookie. The page and its JSON have different paths, and a cookie has only one path.
SHARE_COOKIES = {"share_token": "", "share_token_json": ".json"}


def parse_overrides(query: QueryDict) -> RequestOverrides:
    """Return the overrides in a query string. Raises ValidationError and ValidationFailed."""
    return validate_overrides(
        parse_object_parameter(query, FILTERS_OVERRIDE), parse_object_parameter(query, VARIABLES_OVERRIDE)
    )


def unlock_share_link(request: HttpRequest, access_token: str, read_password: Callable[[], str]) -> str:
    """Return an unlock token for the correct password, and log the attempt.

    The link is looked up, and its rate limits are checked, before the password is read from the body. Raises the
    exceptions of `find_locked_link` and `check_share_password`.
    """
    address = request.META.get("REMOTE_ADDR", "")
    attempt = logger.bind(link=f"…{access_token[-6:]}", address=address)
    try:
        link = find_locked_link(access_token, address=address)
        token = check_share_password(link, text=read_password())
    except (WrongSharePassword, TooManyAttempts):
        attempt.warning("unlock refused")
        raise
    attempt.info("unlocked")
    return token


def get_unlock_tokens(request: Request | HttpRequest) -> list[str]:
    """Return the unlock tokens in the cookies of a browser, and in the `Authorization: Bearer` header of a script."""
    tokens = (request.COOKIES.get(name) for name in SHARE_COOKIES)
    return [token for token in (*tokens, get_bearer_token(request)) if token]


def set_share_cookies(response: HttpResponseBase, path: str, token: str) -> None:
    """Store an unlock token in the browser, for the path of its link only."""
    for name, suffix in SHARE_COOKIES.items():
        response.set_cookie(
            name,
            token,
            max_age=UNLOCK_TOKEN_LIFETIME,
            path=f"{path}{suffix}",
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
