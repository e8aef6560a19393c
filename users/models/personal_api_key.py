"""Personal API keys: each acts as one user, within its scopes."""

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
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits or ALPHABET[0]


def generate_key_id() -> str:
    return encode_base62(secrets.randbits(128))


def generate_key_value() -> str:
    """A secret of 256 random bits. It is shown once and kept nowhere."""
    return PREFIX + encode_base62(secrets.randbits(RANDOM_BITS))


def hash_secret(value: str) -> str:
    """Unsalted SHA-256: enough for 256 random bits, and it can be looked up by an index."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class PersonalAPIKey(models.Model):
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

    # The membership of the project that a request is for, where it was read along with the key.
    membership: "Membership | None" = None

    def __str__(self) -> str:
        return f"{self.label} ({self.mask_value})"

    @property
    def key(self) -> KeyReference:
        """For `Credential`."""
        return KeyReference(self.pk, self.label)

    def set_secret(self, value: str) -> None:
        """Make `value` the secret of this key: its hash and a mask to recognize it by."""
        self.secret_hash = hash_secret(value)
        self.mask_value = f"{value[:4]}...{value[-4:]}"

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        """Whether the key may be used in a project. An empty list narrows nothing."""
        if self.scoped_projects and project_id not in self.scoped_projects:
            return False
        return not self.scoped_organizations or organization_id in self.scoped_organizations

    def is_use_due(self, now: datetime) -> bool:
        """`last_used_at` is written at most once an hour: reading must not cost a write each time."""
        return self.last_used_at is None or now - self.last_used_at >= USE_RECORDED_EVERY
