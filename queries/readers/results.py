"""The reader of stored results, which reads the results of many queries in one statement."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db.models import Case, F, Subquery, Sum, TextField, Value, When, Window
from django.db.models.functions import Coalesce

from dashboards_api.db.compiled_queries import IsAnyOf, NamedQuery, get_columns, int_param
from dashboards_api.db.fields import raw_json
from dashboards_api.errors import DomainError
from events.models import DataVersion
from queries.models import QueryResult
from queries.refresh import Freshness

# The maximum number of characters of all results in one response. A hundred tiles of 5 MB would take half a gigabyte of
# memory for each reader.
MAX_RESPONSE_CHARACTERS = 32_000_000
# The same limit for pages, which parse the results to draw them.
MAX_PAGE_CHARACTERS = 4_000_000


class StoredResult(NamedTuple):
    """The columns of a result. `results` and `details` are JSON strings."""

    id: UUID
    cache_key: str
    requested_at: datetime | None
    started_at: datetime | None
    lease_until: datetime | None
    computed_at: datetime | None
    data_version: int
    stale_at: datetime | None
    lazily_stale_at: datetime | None
    error_code: str
    error_detail: str
    failed_at: datetime | None
    read_at: datetime
    size: int
    raw_results: str | None
    raw_details: str | None
    current_data_version: int

    @property
    def is_queued(self) -> bool:
        """Return whether the query is waiting for a query worker or being computed."""
        return self.requested_at is not None

    @property
    def has_failed(self) -> bool:
        """Return whether the last attempt has failed. The result, if there is one, is from an earlier attempt."""
        return self.failed_at is not None and (self.computed_at is None or self.failed_at > self.computed_at)

    @property
    def is_left_out(self) -> bool:
        """Return whether the rows are left out because the response would be too large."""
        return self.raw_results is None and self.size > 0

    @property
    def is_outdated(self) -> bool:
        """Return whether data was imported or deleted since the computation."""
        return self.data_version != self.current_data_version

    @property
    def expires_at(self) -> datetime | None:
        """Return the time at which the result becomes stale, or None for a result that never becomes stale.

        If data was imported or deleted since the computation, return the time of the computation.
        """
        return self.computed_at if self.is_outdated else self.stale_at

    def get_freshness(self, now: datetime) -> Freshness:
        if self.computed_at is None:
            return Freshness.MISSING
        if self.is_outdated or _is_past(self.lazily_stale_at, now):
            return Freshness.LAZILY_STALE
        return Freshness.STALE if _is_past(self.stale_at, now) else Freshness.FRESH


class Outcome(NamedTuple):
    """The result of a query, its error, or neither. There may be both an error and an older result."""

    cache_key: str | None = None
    stored: StoredResult | None = None
    error: DomainError | None = None
    waits: bool = False  # whether the request would wait for the result
    is_new: bool = False  # whether the result was computed for this request

    @property
    def raw_results(self) -> str | None:
        """Return the rows as a JSON string."""
        return self.stored.raw_results if self.stored else None


NO_QUERY = Outcome()


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


_SIZE_SO_FAR = Window(Sum("size"), order_by=F("id").asc())
_RESULTS = NamedQuery(
    StoredResult,
    lambda: (
        QueryResult.objects.filter(IsAnyOf("cache_key", "keys"), project=int_param("project"))
        .annotate(size_so_far=_SIZE_SO_FAR)
        .annotate(
            raw_results=Case(
                When(size_so_far__lte=int_param("characters_max"), then=raw_json("results")),
                default=None,
                output_field=TextField(),
            ),
            raw_details=raw_json("details"),
            current_data_version=Coalesce(
                Subquery(DataVersion.objects.filter(project=int_param("project")).values("number")), Value(0)
            ),
        )
        .values_list(*get_columns(StoredResult))
    ),
)


def read_results(
    project_id: int, cache_keys: Collection[str], characters_max: int = MAX_RESPONSE_CHARACTERS
) -> dict[str, StoredResult]:
    """Return stored results by their cache keys. Results beyond the size limit of a response have no rows."""
    if not cache_keys:
        return {}
    keys = orjson.dumps(list(cache_keys)).decode()
    rows = _RESULTS.rows(keys=keys, project=project_id, characters_max=characters_max)
    return {row.cache_key: row for row in rows}


def find_queued(ids: Iterable[UUID]) -> set[UUID]:
    """Return the ids of the results that are still queued or being computed."""
    return set(QueryResult.objects.queued().filter(pk__in=ids).values_list("pk", flat=True))
