"""What a page shows once after a form: a new key, a link, that something was done.

A form that makes something is answered by a redirect, so that a reload makes nothing again. What is shown after it
travels in a cookie of a minute, signed for its user, and so is never kept on the server: no session, and no backup,
holds a secret that the database keeps as a hash.
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
    """Return a redirect to a page of ours that has `content` as `once`, the first time that it is shown."""
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
    """Return what the page has to show, or nothing."""
    try:
        user_id, content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=SECONDS)
    except signing.BadSignature:
        return {}
    return content if user_id == user.pk else {}


def delete_message(request: HttpRequest, response: HttpResponseBase) -> None:
    """Have the browser forget what was shown."""
    response.delete_cookie(COOKIE, path=request.path, samesite="Lax")
