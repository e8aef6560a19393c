"""The queue of queries: requests, claims, completion and cancellation.

A row of QueryResult is queued while `requested_at` is set. A query worker claims the row with a lease, and renews the
lease during the computation. If the lease expires, another query worker may claim the row. A query may then be computed
twice, but only the query worker that holds the lease can store its result.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db.models import Case, Count, TextField, Value, When
from django.utils.timezone import now

from dashboards_api.db.retry import atomic_with_retry
from events.readers import read_data_version
from queries.exceptions import WorkerLost
from queries.models import QueryResult, ResultVersion
from users.models import Project

LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 2
# The maximum for one project, so that its queue neither grows without limit nor delays the queries of other projects.
MAX_QUEUED = 500
# The maximum up to which share links may fill the queue, so that their viewers do not delay the project's members.
MAX_QUEUED_BY_SHARES = 200
MAX_RUNNING = 3
ERROR_DETAIL_MAX_LENGTH = 2000
# The columns of a row that is not queued.
_NOT_QUEUED: dict[str, Any] = {"requested_at": None, "lease_id": None, "lease_until": None}


class Claim(NamedTuple):
    """A query that a query worker computes as long as it renews the lease."""

    result_id: UUID
    lease_id: UUID
    project: Project
    query: dict[str, Any]
    data_version: int  # the version of the data that is read, or an older version


class ComputedResult(NamedTuple):
    """The result that a query worker has computed. `results` and `details` are JSON strings."""

    results: str
    details: str
    size: int
    data_version: int
    stale_at: datetime | None
    lazily_stale_at: datetime | None
    milliseconds: int


@atomic_with_retry
def request_results(
    project: Project, queries: Mapping[str, dict[str, Any]], *, is_shared: bool = False
) -> Collection[str]:
    """Queue queries by cache key, unless they are queued already. Return the keys that exceed the limit of the queue.

    The first queries are queued, so a dashboard with too many insights is computed over several requests.
    """
    rows = QueryResult.objects.in_project(project)
    places = max((MAX_QUEUED_BY_SHARES if is_shared else MAX_QUEUED) - rows.queued().count(), 0)
    queued = set(rows.queued().filter(cache_key__in=queries).values_list("cache_key", flat=True))
    new = [key for key in queries if key not in queued]
    accepted, moment = new[:places], now()
    QueryResult.objects.bulk_create(
        (QueryResult(project=project, cache_key=key, query=queries[key], requested_at=moment) for key in accepted),
        ignore_conflicts=True,
    )
    waiting = rows.filter(cache_key__in=accepted, requested_at__isnull=True)
    waiting.update(requested_at=moment, attempts=0)
    return new[places:]


def claim_query() -> Claim | None:
    """Claim the oldest query of the projects with the fewest running queries. Return None if no query can be claimed.

    The write lock of SQLite is acquired only if a query can be claimed.
    """
    if not QueryResult.objects.claimable(now()).exists():
        return None
    return _claim()


@atomic_with_retry
def _claim() -> Claim | None:
    moment = now()
    rows = _find_claimable(moment).select_for_update(skip_locked=True, of=("self",))
    row: QueryResult | None = rows.select_related("project").first()
    if row is None:
        return None
    if row.attempts >= MAX_ATTEMPTS:
        error = WorkerLost("The query was abandoned because the process that computed it exited twice.")
        _store_error(QueryResult.objects.filter(pk=row.pk), row.project_id, error.code, error.detail)
        return None
    row.lease_id, row.lease_until, row.started_at = uuid4(), moment + LEASE, moment
    row.attempts += 1
    row.save(update_fields=["lease_id", "lease_until", "started_at", "attempts"])
    return Claim(row.pk, row.lease_id, row.project, row.query, read_data_version(row.project_id))


def _find_claimable(moment: datetime) -> Any:
    """Return the claimable queries in the order in which they are claimed.

    Projects with fewer running queries are first, so that a project with a long queue does not occupy all slots of a
    query worker.
    """
    running = QueryResult.objects.running(moment).order_by().values_list("project").annotate(number=Count("pk"))
    numbers = dict(running)  # at most one entry for each slot of the query workers
    busy = [project_id for project_id, number in numbers.items() if number >= MAX_RUNNING]
    cases = [When(project=project_id, then=Value(number)) for project_id, number in numbers.items()]
    rows = QueryResult.objects.claimable(moment).exclude(project__in=busy)
    return rows.order_by(Case(*cases, default=Value(0)), "requested_at")


def find_held_leases(leases: Collection[UUID]) -> set[UUID]:
    """Return the leases that are still held. A lease is lost if the query is canceled or claimed again."""
    held = QueryResult.objects.queued().filter(lease_id__in=leases).values_list("lease_id", flat=True)
    return {lease for lease in held if lease}


def renew_leases(leases: Collection[UUID]) -> None:
    QueryResult.objects.queued().filter(lease_id__in=leases).update(lease_until=now() + LEASE)


@atomic_with_retry
def complete_query(claim: Claim, computed: ComputedResult) -> bool:
    """Store a result if this query worker still holds the lease. Return whether it was stored."""
    moment = now()
    stored = _find_held(claim).update(
        **_NOT_QUEUED,
        **{name: value for name, value in computed._asdict().items() if name not in ("results", "details")},
        results=Value(computed.results, output_field=TextField()),
        details=Value(computed.details, output_field=TextField()),
        computed_at=moment,
        error_code="",
        error_detail="",
        failed_at=None,
        read_at=moment,
    )
    if stored:
        ResultVersion.objects.increment_version(claim.project.pk)
    return bool(stored)


@atomic_with_retry
def fail_query(claim: Claim, code: str, detail: str) -> bool:
    """Store the error of a query, and keep an earlier result. Return whether this query worker still held the lease."""
    return _store_error(_find_held(claim), claim.project.pk, code, detail)


@atomic_with_retry
def release_query(claim: Claim) -> None:
    """Return a query to the queue, as if it had not been claimed, because the query worker stops."""
    _find_held(claim).update(lease_id=None, lease_until=None, attempts=0)


@atomic_with_retry
def retry_query(claim: Claim) -> None:
    """Return a query to the queue after its child process has died. The attempt is counted."""
    _find_held(claim).update(lease_id=None, lease_until=None)


@atomic_with_retry
def cancel_query(project: Project, result_id: UUID) -> bool:
    """Cancel a queued or running query. Return whether a query was canceled.

    The query worker of the query loses the lease.
    """
    queued = QueryResult.objects.in_project(project).queued().filter(pk=result_id)
    return _store_error(queued, project.pk, "query_cancelled", "The query was cancelled.")


def _find_held(claim: Claim) -> Any:
    return QueryResult.objects.queued().filter(pk=claim.result_id, lease_id=claim.lease_id)


def _store_error(rows: Any, project_id: int, code: str, detail: str) -> bool:
    moment = now()
    # The text may quote NUL characters of the query, which PostgreSQL refuses.
    detail = detail[:ERROR_DETAIL_MAX_LENGTH].replace("\0", "\ufffd").encode(errors="replace").decode()
    error = {"error_code": code, "error_detail": detail, "failed_at": moment}
    stored = rows.update(**_NOT_QUEUED, **error, read_at=moment)
    if stored:
        ResultVersion.objects.increment_version(project_id)
    return bool(stored)
