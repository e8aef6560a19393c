"""The results of the queries of one request: from the cache, or requested from a query worker."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.timezone import now

from dashboards_api.db.best_effort import best_effort_write
from dashboards_api.errors import DomainError
from events.exceptions import NoData
from events.readers import read_store_id
from queries.cache_keys import build_cache_key
from queries.exceptions import QueryError, QueryRateExceeded, TooManyQueries
from queries.nodes import VALIDATION, get_kind, get_source
from queries.readers.results import MAX_RESPONSE_CHARACTERS, NO_QUERY, Outcome, StoredResult, read_results
from queries.refresh import NOTHING, Action, Freshness, Refresh, choose_action
from queries.runners.kinds import check_query_kind
from queries.services.queue import request_results
from queries.services.rate_limiting import finish_counting, start_counting
from queries.services.reads import record_reads
from users.models import Project

ENGINE_OFF = "The engine is turned off: ENGINE=off."
TOO_LARGE = "The results of this response are too large in total. Retrieve this insight separately."

# The time after a failure during which polls do not run the query again, and the same time for share links.
SECONDS_BETWEEN_FAILURES = 60
SECONDS_BETWEEN_FAILURES_OF_SHARES = 600
_ALWAYS_AGAIN = frozenset({Refresh.BLOCKING, Refresh.FORCE_BLOCKING, Refresh.FORCE_ASYNC})


class RefreshRequest(NamedTuple):
    """The refresh of one request.

    `since` is the time of the first run of the request, which is run again when its results are ready.
    """

    refresh: Refresh = Refresh.FORCE_CACHE
    since: datetime | None = None
    is_shared: bool = False  # whether the request uses a share link
    key_id: str = ""  # of the API key, whose queries are limited; empty for sessions and share links

    def repeats_failure(self, age: float) -> bool:
        """Return whether to run a query again if its last attempt failed `age` seconds ago."""
        if self.is_shared:
            return age >= SECONDS_BETWEEN_FAILURES_OF_SHARES
        return self.refresh in _ALWAYS_AGAIN or age >= SECONDS_BETWEEN_FAILURES

    @property
    def is_best_effort(self) -> bool:
        """Return whether queries need not be queued while the database is busy or read-only.

        The next request queues them instead.
        """
        return self.refresh is Refresh.LAZY_ASYNC


CACHED_ONLY = RefreshRequest()


class Results:
    """The results of one request. Each call of `obtain` reads the results of its queries in one statement."""

    def __init__(
        self,
        project: Project,
        request: RefreshRequest = CACHED_ONLY,
        characters_max: int = MAX_RESPONSE_CHARACTERS,
    ) -> None:
        self.project = project
        self.request = request
        self.characters_max = characters_max
        # Set to False for a project without stored results, to save the statement that reads them.
        self.may_be_stored = True
        # The results that the request waits for.
        self.waiting: list[UUID] = []
        # The errors of queries whose kind is not computed, by kind. None for a kind that is computed.
        self.refusals: dict[str, Outcome | None] = {}

    def obtain(self, queries: Sequence[dict[str, Any] | None]) -> list[Outcome]:
        """Return the outcome of each query, in order. Queue the queries that the refresh mode computes."""
        return self._obtain([self._prepare(query) for query in queries])

    def obtain_validation(self, query: dict[str, Any]) -> Outcome:
        """Return the problems of a query as its result. Any kind of query can be validated."""
        [outcome] = self._obtain([self._identify({"kind": VALIDATION, "source": query})])
        return outcome

    def _obtain(self, prepared: Sequence["Outcome | _Query"]) -> list[Outcome]:
        if not self.may_be_stored and self.request.refresh is Refresh.FORCE_CACHE:
            # The loops below would have no effect.
            absence = self._explain_absence()
            return [Outcome(each.cache_key, error=absence) if isinstance(each, _Query) else each for each in prepared]
        sources = {each.cache_key: each.source for each in prepared if isinstance(each, _Query)}
        stored = read_results(self.project.pk, sources, self.characters_max) if self.may_be_stored else {}
        moment = now()
        actions = {key: self._decide(stored.get(key), moment) for key in sources}
        wanted = {key: sources[key] for key, action in actions.items() if action.computes}
        errors = self._request(wanted) if wanted else {}
        if errors.keys() != wanted.keys():
            stored |= read_results(self.project.pk, wanted, self.characters_max)
        record_reads(stored.values(), moment)
        built = {key: self._build(key, stored.get(key), action, errors.get(key)) for key, action in actions.items()}
        outcomes = [built[each.cache_key] if isinstance(each, _Query) else each for each in prepared]
        self.waiting += {each.stored.id for each in outcomes if each.waits and each.stored}
        return outcomes

    def _prepare(self, query: dict[str, Any] | None) -> "Outcome | _Query":
        """Return a query with its cache key, or the outcome of a query that is never run."""
        source = get_source(query)
        if not source:
            return NO_QUERY
        kind = get_kind(source)
        if kind not in self.refusals:
            self.refusals[kind] = _find_refusal(source)
        return self.refusals[kind] or self._identify(source)

    def _identify(self, source: dict[str, Any]) -> "_Query":
        return _Query(build_cache_key(source, self.project), source)

    def _decide(self, stored: StoredResult | None, moment: datetime) -> Action:
        """Return the action for a result.

        A result that was completed since the first run of the request is not computed again.
        """
        freshness = stored.get_freshness(moment) if stored else Freshness.MISSING
        action = choose_action(self.request.refresh, freshness)
        if stored is None or not action.computes:
            return action
        if stored.is_queued:
            return action._replace(computes=False)
        return NOTHING if self._is_recent_enough(stored, freshness, moment) else action

    def _is_recent_enough(self, stored: StoredResult, freshness: Freshness, moment: datetime) -> bool:
        """Return whether a result, or the error of an attempt, is recent enough for this request or a poll."""
        since = self.request.since
        if stored.has_failed and stored.failed_at:
            age = (moment - stored.failed_at).total_seconds()
            return (since is not None and stored.failed_at >= since) or not self.request.repeats_failure(age)
        if since is None or stored.computed_at is None:
            return False
        return stored.computed_at >= since and freshness is Freshness.FRESH

    def _request(self, wanted: Mapping[str, dict[str, Any]]) -> dict[str, DomainError]:
        """Queue queries. Return the errors of the queries that cannot be queued, by key."""
        if not settings.ENGINE:
            return dict.fromkeys(wanted, QueryError(ENGINE_OFF, code="engine_unavailable"))
        try:
            read_store_id()
        except NoData as error:
            return dict.fromkeys(wanted, error)
        if wait := start_counting(self.request.key_id):
            return dict.fromkeys(wanted, QueryRateExceeded(wait))
        left_out = self._queue(wanted)
        finish_counting(self.request.key_id, len(wanted) - len(left_out))
        return dict.fromkeys(left_out, TooManyQueries())

    def _queue(self, wanted: Mapping[str, dict[str, Any]]) -> Collection[str]:
        """Queue queries. Return the keys of the queries for which the queue has no space."""
        left_out: Collection[str] = ()

        def request() -> None:
            nonlocal left_out
            left_out = request_results(self.project, wanted, is_shared=self.request.is_shared)

        if self.request.is_best_effort:
            best_effort_write(request)
        else:
            request()
        return left_out

    def _build(self, cache_key: str, found: StoredResult | None, action: Action, error: DomainError | None) -> Outcome:
        if found is None:
            return Outcome(cache_key, error=error or self._explain_absence())
        if error and action.computes:
            return Outcome(cache_key, found, error)
        if found.is_left_out:
            return Outcome(cache_key, found, QueryError(TOO_LARGE, code="too_large"))
        failure = QueryError(found.error_detail, code=found.error_code) if found.has_failed else None
        if found.is_queued:
            return Outcome(cache_key, found, waits=action.waits)
        return Outcome(cache_key, found, failure, is_new=self._is_new(found))

    def _is_new(self, found: StoredResult) -> bool:
        """Return whether a result was computed for this request rather than taken from the cache."""
        since = self.request.since
        return since is not None and found.computed_at is not None and found.computed_at >= since

    def _explain_absence(self) -> DomainError | None:
        return None if settings.ENGINE else QueryError(ENGINE_OFF, code="engine_unavailable")


def _find_refusal(source: dict[str, Any]) -> Outcome | None:
    """Return the error of a query whose kind is not computed, or None."""
    try:
        check_query_kind(source)
    except DomainError as error:
        return Outcome(error=error)
    return None


class _Query(NamedTuple):
    """A query without visualization nodes, and its cache key."""

    cache_key: str
    source: dict[str, Any]
