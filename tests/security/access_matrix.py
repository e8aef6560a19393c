"""Access matrix: every route and method for every caller, checked against expected_access.toml.

Requests that must be refused or that only read are sent first, and must not change any row. Requests that may write
are sent afterwards. Responses for rows of another project must equal those for missing rows. No response may contain
content of the project Vault.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.security.access_rules import (
    RULES,
    Cell,
    build_body,
    find_expected_status,
    generate_cells,
    is_body_optional,
    matches_operation,
)
from tests.security.database_snapshot import diff_snapshots, take_snapshot
from tests.security.error_envelope import is_envelope
from tests.security.path_ids import PathIds, create_path_ids, create_restricted_content
from tests.security.report import Outcome, Report
from tests.security.service import Target, run_service

# Names, users and rows of the project Vault, which no caller may access.
VAULT_NAMES = ("Vault", "dave@", "Secretname-dave")
QUICK_CELLS = 1_500
SHOWN = 1_000


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, list(generate_cells()), proves=True)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    """Check a sample of the cells, in order, without checking that their bodies are valid."""
    every = list(generate_cells())
    chosen = sorted(random.Random(seed).sample(range(len(every)), QUICK_CELLS))
    return _run(engine, report, [every[index] for index in chosen], proves=False)


def _run(engine: str, report: Report, chosen: list[Cell], *, proves: bool) -> Outcome:
    with run_service(engine) as target:
        matrix = Matrix(target, report, create_path_ids(target))
        ruled = matrix.select_ruled(chosen)
        silent = [cell for cell in ruled if not is_write(cell)]
        before = take_snapshot(target)
        matrix.ask_at_once(silent)
        for table, (gone, new) in diff_snapshots(before, take_snapshot(target)).items():
            report.fault("a refusal or a read changed a table", table=table, gone=gone[:5], new=new[:5])
        matrix.ask(cell for cell in ruled if is_write(cell))
        matrix.compare()
        proven = matrix.prove_bodies() if proves else 0
    report.note("statuses", **{str(status): times for status, times in sorted(matrix.statuses.items())})
    routes = len({cell.route for cell in chosen})
    return report.outcome(
        f"{len(chosen):,} cells of {routes} routes, {matrix.deviations} deviations; "
        f"{len(silent):,} of them changed no row, {proven} bodies proven"
    )


class Matrix:
    """The callers, and the responses that they received."""

    def __init__(self, target: Target, report: Report, path_ids: PathIds) -> None:
        self.target = target
        self.report = report
        self.path_ids = path_ids
        self.callers = {caller: self._client(caller) for caller in RULES["columns"]}
        self.answers: dict[Cell, tuple[int, str]] = {}
        self.statuses: Counter[int] = Counter()
        self.deviations = 0

    def _client(self, caller: str) -> httpx.Client:
        if caller.startswith("session"):
            browser = self.target.session("bob")
            if caller == "session without token":
                del browser.headers["X-CSRFToken"]
            return browser
        client = self.target.client(caller if caller in self.target.keys else None)
        if caller == "malformed":
            client.headers["Authorization"] = "Bearer phx_'; --"
        return client

    def select_ruled(self, chosen: list[Cell]) -> list[Cell]:
        """Return the cells with a rule, and report all other cells as deviations."""
        for cell in chosen:
            if find_expected_status(cell) is None:
                self._deviates("no rule is about this", cell)
        return [cell for cell in chosen if find_expected_status(cell) is not None]

    def ask(self, chosen: Iterable[Cell]) -> None:
        """Send the requests of cells one after the other."""
        for cell in chosen:
            self.record_response(cell, self._send(cell))

    def ask_at_once(self, chosen: list[Cell], threads: int = 2) -> None:
        """Send the requests of cells that change nothing, with as many threads as the service has workers."""
        with ThreadPoolExecutor(threads) as pool:
            for cell, answer in zip(chosen, pool.map(self._send, chosen), strict=True):
                self.record_response(cell, answer)

    def _send(self, cell: Cell) -> httpx.Response:
        status = _required_status(cell)
        body = build_body(cell, status, self.path_ids.own)
        answer = self.callers[cell.caller].request(cell.method, self.path_ids.path(cell), json=body)
        if cell.route == "api/logout/" and answer.status_code == 204:
            self.callers[cell.caller] = self._client(cell.caller)
        return answer

    def record_response(self, cell: Cell, answer: httpx.Response) -> None:
        status = _required_status(cell)
        self.statuses[answer.status_code] += 1
        if cell.ids != "own":
            self.answers[cell] = (answer.status_code, self.path_ids.replace_ids(cell, answer.text))
        if answer.status_code != status:
            self._deviates("a status other than expected", cell, expected=status, answer=answer)
        if any(secret in answer.text for secret in VAULT_NAMES):
            self._deviates("something of Vault is in an answer", cell, answer=answer)
        if cell.route.startswith("api/") and status >= 400 and not _is_envelope(cell, answer):
            self._deviates("an error that is no envelope", cell, answer=answer)

    def compare(self) -> None:
        """Check that the response for a foreign row equals the response for a missing row, except for projects."""
        for cell, foreign in self.answers.items():
            whose, _, part = cell.ids.partition(" ")
            twin = cell._replace(ids=f"missing {part}")
            distinguishable = part == "project" and find_expected_status(cell) != find_expected_status(twin)
            if whose == "foreign" and not distinguishable and self.answers.get(twin, foreign) != foreign:
                self._deviates("foreign and missing rows differ", cell, foreign=foreign, missing=self.answers[twin])

    def prove_bodies(self) -> int:
        """Send each refused body again as an allowed caller, since the refusal of an invalid body proves nothing."""
        every = [cell for cell in generate_cells() if cell.ids == "own"]
        path_ids = create_restricted_content(self.target)
        for name in RULES["bodies"]:
            caller = "session" if "personal_api_keys" in name else "admin"
            cell = next(cell for cell in every if cell.caller == caller and matches_operation(name, cell))
            answer = self._prove(cell, path_ids)
            if name in RULES["need_events"] and answer.status_code == 400 and answer.json()["code"] == "no_data":
                continue
            if not answer.is_success:  # an earlier request may have removed the row
                path_ids = create_restricted_content(self.target)
                answer = self._prove(cell, path_ids)
            if not answer.is_success:
                self._deviates("a body that does nothing", cell, answer=answer)
        return len(RULES["bodies"])

    def _prove(self, cell: Cell, path_ids: PathIds) -> httpx.Response:
        body = build_body(cell, 403, path_ids.own)
        return self.callers[cell.caller].request(cell.method, path_ids.path(cell), json=body)

    def _deviates(self, what: str, cell: Cell, answer: httpx.Response | None = None, **details: Any) -> None:
        self.deviations += 1
        if answer is not None:
            details |= {"status": answer.status_code, "body": answer.text[:SHOWN]}
            details["sent"] = answer.request.content.decode()
        self.report.fault(what, **cell._asdict(), path=self.path_ids.path(cell), **details)


def _required_status(cell: Cell) -> int:
    """Return the expected status of a cell that has a rule."""
    status = find_expected_status(cell)
    if status is None:
        raise KeyError(cell)
    return status


def is_write(cell: Cell) -> bool:
    return cell.method != "GET" and _required_status(cell) < 300


def _is_envelope(cell: Cell, answer: httpx.Response) -> bool:
    if not answer.content:
        return is_body_optional(cell, answer.status_code)
    try:
        return is_envelope(answer.json())
    except json.JSONDecodeError:
        return False
