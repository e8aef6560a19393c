"""Requests that were sent with an Idempotency-Key, and what they were answered."""

import zlib
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards_api.db.fields import JSONTextField

RETENTION = timedelta(hours=24)
# Nothing runs for so long: whoever began has died, and what was to be done was not.
CLAIM_TIMEOUT = timedelta(seconds=60)
# In bytes, compressed. A larger answer is given once.
MAX_BODY_BYTES = 256 * 1024


class IdempotentRequest(models.Model):
    """A claim on a key while the request runs, and its answer afterwards. The key is in `subject`, a hash.

    The answer is written in the transaction that it tells of: a row without one stands for nothing done.
    """

    subject = models.CharField(primary_key=True, max_length=64, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    claim = models.UUIDField(default=uuid4)
    claimed_at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.SmallIntegerField(null=True)
    headers = JSONTextField(default=dict)
    body = models.BinaryField(null=True)

    class Meta:
        app_label = "users"
        indexes = [models.Index(fields=["user", "-claimed_at"], name="idempotent_requests_of_user")]

    def __str__(self) -> str:
        return f"{self.status or 'running'} since {self.claimed_at}"

    def is_current(self, now: datetime) -> bool:
        """Whether it still stands in the way of another run. A clock that was set back frees it, too."""
        age = abs(now - self.claimed_at)
        return age < (CLAIM_TIMEOUT if self.status is None else RETENTION)

    @staticmethod
    def compress_body(body: bytes) -> bytes | None:
        """The body as it is kept, or None for one that is too large."""
        compressed = zlib.compress(body, level=1)
        return compressed if len(compressed) <= MAX_BODY_BYTES else None

    def get_body(self) -> bytes | None:
        """The body as it was answered, or None where it was too large to be kept."""
        return None if self.body is None else zlib.decompress(self.body)
