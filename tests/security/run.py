"""Security tests: `python -m tests.security.run [--stages races,cost] [--engine sqlite] [--quick]`.

Each stage is a module with `run(engine, report, seed) -> Outcome`; some have `run_sample`, a short run that takes
seconds. Each fault is a line of JSON in the log, and a table of results is printed at the end. The exit code is 1 if
there are faults.
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import django

from tests.security.report import Outcome, Report

ENGINES = ("sqlite", "postgresql")


# The modules of the stages, in the order in which they run.
STAGES = (
    "contract",
    "schema_fuzz",
    "injection",
    "access_matrix",
    "brute_force",
    "races",
    "crash",
    "resource_limits",
    "config_checks",
    "mutants",
    "cost",
    "starvation",
)
QUICK = ("injection", "access_matrix", "races", "cost")


class Row(NamedTuple):
    """A row of the table that is printed at the end."""

    stage: str
    engine: str
    outcome: Outcome
    seconds: float


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", help=f"comma-separated names (default: all): {', '.join(STAGES)}")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="may be repeated (default: both)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=f"run {', '.join(QUICK)} on SQLite, each within seconds")
    parser.add_argument("--log", type=Path, help="where findings are appended (default: a temporary file)")
    options = parser.parse_args()
    options.names = options.stages.split(",") if options.stages else list(QUICK if options.quick else STAGES)
    options.engines = options.engine or (["sqlite"] if options.quick else list(ENGINES))
    if unknown := set(options.names) - set(STAGES):
        parser.error(f"There is no stage {', '.join(sorted(unknown))}.")
    return options


def get_runner(name: str, *, quick: bool) -> Callable[[str, Report, int], Outcome]:
    """Return the function that runs a stage."""
    module: Any = importlib.import_module(f"tests.security.{name}")
    found: Callable[[str, Report, int], Outcome] = getattr(module, "run_sample", module.run) if quick else module.run
    return found


def run_stage(name: str, engine: str, options: argparse.Namespace) -> Row:
    print(f"== {name} on {engine}", flush=True)
    report = Report(options.log, stage=name, engine=engine, seed=options.seed)
    started = time.monotonic()
    try:
        outcome = get_runner(name, quick=options.quick)(engine, report, options.seed)
    except Exception as error:  # noqa: BLE001  a stage that breaks is a fault, and the other stages still run
        traceback.print_exc()
        report.fault("the stage broke", error=repr(error))
        outcome = report.outcome("broke")
    seconds = time.monotonic() - started
    print(f"   {outcome.figure}; {outcome.faults} faults, {seconds:.0f} s", flush=True)
    return Row(name, engine, outcome, seconds)


def format_table(rows: list[Row]) -> str:
    lines = ["| stage | engine | figure | faults | seconds |", "| --- | --- | --- | ---: | ---: |"]
    lines += [
        f"| {row.stage} | {row.engine} | {row.outcome.figure} | {row.outcome.faults} | {row.seconds:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def set_up() -> None:
    """Set up Django, because stages read the routes, the settings and the tables of the test suite.

    This process uses no database.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="security-settings-")
    os.environ["LOG_LEVEL"] = "WARNING"
    django.setup()


def main() -> int:
    options = parse_arguments()
    set_up()
    if options.log is None:
        options.log = Path(tempfile.mkstemp(prefix="security-", suffix=".jsonl")[1])
    for name in options.names:
        get_runner(name, quick=options.quick)
    rows = [run_stage(name, engine, options) for name in options.names for engine in options.engines]
    print(f"\nSeed {options.seed}. Findings: {options.log}\n\n{format_table(rows)}")
    return 1 if any(row.outcome.faults for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
