"""Personal API keys, which act as a user within their scopes."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards_api.db.fields import JSONTextField
from users.models.project import KeyReference, Membership

PREFIX = "phx_"
RANDOM_BITS = 256
LABEL_MAX_LENGTH = 40
DESCRIPTION_MAX_LENGTH = 400
USE_RECORDED_EVERY = timedelta(hours=1)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def encode_base62(number: int) -> str:
    """Return a non-negative number in base 62."""
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits or ALPHABET[0]


def generate_key_id() -> str:
    return encode_base62(secrets.randbits(128))


def generate_key_value() -> str:
    """Return a random 256-bit secret. The secret is shown once and never stored."""
    return PREFIX + encode_base62(secrets.randbits(RANDOM_BITS))


def hash_secret(value: str) -> str:
    """Return an unsalted SHA-256 hash, which is enough for 256 random bits and can be found with an index."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class PersonalAPIKey(models.Model):
    """An API key of a user. Its secret is stored as a hash."""

    id = models.CharField(primary_key=True, max_length=50, default=generate_key_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_api_keys")
    label = models.CharField(max_length=LABEL_MAX_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_MAX_LENGTH, null=True, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    mask_value = models.CharField(max_length=11, editable=False)
    scopes = JSONTextField(default=list)
    scoped_projects = JSONTextField(default=list)
    scoped_organizations = JSONTextField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_rolled_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The membership of the requested project, if it was loaded with the key.
    membership: "Membership | None" = None

    def __str__(self) -> str:
        return f"{self.label} ({self.mask_value})"

    @property
    def key(self) -> KeyReference:
        """Return the id and label of this key, for `Credential`."""
        return KeyReference(self.pk, self.label)

    def set_secret(self, value: str) -> None:
        """Set the hash of the secret, and a mask by which users recognize the key."""
        self.secret_hash = hash_secret(value)
        self.mask_value = f"{value[:4]}...{value[-4:]}"

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        """Return whether the key may be used in a project. An empty list of projects sets no limit."""
        if self.scoped_projects and project_id not in self.scoped_projects:
            return False
        return not self.scoped_organizations or organization_id in self.scoped_organizations

    def is_use_due(self, now: datetime) -> bool:
        """Return whether to store the time of use: at most once an hour, to avoid a write per request."""
        return self.last_used_at is None or now - self.last_used_at >= USE_RECORDED_EVERY
