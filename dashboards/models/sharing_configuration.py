"""The sharing configuration of a dashboard. It is created with the dashboard, so that reads never create it."""

import secrets
from datetime import timedelta

from django.conf import settings as django_settings
from django.db import models
from django.utils import timezone

from dashboards.models.dashboard import Dashboard
from dashboards_api.db.fields import JSONTextField

SHARE_NOTE_MAX_LENGTH = 100
# The settings that change the appearance of a shared page. The page's JSON contains the enabled flags and the theme.
PAGE_FLAGS = ("whitelabel", "noHeader", "showInspector", "legend", "detailed", "hideExtraDetails")
THEME = "theme"
THEMES = ("light", "dark", "system")
# The grace period of a replaced token, so that the new link can be distributed before the old link expires.
GRACE = timedelta(minutes=5)


def new_access_token() -> str:
    """Return 22 random bytes in URL-safe base64: 30 characters."""
    return secrets.token_urlsafe(22)


class SharingConfigurationQuerySet(models.QuerySet["SharingConfiguration"]):
    def live(self) -> "SharingConfigurationQuerySet":
        """Return enabled configurations of dashboards that are not deleted."""
        return self.filter(enabled=True, dashboard__deleted=False)

    def with_token(self, access_token: str) -> "SharingConfigurationQuerySet":
        return self.filter(access_token=access_token)

    def with_replaced_token(self, access_token: str) -> "SharingConfigurationQuerySet":
        """Return the configuration whose token was replaced recently.

        An upper limit on `expires_at` bounds the lifetime of a token if the clock is set back.
        """
        now = timezone.now()
        return self.filter(
            replaced_access_tokens__access_token=access_token,
            replaced_access_tokens__expires_at__gt=now,
            replaced_access_tokens__expires_at__lte=now + 2 * GRACE,
        )

    def find_by_token(self, access_token: str) -> "SharingConfiguration | None":
        """Return the configuration of a link, by its token or by a recently replaced token."""
        live = self.live()
        return live.with_token(access_token).first() or live.with_replaced_token(access_token).first()


class SharingConfiguration(models.Model):
    dashboard = models.OneToOneField(Dashboard, on_delete=models.CASCADE, related_name="sharing_configuration")
    enabled = models.BooleanField(default=False)
    access_token = models.CharField(max_length=64, unique=True, default=new_access_token, editable=False)
    created_at = models.DateTimeField(null=True, blank=True, editable=False)  # null until first enabled
    settings = JSONTextField(null=True, blank=True)
    password_required = models.BooleanField(default=False)

    objects = SharingConfigurationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"sharing of dashboard {self.dashboard_id}"


class ReplacedAccessToken(models.Model):
    """A replaced access token. It opens the shared page until it expires or sharing is disabled."""

    sharing_configuration = models.ForeignKey(
        SharingConfiguration, on_delete=models.CASCADE, related_name="replaced_access_tokens"
    )
    access_token = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"replaced token of {self.sharing_configuration}"


class SharePassword(models.Model):
    """A password of a shared page. A page can have several, each with a note on its recipient."""

    sharing_configuration = models.ForeignKey(
        SharingConfiguration, on_delete=models.CASCADE, related_name="share_passwords"
    )
    password_hash = models.CharField(max_length=255, editable=False)
    # For password look-ups, see `unlock_tokens.digest_password`. Empty in rows of earlier releases until the first use.
    digest = models.CharField(max_length=80, default="", db_default="", editable=False)
    note = models.CharField(max_length=SHARE_NOTE_MAX_LENGTH, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"password of {self.sharing_configuration}"
