"""Counters of attempts at passwords of users and of shared dashboards."""

from django.db import models


class AttemptCounter(models.Model):
    """A counter of attempts under one limit. `subject` is a hash of the limit, the target and the IP address."""

    subject = models.CharField(primary_key=True, max_length=64, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.attempts} attempts until {self.expires_at}"
