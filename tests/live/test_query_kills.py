"""Processes are killed under load. No acknowledged import is lost, and every query has one result.

With `CHECK_FULL=1`, 50 processes are killed, otherwise ten.
"""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.live.conftest import Service, copied_database, run_manage

KILLS = 50 if os.environ.get("CHECK_FULL") else 10
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
ROWS = 50  # in each import
LEASE_SECONDS = 30
QUERY_TIMEOUT_SECONDS = 90
# Parts of the command lines of the engine, the query worker, a child of the query worker, and a web worker.
VICTIMS = ("engine.embedded", "query_worker", "forkserver", "dashboards_api.server")
# The server exits if its web workers die as soon as they start, so web workers are killed at intervals.
WEB_WORKER, SECONDS_BETWEEN_WEB_WORKERS = "dashboards_api.server", 8


class Load:
    """A load of imports and queries on a service whose processes are killed, with its counts and wrong results."""

    def __init__(self, service: Service, environment: dict[str, str], folder: Path) -> None:
        self.service, self.environment, self.folder = service, environment, folder
        self.stopped = threading.Event()
        self.imported = 0
        self.attempted = 0
        self.queries: list[str] = []
        self.wrong: list[str] = []

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.service.printed_keys[0]}"}

    def import_files(self) -> None:
        """Import one file after another, and count the attempted and the successful imports."""
        while not self.stopped.is_set():
            self.attempted += 1
            path = self.folder / f"{self.attempted}.jsonl"
            events = [
                {"event": "e", "distinct_id": f"{self.attempted} {number}", "timestamp": "2026-11-01T00:00:00Z"}
                for number in range(ROWS)
            ]
            path.write_text("\n".join(map(json.dumps, events)))
            if run_manage(self.environment, "import_events", path, "--project", 1).returncode == 0:
                self.imported += 1

    def send_queries(self) -> None:
        """Send a different query each time, and record each wrong result."""
        while not self.stopped.is_set():
            number = len(self.queries)
            text = f"select {number} + count() * 0 from events"
            self.queries.append(text)
            rows = send_query(self, text)
            if rows is not None and rows != [[number]]:
                self.wrong.append(f"{text}: {rows}")


def send_query(load: Load, text: str, refresh: str = "blocking") -> list[list[int]] | None:
    """Return the rows of a query, or None if the response has no rows or the web worker was killed."""
    body = {"query": {"kind": "HogQLQuery", "query": text}, "refresh": refresh}
    url = f"{load.service.base}/api/projects/1/query/"
    try:
        answer = httpx.post(url, json=body, headers=load.headers, timeout=30)
    except httpx.HTTPError:
        time.sleep(0.2)
        return None
    rows: list[list[int]] | None = answer.json()["results"] if answer.status_code == 200 else None
    return rows


def test_killed_processes_lose_nothing(migrated: dict[str, str], tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with copied_database(migrated, tmp_path / "data") as environment:
        environment |= {"RATE_LIMITS": "", "QUERY_RATE_LIMITS": ""}
        service = Service(environment, tmp_path / "serve.log").wait()
        load = Load(service, environment, tmp_path)
        try:
            with running(load.import_files), running(load.send_queries, stop=load.stopped):
                wait_until(lambda: load.imported > 0 and bool(find_pids(service, "query_worker")))
                killed = kill_processes(service, chance)
            check_imports(load)
            finish_queries(load)
            extra = count_extra_attempts(environment)
        finally:
            service.stop()
    print(f"seed {SEED}, {killed} kills, {load.imported} of {load.attempted} imports acknowledged,")
    print(f"{len(load.queries)} queries, {extra} computed a second time")
    assert load.wrong == []
    assert extra <= KILLS
    assert len(load.queries) > KILLS / 3  # each kill can delay a query by ten seconds


@contextmanager
def running(work: Callable[[], None], stop: threading.Event | None = None) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        if stop:
            stop.set()
        thread.join()


def find_pids(service: Service, part: str) -> list[int]:
    """Return the ids of the descendant processes of a service whose command line contains a string."""
    found = []
    for entry in list_descendants(service.process.pid):
        try:
            command = Path(f"/proc/{entry}/cmdline").read_bytes().decode().replace("\0", " ")
        except OSError:
            continue
        if part in command:
            found.append(entry)
    return found


def list_descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [descendant for child in children for descendant in (int(child), *list_descendants(int(child)))]


def kill_processes(service: Service, chance: random.Random) -> int:
    """Kill processes of random kinds at random intervals, and return the number of kills."""
    killed, last_web_worker = 0, 0.0
    while killed < KILLS:
        time.sleep(chance.uniform(0.3, 1.5))
        is_web_spared = time.monotonic() < last_web_worker + SECONDS_BETWEEN_WEB_WORKERS
        parts = [part for part in VICTIMS if not (part == WEB_WORKER and is_web_spared)]
        kinds = {part: found for part in parts if (found := find_pids(service, part))}
        if kinds:
            part = chance.choice(sorted(kinds))
            os.kill(chance.choice(kinds[part]), signal.SIGKILL)
            last_web_worker = time.monotonic() if part == WEB_WORKER else last_web_worker
            killed += 1
    return killed


def wait_until(condition: Callable[[], bool], seconds: float = QUERY_TIMEOUT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def check_imports(load: Load) -> None:
    """Check that all rows of acknowledged imports are stored, and that no import is stored in part."""

    counts: list[list[list[int]]] = []

    def count() -> bool:
        found = send_query(load, "select count() from events", "force_blocking")
        counts.extend([found] if found else [])
        return bool(found)

    wait_until(count)
    [[[rows]]] = counts
    assert rows >= load.imported * ROWS
    assert rows <= load.attempted * ROWS
    assert rows % ROWS == 0


def finish_queries(load: Load) -> None:
    """Wait until each query has a result, at most until the lease of a killed query worker has expired."""
    started = time.monotonic()
    for number, text in enumerate(load.queries):
        wait_until(lambda text=text, number=number: is_answered(load, text, number))  # type: ignore[misc]  # loop values
    assert time.monotonic() - started < QUERY_TIMEOUT_SECONDS + LEASE_SECONDS


def is_answered(load: Load, text: str, number: int) -> bool:
    rows = send_query(load, text)
    assert rows in (None, [[number]])
    return rows is not None


def count_extra_attempts(environment: dict[str, str]) -> int:
    """Return the number of repeated computations. Check that no query is queued, and that no query has two rows."""
    program = (
        "from queries.models import QueryResult as R; from django.db.models import Sum, F;"
        "assert not R.objects.queued().exists();"
        "keys = list(R.objects.values_list('cache_key', flat=True)); assert len(keys) == len(set(keys));"
        "print(R.objects.filter(attempts__gt=1).aggregate(n=Sum(F('attempts') - 1))['n'] or 0)"
    )
    ended = run_manage(environment, "shell", "-v", "0", "-c", program)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout.split()[-1])
