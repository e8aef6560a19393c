"""Cost: the CPU time of the most expensive request of each operation.

Requests are sent one at a time. Bodies are as long, full and nested as the OpenAPI document allows, and rows have the
maximum size. More than a second of CPU time is a fault. For most requests without a key, the limit is 100 ms.
"""

import time
from typing import Any, NamedTuple

import httpx
import yaml

from benchmarks.processes import get_cpu_seconds
from tests.live.conftest import ROOT
from tests.security.cost_custom_requests import ExpensiveRequest
from tests.security.cost_fixtures import CostFixtures, Scale
from tests.security.cost_requests import iter_anonymous_requests, iter_expensive_requests
from tests.security.report import Outcome, Report
from tests.security.service import run_service

MAX_SECONDS, MAX_STRANGERS_SECONDS = 1.0, 0.1
FULL = Scale(tiles=1_000, copies=8, boards=500, undoable=50)
SMALL = Scale(tiles=100, copies=2, boards=20, undoable=12)
# Work that follows the response is part of the cost.
SECONDS_TO_SETTLE = 0.03
# On a busy machine, requests take more CPU time, so requests that are too expensive are repeated.
ATTEMPTS = 3
ALIAS = "/api/environments/"
METHODS = ("get", "post", "put", "patch", "delete")


class Measured(NamedTuple):
    """A request with its CPU time."""

    request: ExpensiveRequest
    status: int
    sent: int
    received: int
    seconds: float

    def row(self) -> str:
        return (
            f"| {self.request.operation} | {self.request.what} | {self.status} | {self.sent / 1000:,.0f} "
            f"| {self.received / 1000:,.0f} | {self.seconds:.2f} |"
        )


def run(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, FULL)


def run_sample(engine: str, report: Report, seed: int) -> Outcome:
    return _run(engine, report, SMALL)


def _run(engine: str, report: Report, scale: Scale) -> Outcome:
    document = yaml.load((ROOT / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    with run_service(engine) as target, CostFixtures(target, scale) as fixtures:
        stage = Cost(target.pid, report)
        of_members = [stage.measure(each, MAX_SECONDS) for each in iter_expensive_requests(fixtures, document)]
        of_strangers = [
            stage.measure(each, each.seconds_max or MAX_STRANGERS_SECONDS) for each in iter_anonymous_requests(fixtures)
        ]
    measured = [*of_members, *of_strangers]
    for operation in list_operations(document) - {each.request.operation for each in measured}:
        report.fault("an operation without a request", operation=operation)
    print(format_table(measured), flush=True)
    dearest = max(of_members, key=lambda each: each.seconds)
    number = len({each.request.operation for each in measured})
    return report.outcome(
        f"{len(measured)} requests of {number} operations; the most expensive is {dearest.request.operation} "
        f"({dearest.request.what}) with {dearest.seconds:.2f} s"
    )


def list_operations(document: dict[str, Any]) -> set[str]:
    """Return the operations of the OpenAPI document, without the aliases below /api/environments/."""
    return {
        f"{method.upper()} {path.removeprefix('/api/')}"
        for path, methods in document["paths"].items()
        for method in methods
        if method in METHODS and not path.startswith(ALIAS)
    }


def format_table(measured: list[Measured]) -> str:
    ordered = sorted(measured, key=lambda each: -each.seconds)
    head = [
        "| operation | request | status | sent, kB | received, kB | CPU, s |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join(["", *head, *(each.row() for each in ordered), ""])


class Cost:
    def __init__(self, pid: int, report: Report) -> None:
        self.pid, self.report = pid, report

    def measure(self, request: ExpensiveRequest, seconds_max: float) -> Measured:
        """Measure a request. A request that is too slow is repeated, and is a fault if it is too slow each time."""
        measured = self._send(request)
        for _ in range(ATTEMPTS - 1):
            if measured.seconds <= seconds_max:
                break
            measured = min(measured, self._send(request), key=lambda each: each.seconds)
        if measured.seconds > seconds_max:
            self.report.fault("too expensive", row=measured.row(), seconds_max=seconds_max)
        if measured.status >= 500:
            self.report.fault("a server error", row=measured.row())
        if request.is_taken and measured.status >= 400:
            self.report.fault("a request that should be taken was refused", row=measured.row())
        return measured

    def _send(self, request: ExpensiveRequest) -> Measured:
        """Send a request `times` times and average the cost, since a short request takes less than a clock tick."""
        body = request.body() if callable(request.body) else request.body
        before = self._cpu()
        for _ in range(request.times):
            answer = self._answer(request, body)
        seconds = (self._cpu() - before) / request.times
        status, received = (answer.status_code, len(answer.content)) if answer else (0, 0)
        return Measured(request, status, len(body), received, seconds)

    def _answer(self, request: ExpensiveRequest, body: bytes) -> httpx.Response | None:
        headers = {"Content-Type": "application/json"} if body else {}
        method, _, _ = request.operation.partition(" ")
        return request.client.request(method, request.path, content=body or None, headers=headers)

    def _cpu(self) -> float:
        time.sleep(SECONDS_TO_SETTLE)
        return get_cpu_seconds(self.pid)
