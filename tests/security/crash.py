"""Crash: the service is killed while it writes, and PostgreSQL is stopped in immediate mode.

No acknowledged write may be lost, and each write must be atomic.
"""

import contextlib
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.security import stored_state
from tests.security.processes import KillablePostgreSQL, KillableService, run_durable_postgresql
from tests.security.report import Outcome, Report
from tests.security.stored_state import State, Stored
from tests.security.writers import Journal, Operation, Writer

ROUNDS = 20
STOPS = 5
WRITERS = 6
# Seconds of writing before a kill.
BEFORE = (0.3, 2.5)
SECONDS_TO_RECOVER = 5
SECONDS_TO_GIVE_UP = 30
SECONDS_TO_END = 40


def run(engine: str, report: Report, seed: int) -> Outcome:
    """Kill the service in 20 rounds. With PostgreSQL, also stop the database 5 times."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, create_database(engine, Path(folder)) as (url, server):
        service = KillableService(Path(folder), url)
        service.start()
        try:
            crashes = Crashes(service, report, Journal(Path(folder) / "acknowledged.jsonl"), chance)
            for number in range(ROUNDS):
                crashes.kill_service(f"{seed}.{number}")
            figure = f"{crashes.journal.count()} acknowledged writes, {ROUNDS} kills: {crashes.figure()}"
            if server:
                for number in range(STOPS):
                    crashes.stop_database(server, f"{seed}.stop{number}")
                figure += f"; {crashes.journal.count()} writes after {STOPS} stops of PostgreSQL: {crashes.recovery()}"
        finally:
            service.stop()
    return report.outcome(figure)


@contextlib.contextmanager
def create_database(engine: str, folder: Path) -> Iterator[tuple[str, KillablePostgreSQL | None]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/dashboards.sqlite3", None
        return
    with run_durable_postgresql() as server:
        yield server.url, server


class Crashes:
    """Rounds of writing on one database. Each round is interrupted by a crash."""

    def __init__(self, service: KillableService, report: Report, journal: Journal, chance: random.Random) -> None:
        self.service, self.report, self.journal, self.chance = service, report, journal, chance
        self.lost = self.partial = self.refused = self.unsettled = 0
        self.starts: list[float] = []
        self.recoveries: list[float] = []

    def figure(self) -> str:
        start = statistics.median(self.starts)
        return f"{self.lost} lost, {self.partial} partial, ready again after {start:.1f} s (median)"

    def recovery(self) -> str:
        worst = compute_percentile(self.recoveries, 95)
        return f"{self.lost} lost, {self.partial} partial, {self.refused} answers of 503, recovery p95 {worst:.2f} s"

    def kill_service(self, name: str) -> None:
        with self.run_writers(name):
            time.sleep(self.chance.uniform(*BEFORE))
            self.service.kill()
        self.starts.append(self.service.start())
        self.check(name)

    def stop_database(self, server: KillablePostgreSQL, name: str) -> None:
        """Stop and start the database. The service must return 503 in the meantime, and recover without a restart."""
        with self.run_writers(name) as writers:
            time.sleep(self.chance.uniform(*BEFORE))
            server.stop("immediate")
            time.sleep(self.chance.uniform(0.2, 1.5))
            for writer in writers:
                writer.first_success = None
            server.start()
            accepting = time.monotonic()
            while not any(writer.first_success for writer in writers):
                if time.monotonic() - accepting > SECONDS_TO_GIVE_UP:
                    break
                time.sleep(0.005)
            first = min((each.first_success for each in writers if each.first_success), default=time.monotonic())
            seconds = max(0.0, first - accepting)
            self.recoveries.append(seconds)
            if seconds > SECONDS_TO_RECOVER:
                self.report.fault("recovered too late", round=name, recovery=seconds)
            time.sleep(0.5)
        self.check(name)

    @contextlib.contextmanager
    def run_writers(self, name: str) -> Iterator[list[Writer]]:
        """Run writers during the block, and keep their unsettled operations."""
        stop = threading.Event()
        writers = [
            Writer(f"{name}.{number}", self.service, self.journal, self.report, stop) for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        try:
            yield writers
        finally:
            stop.set()
            for writer in writers:
                writer.join(SECONDS_TO_END)
                if writer.is_alive():
                    self.report.fault("a request was not answered", round=name, seconds_waited=SECONDS_TO_END)
        self.operations = [operation for writer in writers for operation in writer.unsettled]
        self.refused += sum(writer.refused for writer in writers)
        writes = sum(writer.written for writer in writers)
        self.report.note("written", round=name, writes=writes, unsettled=len(self.operations))

    def check(self, name: str) -> None:
        """Compare acknowledged writes with the stored state, and settle the unsettled operations by this state."""
        found = stored_state.read_state(self.service.database_url)
        for what in found.wrong:
            self.partial += 1
            self.report.fault("half written", round=name, found=what)
        states, changes = self.journal.replay()
        settled = self.resolve_unsettled(name, found, states)
        for id_, state in states.items():
            if id_ not in settled and found.states.get(id_) != state:
                self.lost += 1
                self.report.fault("lost", round=name, acknowledged=state, stored=found.states.get(id_))
            if found.revisions.get(id_, 0) < changes[id_]:
                self.lost += 1
                self.report.fault("a change was not counted", round=name, id=id_, acknowledged=changes[id_])
        for id_ in found.states.keys() - states.keys() - settled.keys():
            self.partial += 1
            self.report.fault("nobody asked for this", round=name, stored=found.states[id_])
        self.journal.note("settled", settled)

    def resolve_unsettled(self, name: str, found: Stored, states: dict[int, State]) -> dict[int, State]:
        """Check that each unsettled operation was atomic, and return the states of its dashboards."""
        settled: dict[int, State] = {}
        for operation in self.operations:
            now = {id_: found.states[id_] for id_ in operation.wanted if id_ in found.states}
            before = {id_: states[id_] for id_ in operation.wanted}
            created = {id_: each for id_, each in found.states.items() if matches_operation(operation, each)}
            is_whole = now in (before, operation.wanted) and list(created.values()) in ([], [operation.makes])
            if not is_whole:
                self.partial += 1
                self.report.fault("half of an operation", round=name, operation=operation, stored=[now, created])
            settled |= now | created
        return settled


def matches_operation(operation: Operation, state: State) -> bool:
    return operation.makes is not None and state.name == operation.makes.name


def compute_percentile(values: list[float], which: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * which // 100)]
