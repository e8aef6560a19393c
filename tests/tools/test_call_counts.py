"""The files and calls of product code in each request are within the limits of `benchmarks/call_counts.py`."""

import json
import re
import subprocess
import sys

from benchmarks.call_counts import LIMITS, ROOT, trace
from dashboards_api.parsing import parse_int


def test_no_request_exceeds_its_limits() -> None:
    # In a process of its own, because the settings of tests disable rate limits, and tests run in a transaction.
    command = [sys.executable, "-m", "benchmarks.call_counts"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counts = re.findall(r"^(.+): (\d+) files, \d+ functions, (\d+) calls$", done.stdout, re.MULTILINE)
    assert (done.returncode, [name for name, _, _ in counts]) == (0, list(LIMITS)), done.stdout + done.stderr
    assert all(int(files) > 10 and int(calls) > 100 for _, files, calls in counts)


def test_trace_counts_calls_of_product_code_only() -> None:
    walk = trace(lambda: [parse_int(text) for text in json.loads('["1", "2"]')])
    assert walk.files == {"dashboards_api/parsing.py"}
    assert walk.calls == {"dashboards_api/parsing.py:parse_int": 2}
