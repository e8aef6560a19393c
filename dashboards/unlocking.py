"""The proof that a browser gave a shared dashboard's password: signed, kept nowhere, good for a day."""

from datetime import timedelta

from django.core import signing

GOOD_FOR = timedelta(hours=24)
_SALT = "dashboards.unlocking"


def share_token(access_token: str, password_id: int) -> str:
    """A token for one link and one password: it ends with either."""
    return signing.dumps([access_token, password_id], salt=_SALT)


def password_id_in(token: str, access_token: str) -> int | None:
    """The password that was given for this link, or None for a token that is none, is over or is for another link."""
    try:
        opened, password_id = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError):
        return None
    return int(password_id) if opened == access_token else None
