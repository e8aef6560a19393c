"""The query worker: a loop that claims queries and passes them to child processes, which are killed at a deadline."""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, close_old_connections
from django.utils.timezone import now
from pebble import ProcessExpired, ProcessPool

from dashboards_api.errors import DomainError
from queries.execution import Task, TaskOutcome, describe_timeout, prepare_child, run_task
from queries.services.contexts import build_task
from queries.services.pruning import limit_stored_results, prune_references, prune_results
from queries.services.queue import (
    Claim,
    ComputedResult,
    claim_query,
    complete_query,
    fail_query,
    find_held_leases,
    release_query,
    renew_leases,
    retry_query,
)

logger = structlog.get_logger("queries.worker")

SECONDS_BETWEEN_POLLS = 0.03
# After SECONDS_UNTIL_IDLE without a query, the query worker polls less often.
SECONDS_BETWEEN_IDLE_POLLS = 0.2
SECONDS_UNTIL_IDLE = 60
SECONDS_BETWEEN_RENEWALS = 10
SECONDS_BETWEEN_CHECKS = 0.25
SECONDS_BETWEEN_PRUNINGS = 3600
SECONDS_AFTER_DATABASE_ERROR = 1
# The engine cancels a query at its limit, and reports the reason. A child is killed this much later.
SECONDS_OF_GRACE = 1.0
TASKS_PER_CHILD = 2000  # then the child is replaced, so that leaked memory is released


def create_pool(slots: int) -> ProcessPool:
    method = "forkserver" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["queries.execution"])
    return ProcessPool(max_workers=slots, max_tasks=TASKS_PER_CHILD, initializer=prepare_child, context=context)


class RunningQuery:
    """A query that a child process is computing."""

    def __init__(self, claim: Claim, task: Task, future: Any) -> None:
        self.claim = claim
        self.task = task
        self.future = future
        self.started = time.monotonic()

    @property
    def milliseconds(self) -> int:
        return round(1000 * (time.monotonic() - self.started))


