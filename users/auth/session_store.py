"""Sessions in the database under a hash of their cookie: what is stored, or is in a backup, signs nobody in."""

import hashlib
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

# As much as the column of Django's table holds: 160 bits of the hash, of a cookie with 165 random ones.
SESSION_KEY_HASH_LENGTH = 40


def hash_session_key(session_key: str) -> str:
    """Return what a session is stored under: unsalted SHA-256, as of API keys, which can be looked up by an index."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:SESSION_KEY_HASH_LENGTH]


class SessionStore(db.SessionStore):
    """Django's store of sessions, for SESSION_ENGINE. `session_key` is the cookie, and in no row.

    It must keep its name: Django signs the content of sessions with it.
    """

    def _get_session_from_db(self) -> Session | None:
        rows = Session.objects.filter(
            session_key=hash_session_key(self.session_key or ""), expire_date__gt=timezone.now()
        )
        row: Session | None = rows.first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(hash_session_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        row.session_key = hash_session_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(hash_session_key(key))

    # Django's own of these would store the cookie.

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
