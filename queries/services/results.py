"""The results of the queries of one request: from the cache, or requested from a worker."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.timezone import now

from dashboards_api.errors import DomainError
from events.models import Store
from queries.cache_keys import build_cache_key
from queries.exceptions import NoStore, QueryError, TooManyQueries
from queries.nodes import get_source
from queries.readers.results import NO_QUERY, RESPONSE_CHARACTERS_MAX, Outcome, StoredResult, read_results
from queries.refresh import Action, Freshness, Refresh, decide
from queries.runners.compile import check_query_kind
from queries.services.queue import request_results
from queries.services.reads import record_reads
from queries.validation import VALIDATION
from users.models import Project

ENGINE_OFF = "The engine is turned off: ENGINE=off."
TOO_LARGE = "The results of this response are too large together. Read this insight by itself."


# The time after a failure in which a poll does not compute the query again.
SECONDS_BETWEEN_FAILURES = 60


class RefreshRequest(NamedTuple):
    """The refresh of one request. `since` is the time of its first run: a request runs again when its results are
    ready.
    """

    refresh: Refresh = Refresh.FORCE_CACHE
    since: datetime | None = None


CACHED_ONLY = RefreshRequest()


class Results:
    """The results of one request. Each call of `obtain` reads those of some queries by one statement."""

    def __init__(
        self,
        project: Project,
        request: RefreshRequest = CACHED_ONLY,
        characters_max: int = RESPONSE_CHARACTERS_MAX,
    ) -> None:
        self.project = project
        self.project_id = project.pk
        self.request = request
        self.characters_max = characters_max
        # The results that the request waits for.
        self.waiting: list[UUID] = []

    def obtain(self, queries: Sequence[dict[str, Any] | None]) -> list[Outcome]:
        """Return the outcome of each query, in their order. Queue those that the mode of the request computes."""
        prepared = [self._prepare(query) for query in queries]
        sources = {each.cache_key: each.source for each in prepared if each.cache_key}
        stored = read_results(self.project.pk, sources, self.characters_max)
        moment = now()
        actions = {key: self._decide(stored.get(key), moment) for key in sources}
        wanted = {key: sources[key] for key, action in actions.items() if action.computes}
        error = self._request(wanted, stored) if wanted else None
        if wanted and error is None:
            stored |= read_results(self.project.pk, wanted, self.characters_max)
        record_reads(stored.values(), moment)
        outcomes = [each.error_outcome or self._build(each.cache_key, stored, actions, error) for each in prepared]
        self.waiting += {each.stored.id for each in outcomes if each.waits and each.stored}
        return outcomes

    def _prepare(self, query: dict[str, Any] | None) -> "_Prepared":
        source = get_source(query)
        if not source:
            return _Prepared(error_outcome=NO_QUERY)
        try:
            if source.get("kind") != VALIDATION:
                check_query_kind(source)
        except DomainError as error:
            return _Prepared(error_outcome=Outcome(error=error))
        return _Prepared(build_cache_key(source, self.project), source)

    def _decide(self, stored: StoredResult | None, moment: datetime) -> Action:
        """Return the action for a result. A result that was completed since the first run of the request is not forced
        again.
        """
        freshness = stored.get_freshness(moment) if stored else Freshness.MISSING
        action = decide(self.request.refresh, freshness)
        if stored is None or not action.computes:
            return action
        if stored.is_queued:
            return action._replace(computes=False)
        return Action(False, False) if self._is_answered(stored, freshness) else action

    def _is_answered(self, stored: StoredResult, freshness: Freshness) -> bool:
        """Return whether a result, or the error of an attempt, answers this request or a poll."""
        since = self.request.since
        if stored.has_failed and stored.failed_at:
            age = (now() - stored.failed_at).total_seconds()
            is_poll = self.request.refresh not in (Refresh.BLOCKING, Refresh.FORCE_BLOCKING, Refresh.FORCE_ASYNC)
            return (since is not None and stored.failed_at >= since) or (is_poll and age < SECONDS_BETWEEN_FAILURES)
        if since is None or stored.computed_at is None:
            return False
        return stored.computed_at >= since and freshness is Freshness.FRESH

    def _request(self, wanted: Mapping[str, dict[str, Any]], stored: Mapping[str, StoredResult]) -> DomainError | None:
        """Queue queries. Return the error that applies to all of them, if they cannot be queued."""
        if not settings.ENGINE:
            return QueryError(ENGINE_OFF, code="engine_unavailable")
        if not Store.objects.exists():
            return NoStore()
        try:
            request_results(self.project, wanted)
        except TooManyQueries as error:
            return error
        return None

    def _build(
        self,
        cache_key: str | None,
        stored: Mapping[str, StoredResult],
        actions: Mapping[str, Action],
        error: DomainError | None,
    ) -> Outcome:
        key = cache_key or ""
        found, action = stored.get(key), actions[key]
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
        """Return whether a result was computed for this request, and not taken from the cache."""
        since = self.request.since
        return since is not None and found.computed_at is not None and found.computed_at >= since

    def _explain_absence(self) -> DomainError | None:
        return None if settings.ENGINE else QueryError(ENGINE_OFF, code="engine_unavailable")


class _Prepared(NamedTuple):
    cache_key: str | None = None
    source: dict[str, Any] = {}
    error_outcome: Outcome | None = None
