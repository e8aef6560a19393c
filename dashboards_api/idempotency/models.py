"""Requests with an `Idempotency-Key` and their responses."""

import zlib
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards_api.db.fields import JSONTextField

RETENTION = timedelta(hours=24)
# No request takes this long. The process of an older claim has crashed, and its transaction was rolled back.
CLAIM_TIMEOUT = timedelta(seconds=60)
# The maximum size of a compressed body. Larger responses are not stored.
MAX_BODY_BYTES = 256 * 1024


class IdempotentRequest(models.Model):
    """A claim of a key while its request runs, and the response afterwards. `subject` is a hash of the key.

    The response is stored in the transaction of the request, so a row without a response means that nothing changed.
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
        """Return whether the claim or the response is still valid. A time too far in the future counts as expired."""
        age = abs(now - self.claimed_at)
        return age < (CLAIM_TIMEOUT if self.status is None else RETENTION)

    @staticmethod
    def compress_body(body: bytes) -> bytes | None:
        """Return the compressed body, or None if it is too large to store."""
        compressed = zlib.compress(body, level=1)
        return compressed if len(compressed) <= MAX_BODY_BYTES else None

    def get_body(self) -> bytes | None:
        """Return the body of the response, or None if it was too large to store."""
        return None if self.body is None else zlib.decompress(self.body)
