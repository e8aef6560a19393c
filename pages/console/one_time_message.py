"""One-time messages after a form, such as a new API key, a link or a confirmation.

Forms use Post/Redirect/Get, so that a reload does not submit them again. The message is sent in a cookie that is
signed for its user and expires after a minute. The message is never stored on the server, because sessions and backups
would then contain secrets that the database stores only as hashes.
"""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from users.models import User

COOKIE = "shown_once"
SECONDS = 60
_SALT = "pages.once"


def redirect_with_message(path: str, user: User, **content: Any) -> HttpResponse:
    """Return a redirect to a page. On the first view of the page, `content` is available to its template as `once`."""
    response = HttpResponseRedirect(path, status=303)
    response.set_cookie(
        COOKIE,
        signing.dumps([user.pk, content], salt=_SALT),
        max_age=SECONDS,
        path=path.partition("?")[0].partition("#")[0],
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    response["Cache-Control"] = "no-store"
    return response


def read_message(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the message of a request, or an empty dictionary."""
    try:
        user_id, content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=SECONDS)
    except signing.BadSignature:
        return {}
    return content if user_id == user.pk else {}


def delete_message(request: HttpRequest, response: HttpResponseBase) -> None:
    """Delete the cookie of the message."""
    response.delete_cookie(COOKIE, path=request.path, samesite="Lax")
