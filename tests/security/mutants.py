"""Mutation tests: remove one check at a time in a copy of the tree, and check that a test fails.

`mutants.toml` lists the replacements and the test files that should fail. The same files must pass without a mutant.
Only SQLite is used, since the mutants do not depend on the engine.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.live.conftest import ROOT
from tests.security.report import Outcome, Report

LIST = Path(__file__).with_suffix(".toml")
CONCURRENCY = 2
SECONDS_AT_MOST = 300
LINES_TO_KEEP = 20


class Mutant(NamedTuple):
    """A check that is removed: `old` occurs once in `file`, and is replaced by `new`."""

    name: str
    file: str
    old: str
    new: str
    tests: list[str]


class Result(NamedTuple):
    """The result of one run of tests. If the run could not start, `failed` is empty."""

    is_passed: bool
    failed: list[str]
    output: list[str]


def run(engine: str, report: Report, seed: int) -> Outcome:
    """Run the tests of each mutant. The seed is not used."""
    if engine != "sqlite":
        return report.outcome("not run: SQLite alone")
    mutants = load_mutants(tomllib.loads(LIST.read_text()))
    tree = list_tracked_files()
    control = run_tests(tree, sorted({file for mutant in mutants for file in mutant.tests}), workers=CONCURRENCY)
    if not control.is_passed:
        report.fault("the tests fail without a mutant", output=control.output)
        return report.outcome("the control run failed")
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        results = pool.map(lambda mutant: run_tests(tree, mutant.tests, mutant), mutants)
        for mutant, result in zip(mutants, results, strict=True):
            if result.failed:
                report.note("noticed", mutant=mutant.name, by=result.failed[0])
            else:
                report.fault("not noticed", mutant=mutant.name, file=mutant.file, output=result.output)
    return report.outcome(f"{len(mutants) - report.faults} of {len(mutants)} removed checks noticed")


def load_mutants(tables: dict[str, dict[str, object]]) -> list[Mutant]:
    """Return the mutants. Raises ValueError for a mutant that cannot be applied to the tree."""
    found = [Mutant(name=name, **table) for name, table in tables.items()]  # type: ignore[arg-type]  # from TOML
    for mutant in found:
        apply_mutant((ROOT / mutant.file).read_text(), mutant)
        if missing := [file for file in mutant.tests if not (ROOT / file).is_file()]:
            raise ValueError(f"{mutant.name}: there is no {', '.join(missing)}.")
    return found


def apply_mutant(source: str, mutant: Mutant) -> str:
    """Return the changed source. Raises ValueError unless `old` occurs once, and SyntaxError for invalid Python."""
    if (times := source.count(mutant.old)) != 1:
        raise ValueError(f"{mutant.name}: what it replaces stands {times} times in {mutant.file}.")
    changed = source.replace(mutant.old, mutant.new)
    if mutant.file.endswith(".py"):
        ast.parse(changed, mutant.file)
    return changed


def list_tracked_files() -> list[str]:
    """Return the paths of the files that git tracks, except for deleted files."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [name for name in done.stdout.split("\0") if (ROOT / name).is_file()]


def run_tests(tree: Iterable[str], files: list[str], mutant: Mutant | None = None, *, workers: int = 0) -> Result:
    """Run test files in a copy of the tree, with or without a mutant, until the first failure."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        copy = Path(name)
        for file in tree:
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, copy / file)
        if mutant:
            (copy / mutant.file).write_text(apply_mutant((copy / mutant.file).read_text(), mutant))
        command = [sys.executable, "-m", "tests", "--engine", "sqlite", "-x", "-q", f"--numprocesses={workers}", *files]
        done = subprocess.run(
            command, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_AT_MOST
        )
    failed = re.findall(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return Result(done.returncode == 0, failed, done.stdout.splitlines()[-LINES_TO_KEEP:])
