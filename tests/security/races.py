"""Races: many clients send the same kind of request at once, in several rounds, to two workers.

No acknowledged change may be lost, duplicated, or mixed with another change, and no response may be a server error.
At the end, the database is read directly.
"""

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

from tests.live.conftest import ROOT, Service
from tests.security import dashboard_races, row_races, stored_state
from tests.security.race_harness import LOST, TWICE, WRONG, RaceHarness
from tests.security.report import Outcome, Report
from tests.security.request_log import read_requests
from tests.security.service import Target, run_service

ROUNDS = 20
ROUNDS_IN_QUICK = 2
RACES = (
    row_races.race_keys,
    dashboard_races.race_different_fields,
    dashboard_races.race_same_fields,
    row_races.race_sharing,
    dashboard_races.race_moves,
    row_races.race_creates,
    dashboard_races.race_deletion,
    dashboard_races.race_preconditions,
    row_races.race_idempotency,
    dashboard_races.race_versions,
)


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, ROUNDS)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, ROUNDS_IN_QUICK)


def _run(engine: str, report: Report, seed: int, rounds: int) -> Outcome:
    with run_service(engine) as target:
        harness = RaceHarness(target, report)
        for race in RACES:
            started = time.monotonic()
            harness.slowest = 0.0
            for number in range(rounds):
                race(harness, f"{seed}-{number}")
            took = round(time.monotonic() - started, 1)
            report.note("a race", race=race.__name__, rounds=rounds, took=took, slowest=round(harness.slowest, 2))
        harness.close()
        limited, allowed = race_for_rate_limit(target, report, rounds)
        check_final_state(target, harness)
    counts = harness.counts + limited.counts
    requests = harness.clients.requests + limited.clients.requests
    return report.outcome(
        f"{len(RACES) + 1} races x {rounds} rounds, {requests:,} requests at once: {counts[LOST]} lost updates, "
        f"{counts[TWICE]} duplicates, {counts[WRONG]} wrong answers; {min(allowed)} to {max(allowed)} of "
        f"{row_races.LIMIT} requests allowed"
    )


def race_for_rate_limit(target: Target, report: Report, rounds: int) -> tuple[RaceHarness, list[int]]:
    """Start two workers with a rate limit on the same database. Return the number of allowed requests of each key."""
    log = target.log.with_name("limited.log")
    service = Service({**target.environment, "RATE_LIMITS": f"{row_races.LIMIT}/minute"}, log).wait()
    try:
        harness = RaceHarness(dataclasses.replace(target, base=service.base, log=log), report)
        allowed = [row_races.count_allowed(harness, key) for key in row_races.create_keys(harness, rounds)]
        harness.close()
    finally:
        service.stop()
    report.note("requests that were allowed", allowed=allowed)
    check_server_errors(harness.target, harness)
    return harness, allowed


def check_final_state(target: Target, harness: RaceHarness) -> None:
    """Check that the log contains no server error, and that the stored counts and rows are consistent."""
    check_server_errors(target, harness)
    recount = [sys.executable, "manage.py", "recount_dashboards"]
    done = subprocess.run(recount, check=True, cwd=ROOT, env=target.environment, stdout=subprocess.PIPE, text=True)
    harness.check(LOST, done.stdout.strip() == "All counts were correct.", "kept counts", output=done.stdout)
    path = Path(target.environment["DATA_DIR"]) / "dashboards.sqlite3"
    for wrong in stored_state.read_state(target.environment.get("DATABASE_URL", f"sqlite:///{path}")).wrong:
        harness.check(LOST, False, "the database", wrong=wrong)


def check_server_errors(target: Target, harness: RaceHarness) -> None:
    for line in read_requests(target.log):
        harness.check(WRONG, line["status"] < 500, "a server error", line=line)
