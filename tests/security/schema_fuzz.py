"""Schema fuzz: schemathesis generates valid and invalid requests, and sequences of requests, from openapi.yaml.

Two runs use a key with all scopes, one with the given seed and one with a fresh seed. A short third run uses a session.
Each response must have a documented status, media type, headers and body. At the end all stored rows are read again.
"""

import json
import os
import secrets
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from tests.live.conftest import ROOT
from tests.security.project_content import fill_project, read_everything
from tests.security.report import Outcome, Report
from tests.security.request_log import read_requests
from tests.security.service import Target, run_service

SCHEMATHESIS = Path(os.environ.get("SECURITY_SCHEMATHESIS", ROOT / ".venv" / "schemathesis" / "bin" / "schemathesis"))
SECONDS = 150
SECONDS_OF_SESSION = 20
REQUESTS_AT_LEAST = 20_000
# The acceptance of valid data and the refusal of invalid data are not checked, since the document does not describe all
# rules (strings such as "true" are read as booleans, and rows must exist). The header `Allow` is not checked, since the
# documented DELETE methods are refused.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
)
SESSION_PATHS = "^/api/(login|users|organizations|projects|personal_api_keys)/"


class Run(NamedTuple):
    """One run of schemathesis."""

    seed: int
    seconds: int
    headers: dict[str, str]
    arguments: tuple[str, ...]


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, seconds=SECONDS, at_least=REQUESTS_AT_LEAST)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, seconds=20, at_least=1_000)


def _run(engine: str, report: Report, seed: int, *, seconds: int, at_least: int) -> Outcome:
    fresh = secrets.randbelow(2**31)
    report.note("the fresh seed", fresh=fresh)
    with run_service(engine) as target:
        ids = fill_project(target)
        key = {"Authorization": f"Bearer {target.keys['admin']}"}
        checks = f"--checks={','.join([*CHECKS, 'ignored_auth'])}"
        runs = [Run(seed, seconds, key, (checks,)), Run(fresh, seconds, key, (checks,))]
        runs.append(_build_session_run(target, seed, min(seconds, SECONDS_OF_SESSION)))
        generated = sum(_generate(target, each, ids, report) for each in runs)
        statuses = Counter(line["status"] for line in read_requests(target.log))
        for status in [status for status in statuses if status >= 500]:
            report.fault("a server error", status=status, times=statuses[status])
        rows = read_everything(target, report)
    report.note("statuses", **{str(status): times for status, times in sorted(statuses.items())})
    if generated < at_least:
        report.fault("too few requests for a verdict", generated=generated, at_least=at_least)
    accepted = sum(times for status, times in statuses.items() if status < 300)
    return report.outcome(
        f"{generated:,} requests with seeds {seed} and {fresh}, {accepted:,} accepted; {rows:,} rows read again"
    )


def _build_session_run(target: Target, seed: int, seconds: int) -> Run:
    """Return a run with a session, which also tests paths that refuse keys.

    Sign-out is excluded, because it would end the session.
    """
    browser = target.session("bob")
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Cookie": cookies, "X-CSRFToken": browser.headers["X-CSRFToken"]}
    return Run(seed, seconds, headers, (f"--checks={','.join(CHECKS)}", f"--include-path-regex={SESSION_PATHS}"))


def _generate(target: Target, each: Run, ids: dict[str, list[str]], report: Report) -> int:
    """Run schemathesis, add its findings to the report, and return the number of requests."""
    folder = target.log.parent / f"fuzz-{each.seed}-{len(each.arguments)}"
    folder.mkdir()
    parameters = {"path.project_id": str(target.projects["Home"]), "path.organization_id": "@current"}
    settings = [f"headers = {_toml(each.headers)}", f"parameters = {_toml(parameters)}"]
    (folder / "schemathesis.toml").write_text("\n".join(settings))
    found = folder / "report.json"
    command = [str(SCHEMATHESIS), "--config-file=schemathesis.toml", "run", str(ROOT / "openapi.yaml")]
    command += [f"--url={target.base}"]
    command += [f"--seed={each.seed}", f"--max-time={each.seconds}", "--continue-on-failure", "--no-shrink"]
    command += ["--suppress-health-check=all", "--request-timeout=20", "--max-response-time=5"]
    command += ["--generation-database=none", "--report=json", f"--report-json-path={found}", *each.arguments]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "known_ids", "KNOWN_IDS": json.dumps(ids)}
    environment["PYTHONPATH"] = str(ROOT / "tests" / "security" / "hooks")
    with (folder / "run.log").open("wb") as log:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log)
    text = (folder / "run.log").read_text()
    if not found.exists():
        report.fault("schemathesis did not run", code=done.returncode, output=text[-4000:])
        return 0
    _report_failures(json.loads(found.read_text()), text, report)
    return int(json.loads(found.read_text())["test_cases"]["generated"])


def _toml(table: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items()) + " }"


def _report_failures(results: dict[str, Any], text: str, report: Report) -> None:
    for failure in results["failures"]:
        report.fault(failure["title"], seed=results["seed"], operations=failure["operations"], output=text[-20_000:])
    if results["test_cases"]["errored"]:
        report.fault("requests that could not be made", times=results["test_cases"]["errored"], output=text[-20_000:])
