"""Store sessions under a hash of their cookie, so that a copy of the database is not enough to sign in."""

import hashlib
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

# The length of the column in Django's table. It contains 160 bits of the hash of a cookie with 165 random bits.
SESSION_KEY_HASH_LENGTH = 40


def hash_session_key(session_key: str) -> str:
    """Return the primary key of a session: an unsalted SHA-256 hash, so that the row can be found by its key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:SESSION_KEY_HASH_LENGTH]


class SessionStore(db.SessionStore):
    """Django's session store for SESSION_ENGINE, which stores a hash instead of `session_key`, the cookie.

    Do not rename this class, because Django signs the content of sessions with its name.
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

    # Django's own versions of these methods would store the cookie.

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
