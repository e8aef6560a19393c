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

from dashboards_api.errors import AnswerNotKept, KeyReused, StillRunning
from dashboards_api.stamps import write_if_free
from users.models import IdempotentRequest, User
from users.models.idempotent_request import KEPT_FOR

# How many of each user's requests are kept: the latest.
KEPT_FOR_USER = 10_000
# Old rows are cleared away once in so many claims of this process, and more of them than were added since.
CLEARED_AFTER = 100
CLEARED_AT_ONCE = 1000

_claims = count(1)


class Answer(NamedTuple):
    """What a request was answered. The body is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Claim(NamedTuple):
    """The right to answer a request. Another may take it over when it is old."""

    subject: str
    id: UUID


def claim_or_answer(user: User, *, project_id: int | None, key: str, fingerprint: str) -> Claim | Answer:
    """The right to run a request, or what it was answered before. Keys are a user's own, in each project.

    Raises KeyReused for another request under the same key, StillRunning while the first one runs, and AnswerNotKept
    where it was answered with too much to keep.
    """
    now = timezone.now()
    claim = Claim(_subject(user.pk, project_id, key), uuid4())
    with transaction.atomic(durable=True):
        fresh = {"user": user, "fingerprint": fingerprint, "claim": claim.id, "claimed_at": now}
        rows = IdempotentRequest.objects.select_for_update()
        row, is_new = rows.get_or_create(subject=claim.subject, defaults=fresh)
        if not is_new and row.counts(now):
            return _answer_of(row, fingerprint)
        if not is_new:
            IdempotentRequest.objects.filter(pk=row.pk).update(**fresh, status=None, headers={}, body=None)
    if next(_claims) % CLEARED_AFTER == 0:
        clear_old_requests(user, now)
    return claim


def keep_answer(claim: Claim, answer: Answer) -> None:
    """Write an answer down, in the transaction of what it tells of. Raises StillRunning for a lost claim."""
    kept = _running(claim).update(
        status=answer.status, headers=dict(answer.headers), body=IdempotentRequest.packed(answer.body)
    )
    if not kept:
        raise StillRunning


def give_up(claim: Claim) -> None:
    """Nothing was done: the next request with this key begins anew. Where that cannot be written, after a minute."""
    write_if_free(lambda: _running(claim).delete())


def clear_old_requests(user: User, now: datetime) -> None:
    """Rows that are over, and of this user those beyond the latest. Nobody waits for it."""
    over = IdempotentRequest.objects.filter(claimed_at__lte=now - KEPT_FOR).order_by("claimed_at").values("pk")
    mine = IdempotentRequest.objects.filter(user=user).order_by("-claimed_at").values_list("pk", flat=True)
    beyond = list(mine[KEPT_FOR_USER : KEPT_FOR_USER + CLEARED_AT_ONCE])
    write_if_free(lambda: IdempotentRequest.objects.filter(pk__in=over[:CLEARED_AT_ONCE]).delete())
    write_if_free(lambda: IdempotentRequest.objects.filter(pk__in=beyond).delete())


def _running(claim: Claim) -> QuerySet[IdempotentRequest]:
    return IdempotentRequest.objects.filter(pk=claim.subject, claim=claim.id, status=None)


def _answer_of(row: IdempotentRequest, fingerprint: str) -> Answer:
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is None:
        raise StillRunning
    body = row.unpacked
    if body is None:
        raise AnswerNotKept(row.status)
    return Answer(row.status, row.headers, body)


def _subject(user_id: int, project_id: int | None, key: str) -> str:
    return hashlib.sha256("\0".join([str(user_id), str(project_id or ""), key]).encode()).hexdigest()
