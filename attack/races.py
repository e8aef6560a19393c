"""F: the same thing is done by many at once, round after round, against two workers.

No act that was acknowledged may be lost, none may be done twice, no two may be mixed, and nobody may be answered with a
server error. At the end the database is read past the service.
"""

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

from attack import board_races, row_races, stored
from attack.log import requests_in
from attack.report import Outcome, Report
from attack.scene import LOST, TWICE, WRONG, Scene
from attack.service import Target, attacked
from tests.live.conftest import ROOT, Service

ROUNDS = 20
ROUNDS_IN_QUICK = 2
RACES = (
    row_races.keys,
    board_races.different_fields,
    board_races.same_fields,
    row_races.sharing,
    board_races.moves,
    row_races.creates,
    board_races.deletion,
    board_races.preconditions,
    row_races.idempotency,
    board_races.versions,
)


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, ROUNDS)


def quick(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, ROUNDS_IN_QUICK)


def _run(engine: str, report: Report, seed: int, rounds: int) -> Outcome:
    with attacked(engine) as target:
        scene = Scene(target, report)
        for race in RACES:
            started = time.monotonic()
            scene.slowest = 0.0
            for number in range(rounds):
                race(scene, f"{seed}-{number}")
            took = round(time.monotonic() - started, 1)
            report.note("a race", race=race.__name__, rounds=rounds, took=took, slowest=round(scene.slowest, 2))
        scene.close()
        limited, allowed = race_for_permits(target, report, rounds)
        settle(target, scene)
    counts = scene.counts + limited.counts
    requests = scene.crowd.requests + limited.crowd.requests
    return report.outcome(
        f"{len(RACES) + 1} races x {rounds} rounds, {requests:,} requests at once: {counts[LOST]} lost updates, "
        f"{counts[TWICE]} duplicates, {counts[WRONG]} wrong answers; {min(allowed)} to {max(allowed)} of "
        f"{row_races.LIMIT} permits spent"
    )


def race_for_permits(target: Target, report: Report, rounds: int) -> tuple[Scene, list[int]]:
    """Two more workers, which count the requests of a key, on the same database; how many of each key were allowed."""
    log = target.log.with_name("limited.log")
    service = Service({**target.environment, "RATE_LIMITS": f"{row_races.LIMIT}/minute"}, log).wait()
    try:
        scene = Scene(dataclasses.replace(target, base=service.base, log=log), report)
        allowed = [row_races.permits(scene, key) for key in row_races.more_keys(scene, rounds)]
        scene.close()
    finally:
        service.stop()
    report.note("permits that were spent", allowed=allowed)
    server_errors(scene.target, scene)
    return scene, allowed


def settle(target: Target, scene: Scene) -> None:
    """What is kept must be what is there."""
    server_errors(target, scene)
    recount = [sys.executable, "manage.py", "recount_dashboards"]
    done = subprocess.run(recount, check=True, cwd=ROOT, env=target.environment, stdout=subprocess.PIPE, text=True)
    scene.check(LOST, done.stdout.strip() == "Every count was right.", "kept counts", output=done.stdout)
    path = Path(target.environment["DATA_DIR"]) / "dashboards.sqlite3"
    for wrong in stored.read(target.environment.get("DATABASE_URL", f"sqlite:///{path}")).wrong:
        scene.check(LOST, False, "the database", wrong=wrong)


def server_errors(target: Target, scene: Scene) -> None:
    for line in requests_in(target.log):
        scene.check(WRONG, line["status"] < 500, "a server error", line=line)