class Worker:
    """The loop of the query worker, which computes up to `slots` queries at a time."""

    def __init__(self, slots: int, supervisor: int | None = None) -> None:
        self.slots = slots
        self.supervisor = supervisor  # the parent process, with which this process exits
        self.running: list[RunningQuery] = []
        self.is_stopping = False
        self.last_work = self.next_renewal = self.next_check = self.next_pruning = time.monotonic()
        self.pool = create_pool(slots)

    def run(self) -> None:
        """Work until `is_stopping` is set. Then return running queries to the queue."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "is_stopping", True))
        # Ctrl-C sends SIGINT to the whole process group, but the supervisor stops this process with SIGTERM.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        logger.info("query worker started", slots=self.slots)
        try:
            while not self.is_stopping and self.supervisor in (None, os.getppid()):
                self.work_once()
                self.wait()
        finally:
            self.stop()

    def work_once(self) -> None:
        """Finish, renew and claim queries. If the database does not respond, try again later."""
        try:
            close_old_connections()
            self.finish()
            self.renew()
            while len(self.running) < self.slots and self.start_query():
                self.last_work = time.monotonic()
            self.prune()
        except Error as error:
            logger.warning("query worker cannot use the database", error=type(error).__qualname__)
            time.sleep(SECONDS_AFTER_DATABASE_ERROR)

    def wait(self) -> None:
        idle = not self.running and time.monotonic() > self.last_work + SECONDS_UNTIL_IDLE
        seconds = SECONDS_BETWEEN_IDLE_POLLS if idle else SECONDS_BETWEEN_POLLS
        if self.running:
            wait([query.future for query in self.running], seconds, FIRST_COMPLETED)
        else:
            time.sleep(seconds)

    def start_query(self) -> bool:
        """Claim a query and pass it to a child process. Return whether a query was claimed."""
        self.ensure_pool()
        if (claim := claim_query()) is None:
            return False
        try:
            task = build_task(claim, settings.QUERY_TIMEOUT)
        except DomainError as error:
            fail_query(claim, error.code, error.detail)
            return True
        future = self.pool.schedule(run_task, args=[task], timeout=settings.QUERY_TIMEOUT + SECONDS_OF_GRACE)
        self.running.append(RunningQuery(claim, task, future))
        return True

    def ensure_pool(self) -> None:
        """Replace the pool if it is broken, for example because the OOM killer has killed an idle child process."""
        if not self.pool.active:
            logger.warning("query children are started again")
            self.stop_pool()
            self.pool = create_pool(self.slots)

    def finish(self) -> None:
        for query in [query for query in self.running if query.future.done()]:
            self.running.remove(query)
            self.last_work = time.monotonic()
            self.store(query)

    def store(self, query: RunningQuery) -> None:
        """Store the result or the error of a query whose child process has finished."""
        try:
            outcome: TaskOutcome = query.future.result()
        except CancelledError:
            return  # its lease is lost
        except TimeoutError:
            outcome = TaskOutcome(error=describe_timeout(query.task.seconds))
        except (ProcessExpired, BrokenProcessPool) as error:
            code = getattr(error, "exitcode", None)
            logger.warning("query child died", query=str(query.claim.result_id), code=code)
            retry_query(query.claim)
            return
        except Exception as error:  # noqa: BLE001  an error of one query must not stop the loop
            log_failure(query.claim, error)
            outcome = TaskOutcome(error=("query_error", "The query could not be computed. The error was logged."))
        store_outcome(query.claim, outcome, query.task, query.milliseconds)

    def renew(self) -> None:
        """Renew the leases, and cancel queries whose lease is lost, for example because they were canceled."""
        if not self.running or (moment := time.monotonic()) < self.next_check:
            return
        self.next_check = moment + SECONDS_BETWEEN_CHECKS
        leases = [query.claim.lease_id for query in self.running]
        if moment >= self.next_renewal:
            self.next_renewal = moment + SECONDS_BETWEEN_RENEWALS
            renew_leases(leases)
        held = find_held_leases(leases)
        for query in self.running:
            if query.claim.lease_id not in held:
                query.future.cancel()

    def prune(self) -> None:
        if time.monotonic() >= self.next_pruning:
            self.next_pruning = time.monotonic() + SECONDS_BETWEEN_PRUNINGS
            moment = now()
            prune_references(moment)
            prune_results(moment)

    def stop(self) -> None:
        """Stop the child processes, and return their queries to the queue."""
        for query in self.running:
            query.future.cancel()
            release_query(query.claim)
        self.stop_pool()

    def stop_pool(self) -> None:
        self.pool.stop()  # type: ignore[no-untyped-call]  # pebble has no types
        self.pool.join(timeout=5)


def log_failure(claim: Claim, error: Exception) -> None:
    """Log the class and the stack frames of an unexpected error, including the frames of the child process.

    The text of the error is not logged, because it may quote the query.
    """
    lines = "".join(traceback.format_exception(error)).splitlines()
    frames = [line.strip() for line in lines if line.startswith("  File ")]
    logger.error("query failed", query=str(claim.result_id), error=type(error).__qualname__, frames=frames)


def store_outcome(claim: Claim, outcome: TaskOutcome, task: Task, milliseconds: int) -> None:
    """Store the result or the error of a task if this query worker still holds the lease."""
    if outcome.error is not None:
        fail_query(claim, *outcome.error)
        return
    computed = ComputedResult(
        results=outcome.results.decode(),
        details=outcome.details.decode(),
        size=len(outcome.results),
        data_version=claim.data_version,
        stale_at=outcome.stale_at,
        lazily_stale_at=outcome.lazily_stale_at,
        milliseconds=milliseconds,
    )
    if complete_query(claim, computed):
        limit_stored_results(claim.project.pk)
