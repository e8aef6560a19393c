"""A thread pool for requests that is shared fairly between callers.

At most `share` threads work for one caller at a time, and callers with waiting requests are served in round-robin
order. A client with two hundred waiting requests delays only its own requests.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from queue import SimpleQueue


class Job:
    """Work for one caller."""

    __slots__ = ("caller", "run")

    def __init__(self, caller: str, run: Callable[[], None]) -> None:
        self.caller = caller
        self.run = run


class FairThreadPool:
    """A pool of `threads` threads, of which at most `share` work for one caller at a time."""

    def __init__(self, threads: int, share: int, name: str) -> None:
        self.share = share
        self.idle = threads
        self.lock = threading.Lock()
        self.ready: SimpleQueue[Job] = SimpleQueue()
        self.running: Counter[str] = Counter()
        self.waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, job: Job) -> bool:
        """Run a job as soon as its caller may use a thread. Return whether the job starts immediately."""
        with self.lock:
            if self.idle and self.running[job.caller] < self.share:
                self.idle -= 1
                self.running[job.caller] += 1
                self.ready.put(job)
                return True
            self.waiting.setdefault(job.caller, deque()).append(job)
            return False

    def discard(self, job: Job) -> bool:
        """Remove a waiting job. Return whether it was still waiting."""
        with self.lock:
            jobs = self.waiting.get(job.caller)
            if not jobs or job not in jobs:
                return False
            jobs.remove(job)
            if not jobs:
                del self.waiting[job.caller]
            return True

    def _work(self) -> None:
        while True:
            job: Job | None = self.ready.get()
            while job:
                caller = job.caller
                try:
                    job.run()
                finally:  # release the caller's share even if the job fails
                    job = self._finish(caller)

    def _finish(self, caller: str) -> Job | None:
        """Return the next job of this thread, or None if no job may run."""
        with self.lock:
            self.running[caller] -= 1
            if not self.running[caller]:
                del self.running[caller]
            for caller, jobs in self.waiting.items():
                if self.running[caller] < self.share:
                    return self._take(caller, jobs)
            self.idle += 1
            return None

    def _take(self, caller: str, jobs: deque[Job]) -> Job:
        self.running[caller] += 1
        job = jobs.popleft()
        self.waiting.move_to_end(caller)  # to the end of the queue
        if not jobs:
            del self.waiting[caller]
        return job
