"""Users."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


def generate_distinct_id() -> str:
    return str(uuid4())


class UserManager(BaseUserManager["User"]):
    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the e-mail address in lower case, because e-mail addresses are compared case-insensitively."""
        return (email or "").strip().lower()


class User(AbstractBaseUser):
    """A person, who signs in with a password or uses API keys."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    distinct_id = models.CharField(max_length=64, default=generate_distinct_id, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    is_email_verified = models.BooleanField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    current_project = models.ForeignKey(
        "users.Project", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.email
