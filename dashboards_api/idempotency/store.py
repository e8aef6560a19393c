"""Storage of the responses to requests with an `Idempotency-Key`.

A request claims its key in a separate transaction, so that the claim is visible to other requests. The response is
stored in the transaction of the changes, and only if the request still holds the claim. Therefore, nothing is changed
if the process dies in between, and a slow request is rolled back if another request has taken over its claim.
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
from dashboards_api.errors import IdempotencyKeyReused, RequestInProgress, ResponseNotStored
from dashboards_api.idempotency.models import RETENTION, IdempotentRequest

# Only the latest requests of each user are kept.
MAX_REQUESTS_PER_USER = 10_000
# Every 100 claims of this process, up to 1,000 expired rows are deleted, which is more than were added.
CLEANUP_INTERVAL = 100
CLEANUP_BATCH_SIZE = 1000

_claims = count(1)


class StoredResponse(NamedTuple):
    """The response to a request, with the sent body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Claim(NamedTuple):
    """The exclusive right to run a request. Another request may take over a claim that has timed out."""

    subject: str
    id: UUID


def claim_key(user_id: int, *, project_id: int | None, key: str, fingerprint: str) -> Claim | StoredResponse:
    """Claim a key, or return the response that was stored for it. Keys are unique per user and project.

    Raises IdempotencyKeyReused if the key was used for another request, RequestInProgress while the first request runs,
    and ResponseNotStored if its response was too large to store.
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


def store_response(claim: Claim, response: StoredResponse) -> None:
    """Store a response. Call this function in the transaction of the changes of the request.

    Raises RequestInProgress if the claim was taken over.
    """
    is_stored = _filter_running_requests(claim).update(
        status=response.status, headers=dict(response.headers), body=IdempotentRequest.compress_body(response.body)
    )
    if not is_stored:
        raise RequestInProgress


def release_claim(claim: Claim) -> None:
    """Release the claim of a request that changed nothing. If the database is busy, the claim times out instead."""
    best_effort_write(lambda: _filter_running_requests(claim).delete())


def delete_old_requests(user_id: int, now: datetime) -> None:
    """Delete expired rows, and rows of this user beyond the maximum. Both deletions are best-effort writes."""
    expired = IdempotentRequest.objects.filter(claimed_at__lte=now - RETENTION).order_by("claimed_at").values("pk")
    latest_first = (
        IdempotentRequest.objects.filter(user_id=user_id).order_by("-claimed_at").values_list("pk", flat=True)
    )
    surplus = list(latest_first[MAX_REQUESTS_PER_USER : MAX_REQUESTS_PER_USER + CLEANUP_BATCH_SIZE])
    best_effort_write(lambda: IdempotentRequest.objects.filter(pk__in=expired[:CLEANUP_BATCH_SIZE]).delete())
    best_effort_write(lambda: IdempotentRequest.objects.filter(pk__in=surplus).delete())


def _filter_running_requests(claim: Claim) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=claim.subject, claim=claim.id, status=None)


def _get_stored_response(row: IdempotentRequest, fingerprint: str) -> StoredResponse:
    if row.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if row.status is None:
        raise RequestInProgress
    body = row.get_body()
    if body is None:
        raise ResponseNotStored(row.status)
    return StoredResponse(row.status, row.headers, body)


def _hash_key(user_id: int, project_id: int | None, key: str) -> str:
    return hashlib.sha256("\0".join([str(user_id), str(project_id or ""), key]).encode()).hexdigest()
