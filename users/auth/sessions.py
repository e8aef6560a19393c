"""Start and end browser sessions, which are stored in the database."""

import time
from datetime import timedelta

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from dashboards_api.db.best_effort import best_effort_write
from dashboards_api.db.retry import retry_on_conflict
from users.auth.session_store import SessionStore
from users.models import User

# Changes that could outlive the use of a borrowed browser, such as a new API key, require a recent sign-in.
RECENT_SIGN_IN = timedelta(hours=2)
_SIGNED_IN_AT = "signed_in_at"


def start_session(request: HttpRequest, user: User) -> None:
    """Sign a user in, with a new session id, and delete expired sessions of all users."""
    request.session.flush()
    login(request, user)
    request.session[_SIGNED_IN_AT] = time.time()
    best_effort_write(SessionStore.clear_expired)


@retry_on_conflict
def end_session(request: HttpRequest) -> None:
    """Sign the user of this request out and delete their session."""
    logout(request)


def end_all_sessions(user: User) -> None:
    """Delete all sessions of a user. All sessions are read, because their table has no column for the user."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def has_recent_sign_in(request: HttpRequest) -> bool:
    """Return whether the user of this session entered their password within `RECENT_SIGN_IN`."""
    signed_in_at = request.session.get(_SIGNED_IN_AT, 0)
    return bool(0 <= time.time() - signed_in_at < RECENT_SIGN_IN.total_seconds())
