"""One effect for all requests with the same Idempotency-Key.

A request claims its key in a transaction of its own, so that others see that it runs. Its answer is written in the
transaction of its effect, and only while the claim is its own: a process that dies in between has done nothing, and a
slow one whose claim was taken over does nothing.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboards_api.db.best_effort import best_effort_write
from dashboards_api.errors import AnswerNotKept, KeyReused, StillRunning
from dashboards_api.idempotency.models import RETENTION, IdempotentRequest

# How many of each user's requests are kept: the latest.
MAX_REQUESTS_PER_USER = 10_000
# Old rows are cleared away once in so many claims of this process, and more of them than were added since.
CLEANUP_INTERVAL = 100
CLEANUP_BATCH_SIZE = 1000

_claims = count(1)


class StoredResponse(NamedTuple):
    """What a request was answered. The body is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Claim(NamedTuple):
    """The right to answer a request. Another may take it over when it is old."""

    subject: str
    id: UUID


def claim_key(user_id: int, *, project_id: int | None, key: str, fingerprint: str) -> Claim | StoredResponse:
    """The right to run a request, or what it was answered before. Keys are a user's own, in each project.

    Raises KeyReused for another request under the same key, StillRunning while the first one runs, and AnswerNotKept
    where it was answered with too much to keep.
    """
    now = timezone.now()
    claim = Claim(_hash_key(user_id, project_id, key), uuid4())
    with transaction.atomic(durable=True):
        fresh = {"user_id": user_id, "fingerprint": fingerprint, "claim": claim.id, "claimed_at": now}
        rows = IdempotentRequest.objects.select_for_update()
        row, is_new = rows.get_or_create(subject=claim.subject, defaults=fresh)
        if not is_new and row.is_current(now):
            return _get_stored_response(row, fingerprint)
        if not is_new:
            IdempotentRequest.objects.filter(pk=row.pk).update(**fresh, status=None, headers={}, body=None)
    if next(_claims) % CLEANUP_INTERVAL == 0:
        delete_old_requests(user_id, now)
    return claim


def store_response(claim: Claim, answer: StoredResponse) -> None:
    """Write an answer down, in the transaction of what it tells of. Raises StillRunning for a lost claim."""
    kept = _running_requests(claim).update(
        status=answer.status, headers=dict(answer.headers), body=IdempotentRequest.compress_body(answer.body)
    )
    if not kept:
        raise StillRunning


def release_claim(claim: Claim) -> None:
    """Nothing was done: the next request with this key begins anew. Where that cannot be written, after a minute."""
    best_effort_write(lambda: _running_requests(claim).delete())


def delete_old_requests(user_id: int, now: datetime) -> None:
    """Rows that are over, and of this user those beyond the latest. Nobody waits for it."""
    over = IdempotentRequest.objects.filter(claimed_at__lte=now - RETENTION).order_by("claimed_at").values("pk")
    mine = IdempotentRequest.objects.filter(user_id=user_id).order_by("-claimed_at").values_list("pk", flat=True)
    beyond = list(mine[MAX_REQUESTS_PER_USER : MAX_REQUESTS_PER_USER + CLEANUP_BATCH_SIZE])
    best_effort_write(lambda: IdempotentRequest.objects.filter(pk__in=over[:CLEANUP_BATCH_SIZE]).delete())
    best_effort_write(lambda: IdempotentRequest.objects.filter(pk__in=beyond).delete())


def _running_requests(claim: Claim) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=claim.subject, claim=claim.id, status=None)


def _get_stored_response(row: IdempotentRequest, fingerprint: str) -> StoredResponse:
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is None:
        raise StillRunning
    body = row.get_body()
    if body is None:
        raise AnswerNotKept(row.status)
    return StoredResponse(row.status, row.headers, body)


def _hash_key(user_id: int, project_id: int | None, key: str) -> str:
    return hashlib.sha256("\0".join([str(user_id), str(project_id or ""), key]).encode()).hexdigest()
