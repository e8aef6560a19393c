"""Injection: hostile payloads in every writable field of every request body in the OpenAPI document.

Each client has its own project, so that it can verify that a refused request changed nothing. After each accepted
write, the API paths and pages that show the dashboard are read. At the end, every row is read.
"""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx
import yaml

from tests.live.conftest import ROOT
from tests.security.accounts import get_email
from tests.security.assertions import check_error, check_value
from tests.security.fixtures import SECONDS, Fixtures, get_timed
from tests.security.html_checks import HTMLCollector, find_violations
from tests.security.payloads import MARKUP, build_payloads, is_json_string, is_refused, parse_value
from tests.security.project_content import COLLECTIONS, expect_success, read_everything
from tests.security.report import Outcome, Report
from tests.security.request_log import read_requests
from tests.security.service import Target, run_service
from tests.security.writable_fields import FieldPosition, build_body, find_places, is_key

WORKERS = 4
PROJECT = "Grammar"
PAYLOADS_A_PLACE = 11
MARKUP_A_PLACE = 6
REQUESTS_AT_LEAST = 6_000
PAGES_EVERY = 10
SHOWN = ("name", "description", "body", "text", "url", "kind", "event", "query", "template_name", "code_name")
# An accepted write by these actions changes the dashboard, so the next payload gets a new dashboard.
BREAKING = ("move_tile", "copy_tile", "delete_tile", "passwords")
FIGURES = ("requests", "accepted", "values", "reads")
JSON = {"Content-Type": "application/json"}
LOCK = threading.Lock()


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, every=1, at_least=REQUESTS_AT_LEAST)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, seed, every=60, at_least=80)


