"""Passwords of shared dashboards: how one is found, and the proof that a browser gave it, which is good for a day."""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

GOOD_FOR = timedelta(hours=24)
_SALT = "dashboards.unlocking"
_DIGEST_SALT = "dashboards.share_passwords"


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


def digest_of(sharing_id: int, text: str) -> str:
    """Return what a password of a link is found by: an HMAC under the secret key, named by that key.

    It takes microseconds, so that a guess costs no slow hash. Without the secret key it tells nothing.
    """
    return f"{_secret_key_id()}${salted_hmac(_DIGEST_SALT, f'{sharing_id} {text}', algorithm='sha256').hexdigest()}"


def is_current(digest: str) -> bool:
    """Return whether a digest was made under the secret key of today; a password has none at first in old rows."""
    return digest.startswith(f"{_secret_key_id()}$")


def _secret_key_id() -> str:
    return salted_hmac(_DIGEST_SALT, "", algorithm="sha256").hexdigest()[:12]
