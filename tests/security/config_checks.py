"""Configuration checks: settings, routes, secrets in the database and in the log, and the repository."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import httpx
import yaml

from pages import urls as pages_urls
from tests.api.access_table import METHODS, PUBLIC
from tests.api.test_access_table import iter_routes
from tests.contract.document import document
from tests.live.conftest import ROOT
from tests.security.access_rules import format_route
from tests.security.database_snapshot import read_all_rows
from tests.security.report import Outcome, Report
from tests.security.service import Target, run_service
from tests.security.used_secrets import UsedSecrets, use_secrets

# Routes that are not in the OpenAPI document, and the reasons.
NOT_DOCUMENTED = {
    "api/schema/": "the document",
    "api/schema/swagger-ui/": "a page that shows it",
    "healthz": "for who runs the service",
    "readyz": "for who runs the service",
    "metrics": "for who runs the service",
    "shared/<access_token>.json": "opened by a link, as the page is: docs/api/sharing.md",
    "embedded/<access_token>.json": "opened by a link, as the page is: docs/api/sharing.md",
    "shared_dashboard/<access_token>.json": "the older name of the first",
    "shared/<access_token>/tiles/<tile_id>.<format>": "a file of the page: docs/api/sharing.md",
    "embedded/<access_token>/tiles/<tile_id>.<format>": "a file of the page: docs/api/sharing.md",
    "shared_dashboard/<access_token>/tiles/<tile_id>.<format>": "the older name of the first",
}
ROUNDS = 5
# The virtual environment of `make audit`.
AUDIT_VENV = Path(os.environ.get("SECURITY_AUDIT_VENV", ROOT / ".venv"))


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, ROUNDS)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, 1)


def _run(engine: str, report: Report, rounds: int) -> Outcome:
    scanned = scan_repository(report)
    with run_service(engine) as target:
        check_deployment(target, report)
        compare_routes(report)
        operations = request_routes(target, report)
        used = use_secrets(target, rounds)
        values = search_database(target, used, report)
        lines = search_log(target, used, report)
    secrets = len({*used.hashed, *used.links})
    return report.outcome(
        f"`check --deploy` run; {operations} operations served as documented; {secrets} secrets and {len(used.bodies)} "
        f"words of bodies looked for in {values:,} stored values and {lines:,} lines of log; {scanned}"
    )


def check_deployment(target: Target, report: Report) -> None:
    environment = target.environment | {"PUBLIC_URL": "https://dashboards.example.com"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        report.fault("check --deploy", output=done.stdout + done.stderr)


def compare_routes(report: Report) -> None:
    """Compare the API routes of the code with the OpenAPI document, in both directions."""
    documented = {path.lstrip("/").replace("{", "<").replace("}", ">") for path in document()["paths"]}
    served = {format_route(route) for route in set(iter_routes()) - set(iter_routes(pages_urls.urlpatterns))}
    for route in sorted(served - documented - set(NOT_DOCUMENTED)):
        report.fault("a route that the document lacks", route=route)
    for route in sorted(documented - served):
        report.fault("a documented route that is not served", route=route)
    for route in sorted(set(NOT_DOCUMENTED) & documented | set(NOT_DOCUMENTED) - served):
        report.fault("a reason for a route that needs none", route=route)


def request_routes(target: Target, report: Report) -> int:
    """Request each documented path from the running service, and return the number of operations.

    Without a key, each path that is not public must return 401, because a missing route would return 404. Undocumented
    methods must return 405 for a key with all scopes or, on paths that refuse keys, for a session.
    """
    open_to_all = {f"/{route}" for route in PUBLIC}
    operations = 0
    with target.client(None) as nobody, target.client("admin") as admin, closing(target.session("alice")) as browser:
        if yaml.load(nobody.get("/api/schema/").text, Loader=yaml.CSafeLoader) != document():
            report.fault("the document that is served is another")
        for path, methods in document()["paths"].items():
            address = re.sub(r"\{\w+\}", "1", path)
            operations += len(methods)
            if path not in open_to_all:
                _expect(401, (nobody.request(method, address) for method in METHODS), report)
            lacking = [method for method in METHODS if method.lower() not in methods]
            of_people = browser if re.match(r"/api/(personal_api_keys|logout|login)/", path) else admin
            _expect(405, (of_people.request(method, _fill_path(target, path)) for method in lacking), report)
    return operations


def _fill_path(target: Target, path: str) -> str:
    path = path.replace("{project_id}", str(target.projects["Home"]))
    return re.sub(r"\{\w+\}", "1", path)


def _expect(status: int, answers: Iterable[httpx.Response], report: Report) -> None:
    for answer in answers:
        if answer.status_code != status:
            request = f"{answer.request.method} {answer.request.url.path}"
            report.fault("a method other than documented", asked=request, expected=status, status=answer.status_code)


def search_database(target: Target, used: UsedSecrets, report: Report) -> int:
    """Search every value of every table for secrets, and return the number of values.

    On SQLite, also search the bytes of the database files, since they can still contain deleted rows.
    """
    values = known = 0
    for table, rows in read_all_rows(target).items():
        for row in rows:
            values += len(row)
            text = "\n".join(_as_text(value) for value in row)
            known += any(word in text for word in used.bodies)
            for secret in used.hashed:
                if secret in text:
                    report.fault("a secret in the database", table=table, secret=secret)
            if re.search(r"phx_\w{12}", text):
                report.fault("something like a key in the database", table=table, row=text[:500])
    if not known:
        report.fault("the database does not have what was stored", values=values)
    for file in Path(target.environment["DATA_DIR"]).glob("*.sqlite3*"):
        stored = file.read_bytes()
        for secret in used.hashed:
            if secret.encode() in stored:
                report.fault("a secret in a file of the database", file=file.name, secret=secret)
    return values


def _as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return str(value)


def search_log(target: Target, used: UsedSecrets, report: Report) -> int:
    """Search each line of the log for secrets and for words from bodies, and return the number of lines."""
    lines = target.log.read_text(errors="replace").splitlines()
    for line in lines:
        for secret in (*used.hashed, *used.links, *used.bodies):
            if secret in line:
                report.fault("a secret in the log", line=line[:1_000], secret=secret)
    if not any('"path":"/shared/…"' in line for line in lines):
        report.fault("the log does not have the requests that were looked for", lines=len(lines))
    return len(lines)


def scan_repository(report: Report) -> str:
    """Run the secret scan of `make audit` on the repository, and return a summary."""
    if not (AUDIT_VENV / "audit" / "bin" / "detect-secrets-hook").exists():
        report.note("no secret scan: `make audit` makes its environment")
        return "no secret scan (`make audit` was never run)"
    printed = _run_command("make", "--just-print", "audit", f"VENV={AUDIT_VENV}")
    [command] = [line for line in printed.stdout.splitlines() if "detect-secrets-hook" in line]
    done = _run_command("bash", "-eu", "-o", "pipefail", "-c", command)
    if done.returncode:
        report.fault("the secret scan", output=(done.stdout + done.stderr)[-4_000:])
    return "repository scanned for secrets"


def _run_command(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