def _run(engine: str, report: Report, seed: int, *, every: int, at_least: int) -> Outcome:
    found = find_places(yaml.load((ROOT / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader))
    Random(seed).shuffle(found)
    found = found[::every]
    with run_service(engine) as target:
        workers = [_worker(target, number, report, seed) for number in range(WORKERS)]
        with ThreadPoolExecutor(WORKERS) as pool:
            for number, worker in enumerate(workers):
                pool.submit(worker.work, found[number::WORKERS])
        rows = sum(read_everything(target, report, name) for name in target.projects if name.startswith(PROJECT))
        for line in [line for line in read_requests(target.log) if line["status"] >= 500]:
            report.fault("a server error in the log", line=line)
    requests, accepted, values, reads = (sum(each.figures[name] for each in workers) for name in FIGURES)
    if requests < at_least:
        report.fault("too few requests for a verdict", requests=requests, at_least=at_least)
    return report.outcome(
        f"{len(build_payloads(seed))} payloads by {len(found)} places: {requests:,} requests, {accepted:,} accepted, "
        f"{values:,} values compared, {reads:,} reads; {rows:,} rows read again"
    )


def _worker(target: Target, number: int, report: Report, seed: int) -> "Worker":
    name = f"{PROJECT} {number}"
    target.projects[name] = _project(target, name)
    person = ("alice", "bob")[number % 2]  # a user has at most ten keys
    return Worker(target, target.projects[name], person, report, seed)


def _project(target: Target, name: str) -> int:
    command = [sys.executable, "manage.py", "create_project", name, "--organization", "Home", "--json"]
    command += ["--admin", get_email("alice"), "--member", get_email("bob")]
    done = subprocess.run(command, check=True, cwd=ROOT, env=target.environment, stdout=subprocess.PIPE, text=True)
    return int(json.loads(done.stdout.splitlines()[-1])["id"])


class Worker:
    """A client that sends the payloads for its share of the fields."""

    def __init__(self, target: Target, project: int, person: str, report: Report, seed: int) -> None:
        self.client, self.browser, self.nobody = target.client("admin"), target.session(person), target.client(None)
        key = {"label": "plain", "scopes": ["insight:read"]}
        self.own_key = expect_success(self.browser.post("/api/personal_api_keys/", json=key))["id"]
        self.project, self.report, self.seed = project, report, seed
        self.root = f"/api/projects/{project}/"
        self.figures = dict.fromkeys(FIGURES, 0)
        self.now: dict[str, Any] = {}
        with target.client("member") as bob:
            collaborator = bob.get("/api/users/@me/").json()["uuid"]
        self.known = {"collaborator": collaborator, "key": target.key_ids["spare"]}
        other = self.fixtures()
        self.known |= {"other": other.board, "tile of other": other.known["tile"]}
        self.plain_page = HTMLCollector(get_timed(self.nobody, f"/shared/{other.token}")[0].text)
        self.plain_page.kinds.add(("h1", "class"))  # a heading for screen readers
        self.plain_console = HTMLCollector("".join(self.browser.get(path).text for path in other.pages(other.board)))

    def fixtures(self) -> Fixtures:
        return Fixtures(self.client, self.browser, self.root, self.known)

    def fault(self, what: str, **details: Any) -> None:
        with LOCK:
            self.report.fault(what, **self.now, **details)

    def work(self, share: list[FieldPosition]) -> None:
        for place in share:
            self.now = {"place": str(place)}
            try:
                self.attack(place)
            except Exception as error:  # noqa: BLE001  any error is a fault, and the other fields are still tested
                self.fault("the place could not be attacked to its end", error=repr(error)[:2000])

    def attack(self, place: FieldPosition) -> None:
        fixtures = self.fixtures()
        row = self.prepare_row(place, fixtures)
        collection = place.name if place.method == "post" else ""
        before = fixtures.read_state(row, collection)
        for payload in self.choose_payloads(place):
            answer = self.send(place, payload, fixtures, row)
            if answer.is_success:
                self.accepted(place, payload, fixtures, row, answer)
                if place.name in BREAKING:
                    fixtures = self.fixtures()
                    row = self.prepare_row(place, fixtures)
                before = fixtures.read_state(row, collection)
            elif (after := fixtures.read_state(row, collection)) != before:
                self.fault("a refused request changed something", status=answer.status_code)
                before = after
        for path in fixtures.lists(collection if collection in COLLECTIONS else ""):
            self.read(self.client, path)

    def choose_payloads(self, place: FieldPosition) -> list[str]:
        random = Random(f"{self.seed} {place}")
        some = [each for each in build_payloads(self.seed) if is_json_string(each) or not is_key(place)]
        more = random.sample(MARKUP, MARKUP_A_PLACE) if place.pointer[-1] in SHOWN else []
        return list(dict.fromkeys([*map(json.dumps, more), *random.sample(some, PAYLOADS_A_PLACE)]))

    def prepare_row(self, place: FieldPosition, fixtures: Fixtures) -> str:
        """Prepare the dashboard for the field, and return the path of the row that is read after a write."""
        board = f"{self.root}dashboards/{fixtures.board}/"
        if place.name == "passwords":
            expect_success(self.client.patch(f"{board}sharing/", json={"password_required": True}))
        if place.name == "collaborators":
            expect_success(self.client.patch(board, json={"restriction_level": 37}))
        if "/dashboard_templates/{id}/" in place.path:
            return f"{self.root}dashboard_templates/{fixtures.template()}/"
        if "/personal_api_keys/{id}/" in place.path:
            return f"/api/personal_api_keys/{self.own_key}/"
        if "/insights/" in place.path:
            return f"{self.root}insights/{fixtures.insight}/"
        return f"{board}sharing/" if "/sharing/" in place.path else board

    def send(self, place: FieldPosition, payload: str, fixtures: Fixtures, row: str) -> httpx.Response:
        row_id = row.removeprefix(f"{self.root}dashboards/").removesuffix("sharing/").rstrip("/").rpartition("/")[2]
        path = place.path.format(project_id=self.project, dashboard_id=fixtures.board, id=row_id)
        body = build_body(place, payload, self.known_at(place, fixtures))
        if place.path.endswith("/insights/") and "dashboards" not in place.pointer:
            body = f'{{"dashboards": [{fixtures.board}], {body[1:]}'
        self.now = {"place": str(place), "path": path, "body": body[:2000]}
        client = {"personal_api_keys": self.browser, "login": self.nobody}.get(place.path.split("/")[2], self.client)
        started = time.monotonic()
        answer = client.request(place.method.upper(), path, content=body.encode(), headers=JSON)
        seconds = time.monotonic() - started
        self.figures["requests"] += 1
        if seconds > SECONDS:
            self.fault("too slow", took=seconds)
        if answer.is_success and is_refused(payload):
            self.fault("taken, and should not be", answer=answer.text[:500])
        for what in [] if answer.is_success else check_error(place, payload, answer):
            self.fault(what, status=answer.status_code, answer=answer.text[:500])
        return answer

    def known_at(self, place: FieldPosition, fixtures: Fixtures) -> dict[str, Any]:
        known = fixtures.known | {"Attack": f"Attack {self.figures['requests']}"}
        return known | {"tile": fixtures.button} if place.name == "update_tile" else known

    def accepted(
        self, place: FieldPosition, payload: str, fixtures: Fixtures, row: str, answer: httpx.Response
    ) -> None:
        self.figures["accepted"] += 1
        created = answer.json() if answer.content else {}
        board, token = fixtures.board, fixtures.token
        if place.method == "post":
            row = self.get_created_path(place, row, created)
        if place.pointer == ("deleted",) and parse_value(payload):
            self.restore(row)
        if "/dashboards/" in row and row.strip("/").rpartition("/")[2] not in (board, "sharing"):
            board = row.strip("/").rpartition("/")[2]
        if board != fixtures.board or "/sharing/" in place.path:
            token = fixtures.token = fixtures.enable_sharing(board)
        client = self.browser if "personal_api_keys" in row else self.client
        values = check_value(place, payload, answer, self.read(client, row).json())
        self.figures["values"] += values.compared
        for what in values.wrong:
            self.fault(what, answer=answer.text[:1000])
        self.read_pages(payload, fixtures, board, token)
        if place.path == "/api/personal_api_keys/":
            self.browser.delete(row)

    def restore(self, row: str) -> None:
        answer = self.client.patch(row, json={"deleted": False})
        if answer.status_code != 200:
            self.fault("cannot be restored", status=answer.status_code, answer=answer.text[:500])

    def get_created_path(self, place: FieldPosition, row: str, made: Any) -> str:
        """Return the path of the row that a POST created, or `row` for an action on an existing row."""
        name = place.name
        if name in COLLECTIONS:
            return f"{self.root}{name}/{made['id']}/"
        if name in ("create_from_template_json", "create_unlisted_dashboard"):
            return f"{self.root}dashboards/{made['id']}/"
        return f"/api/personal_api_keys/{made['id']}/" if name == "personal_api_keys" else row

    def read_pages(self, payload: str, fixtures: Fixtures, board: str, token: str) -> None:
        more = fixtures.more_reads(board) if self.figures["accepted"] % PAGES_EVERY == 0 else []
        for path in [*fixtures.reads(board, token), *more]:
            answer = self.read(self.nobody if path.startswith("/shared/") else self.client, path)
            if path == f"/shared/{token}":
                self.check_page(path, answer.text, self.plain_page, payload)
        if self.figures["accepted"] % PAGES_EVERY == 0:
            for path in fixtures.pages(board):
                self.check_page(path, self.read(self.browser, path).text, self.plain_console, payload)

    def read(self, client: httpx.Client, path: str) -> httpx.Response:
        answer, seconds = get_timed(client, path)
        self.figures["reads"] += 1
        if answer.status_code != 200 or seconds > SECONDS:
            self.fault("a read is broken", read=path, status=answer.status_code, took=seconds, answer=answer.text[:500])
        return answer

    def check_page(self, path: str, text: str, plain: HTMLCollector, payload: str) -> None:
        for wrong in find_violations(text, plain, parse_value(payload)):
            self.fault("markup", read=path, wrong=wrong)
