"""Browser sessions: begun by a password, kept in the database, ended by signing out."""

import time
from datetime import timedelta

from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from dashboards_api.stamps import write_if_free
from users.auth.session_store import SessionStore
from users.models import User

# What could outlive a borrowed browser, such as a new key, asks for a password that was given lately.
RECENT_SIGN_IN = timedelta(hours=2)
_SIGNED_IN_AT = "signed_in_at"


def start_session(request: HttpRequest, user: User) -> None:
    """Sign the browser in, under a new session id; expired sessions of everyone are cleared away."""
    request.session.flush()
    login(request, user)
    request.session[_SIGNED_IN_AT] = time.time()
    write_if_free(SessionStore.clear_expired)


def end_session(request: HttpRequest) -> None:
    """Sign the browser out: its session is deleted."""
    logout(request)


def end_all_sessions(user: User) -> None:
    """Sign a user out everywhere. Sessions do not name their user in a column: it reads them all, a rare need."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def has_recent_sign_in(request: HttpRequest) -> bool:
    signed_in_at = request.session.get(_SIGNED_IN_AT, 0)
    return bool(0 <= time.time() - signed_in_at < RECENT_SIGN_IN.total_seconds())
