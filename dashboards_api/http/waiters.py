"""Requests that wait in the event loop. One query for all waiting requests finds the results that are still pending."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import Error, close_old_connections

from dashboards_api.http.waiting import FindPending, Wait

logger = structlog.get_logger("dashboards_api.edge")

MAX_WAITERS = 64
MAX_WAITERS_PER_CALLER = 32
SECONDS_TO_WAIT_FOR_RESULTS = 10.0
# Polls become less frequent, so that results of quick queries are found soon, and slow queries cost few statements.
SECONDS_BETWEEN_CHECKS = 0.02
SECONDS_BETWEEN_LATE_CHECKS = 0.1
SECONDS_UNTIL_LATE = 1.0


class Waiters:
    """The waiting requests of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.executor = ThreadPoolExecutor(1, "waiting")
        self.waiting: dict[asyncio.Future[None], Wait] = {}
        self.callers: Counter[str] = Counter()
        self.task: asyncio.Task[None] | None = None

    def has_place(self, caller: str) -> bool:
        return len(self.waiting) < MAX_WAITERS and self.callers[caller] < MAX_WAITERS_PER_CALLER

    async def wait(self, wait: Wait, caller: str, deadline: float) -> None:
        """Wait until no result of a request is pending, or until a deadline, which is a time of the loop's clock."""
        if not self.has_place(caller):
            return
        done: asyncio.Future[None] = self.loop.create_future()
        self.waiting[done] = wait
        self.callers[caller] += 1
        if self.task is None or self.task.done():
            self.task = self.loop.create_task(self.check())
        try:
            await asyncio.wait_for(done, deadline - self.loop.time())
        except TimeoutError:
            pass
        finally:
            self.waiting.pop(done, None)
            self.callers[caller] -= 1
            if not self.callers[caller]:
                del self.callers[caller]

    async def check(self) -> None:
        """Poll for pending results while requests are waiting."""
        started = self.loop.time()
        count = 0
        while self.waiting:
            if len(self.waiting) > count:
                started = self.loop.time()
            count = len(self.waiting)
            is_late = self.loop.time() > started + SECONDS_UNTIL_LATE
            await asyncio.sleep(SECONDS_BETWEEN_LATE_CHECKS if is_late else SECONDS_BETWEEN_CHECKS)
            for find_pending in {wait.find_pending for wait in self.waiting.values() if wait.find_pending}:
                await self.check_pending(find_pending)

    async def check_pending(self, find_pending: FindPending) -> None:
        asked = {done: wait for done, wait in self.waiting.items() if wait.find_pending == find_pending}
        ids = {id_ for wait in asked.values() for id_ in wait.pending}
        try:
            pending = await self.loop.run_in_executor(self.executor, run_query, find_pending, ids)
        except Error as error:  # not DatabaseError, which excludes closed connections
            logger.warning("waiting requests cannot be checked", error=type(error).__qualname__)
            return
        for done, wait in asked.items():
            if not done.done() and not wait.pending & pending:
                done.set_result(None)


def run_query(find_pending: FindPending, ids: set[UUID]) -> set[UUID]:
    """Run a query outside of a request, with the database connection of this thread."""
    close_old_connections()
    try:
        return find_pending(ids)
    finally:
        close_old_connections()
