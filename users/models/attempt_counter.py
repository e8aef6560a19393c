"""How often a secret was guessed at lately: a password, or that of a shared dashboard."""

from django.db import models


class AttemptCounter(models.Model):
    """The attempts of one address at one secret. Neither is kept: `subject` is a hash of both."""

    subject = models.CharField(primary_key=True, max_length=64, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.attempts} attempts until {self.expires_at}"
