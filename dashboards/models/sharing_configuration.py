"""How a dashboard is shared. Each dashboard has one such row from its birth, so reading it never writes."""

import secrets

from django.db import models

from dashboards.models.dashboard import Dashboard
from dashboards_api.fields import JSONTextField


def new_access_token() -> str:
    """22 random bytes in URL-safe base64: 30 characters."""
    return secrets.token_urlsafe(22)


class SharingConfiguration(models.Model):
    dashboard = models.OneToOneField(Dashboard, on_delete=models.CASCADE, related_name="sharing_configuration")
    enabled = models.BooleanField(default=False)
    access_token = models.CharField(max_length=64, unique=True, default=new_access_token, editable=False)
    created_at = models.DateTimeField(null=True, blank=True, editable=False)  # null until first enabled
    settings = JSONTextField(null=True, blank=True)
    password_required = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"sharing of dashboard {self.dashboard_id}"


class ReplacedAccessToken(models.Model):
    """A token that a refresh replaced. It opens the shared page until it expires or sharing is disabled."""

    sharing_configuration = models.ForeignKey(
        SharingConfiguration, on_delete=models.CASCADE, related_name="replaced_access_tokens"
    )
    access_token = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"replaced token of {self.sharing_configuration}"
