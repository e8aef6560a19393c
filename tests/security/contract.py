"""Contract: the tests of the OpenAPI document and of a live service, on the engine of the stage."""

import re
import subprocess
import sys

from tests.live.conftest import ROOT
from tests.security.report import Outcome, Report

FOLDERS = ("tests/contract", "tests/live")
SECONDS_AT_MOST = 600
LINES_TO_KEEP = 40


def run(engine: str, report: Report, seed: int) -> Outcome:
    """Run the tests. The seed is not used."""
    command = [sys.executable, "-m", "tests", "--engine", engine, "-q", *FOLDERS]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_AT_MOST
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    if done.returncode or not passed:
        report.fault("the contract is broken", output=done.stdout.splitlines()[-LINES_TO_KEEP:])
    return report.outcome(f"{passed[1] if passed else 0} tests of the document and of a running service passed")
