"""Signed tokens for browsers that have unlocked a share link, and digests for password look-ups."""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import salted_hmac

UNLOCK_TOKEN_LIFETIME = timedelta(hours=24)
# Changing a salt invalidates every token, or every digest.
_SALT = "dashboards.unlocking"
_DIGEST_SALT = "dashboards.share_passwords"


def sign_unlock_token(access_token: str, password_id: int) -> str:
    """Return a token for a link and a password. The token becomes invalid together with the link or the password."""
    return signing.dumps([access_token, password_id], salt=_SALT)


def read_unlock_token(token: str, access_token: str) -> int | None:
    """Return the id of the password that unlocked the link, or None for an invalid, expired or unrelated token."""
    try:
        signed_access_token, password_id = signing.loads(token, salt=_SALT, max_age=UNLOCK_TOKEN_LIFETIME)
    except (signing.BadSignature, ValueError):
        return None
    return int(password_id) if signed_access_token == access_token else None


def digest_password(sharing_id: int, text: str) -> str:
    """Return the digest by which a password is looked up: an HMAC with the secret key, prefixed with the id of the key.

    Computing the digest takes microseconds, so a wrong guess does not require a slow hash. The digest is useless
    without the secret key.
    """
    return f"{_get_secret_key_id()}${salted_hmac(_DIGEST_SALT, f'{sharing_id} {text}', algorithm='sha256').hexdigest()}"


def is_current_digest(digest: str) -> bool:
    """Return whether a digest was computed with the current secret key. Rows of earlier releases have no digest."""
    return digest.startswith(f"{_get_secret_key_id()}$")


def _get_secret_key_id() -> str:
    return salted_hmac(_DIGEST_SALT, "", algorithm="sha256").hexdigest()[:12]
