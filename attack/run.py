"""The attack: `python -m attack.run [--stages B] [--engine sqlite] [--seed 1] [--quick] [--log FILE]`.

Each stage is a module with `run(engine, report, seed) -> Outcome`; some have `quick`, the same within seconds. What is
found is a line of JSON in the log; at the end stands a table of the figures. The exit code is 1 where there is a fault.
"""

import argparse
import importlib
import importlib.util
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import django

from attack.report import Outcome, Report

ENGINES = ("sqlite", "postgresql")


class Stage(NamedTuple):
    title: str
    module: str


STAGES = {
    "A": Stage("Contract", "attack.contract"),
    "B": Stage("Schema fuzz", "attack.fuzz"),
    "C": Stage("Grammar", "attack.grammar"),
    "D": Stage("Access matrix", "attack.matrix"),
    "E": Stage("Guessing and timing", "attack.guessing"),
    "F": Stage("Races", "attack.races"),
    "G": Stage("Crash", "attack.crash"),
    "H": Stage("Resources", "attack.resources"),
    "I": Stage("Statics", "attack.statics"),
    "J": Stage("Removed checks", "attack.mutants"),
    "K": Stage("Cost", "attack.cost"),
    "L": Stage("Starvation", "attack.starvation"),
}
QUICK = ("C", "D", "F", "K")


class Row(NamedTuple):
    """A line of the table at the end."""

    stage: str
    engine: str
    outcome: Outcome
    seconds: float


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", help="letters with commas between them (default: all)")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="may be repeated (default: both)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=f"{', '.join(QUICK)} on SQLite, each within seconds")
    parser.add_argument("--log", type=Path, help="where findings are appended (default: a temporary file)")
    options = parser.parse_args()
    options.letters = options.stages.upper().split(",") if options.stages else list(QUICK if options.quick else STAGES)
    options.engines = options.engine or (["sqlite"] if options.quick else list(ENGINES))
    if unknown := set(options.letters) - set(STAGES):
        parser.error(f"There is no stage {', '.join(sorted(unknown))}.")
    return options


def runner(letter: str, *, quick: bool) -> Callable[[str, Report, int], Outcome]:
    """The function of a stage. Exits with 2 where its module is missing or is no stage."""
    name = STAGES[letter].module
    if importlib.util.find_spec(name) is None:
        sys.exit(f"Stage {letter} has no module {name}: leave it out with --stages.")
    module: Any = importlib.import_module(name)
    found: Callable[[str, Report, int], Outcome] = getattr(module, "quick", module.run) if quick else module.run
    return found


def run_stage(letter: str, engine: str, options: argparse.Namespace) -> Row:
    print(f"== {letter} {STAGES[letter].title} on {engine}", flush=True)
    report = Report(options.log, stage=letter, engine=engine, seed=options.seed)
    started = time.monotonic()
    try:
        outcome = runner(letter, quick=options.quick)(engine, report, options.seed)
    except Exception as error:  # noqa: BLE001  a stage that breaks is a fault, and the others still run
        traceback.print_exc()
        report.fault("the stage broke", error=repr(error))
        outcome = report.outcome("broke")
    seconds = time.monotonic() - started
    print(f"   {outcome.figure}; {outcome.faults} faults, {seconds:.0f} s", flush=True)
    return Row(letter, engine, outcome, seconds)


def table(rows: list[Row]) -> str:
    lines = ["| stage | engine | figure | faults | seconds |", "| --- | --- | --- | ---: | ---: |"]
    lines += [
        f"| {row.stage} {STAGES[row.stage].title} | {row.engine} | {row.outcome.figure} | {row.outcome.faults} "
        f"| {row.seconds:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def set_up() -> None:
    """Stages look at routes, settings and tables of the suite; nothing of this process uses a database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="attack-settings-")
    os.environ["LOG_LEVEL"] = "WARNING"
    django.setup()


def main() -> int:
    options = arguments()
    set_up()
    if options.log is None:
        options.log = Path(tempfile.mkstemp(prefix="attack-", suffix=".jsonl")[1])
    for letter in options.letters:
        runner(letter, quick=options.quick)
    rows = [run_stage(letter, engine, options) for letter in options.letters for engine in options.engines]
    print(f"\nSeed {options.seed}. Findings: {options.log}\n\n{table(rows)}")
    return 1 if any(row.outcome.faults for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
