"""The harness of a race: concurrent clients, a client for preparation and verification, and the faults."""

from collections import Counter
from typing import Any

from tests.security.concurrent_clients import ClientRequest, ClientResponse, ConcurrentClients
from tests.security.project_content import expect_success
from tests.security.report import Report
from tests.security.service import Target

LOST = "lost update"
TWICE = "duplicate"
WRONG = "wrong answer"


class RaceHarness:
    """Concurrent and single clients of one project. Paths with a leading slash are absolute."""

    def __init__(self, target: Target, report: Report, caller: str = "admin") -> None:
        self.target, self.report = target, report
        self.clients = ConcurrentClients(target)
        self.key = {"Authorization": f"Bearer {target.keys[caller]}"}
        self.client = target.client(caller)
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0

    def close(self) -> None:
        self.client.close()
        self.clients.close()

    def path(self, rest: str) -> str:
        return rest if rest.startswith("/") else self.target.home(rest)

    def send_one(self, method: str, rest: str, body: Any = None) -> Any:
        """Send one request, and return the JSON of its response. Raises RuntimeError unless it succeeds."""
        return expect_success(self.client.request(method, self.path(rest), json=body))

    def create_dashboard(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a dashboard, and return the response."""
        created: dict[str, Any] = self.send_one("POST", "dashboards/", {"name": name, **fields})
        return created

    def read(self, board_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.send_one("GET", f"dashboards/{board_id}/")
        return found

    def send_together(
        self, requests: list[ClientRequest], allowed: set[int], headers: dict[str, str] | None = None
    ) -> list[ClientResponse]:
        """Send concurrent requests, with the harness's key or `headers`. Statuses other than `allowed` are faults."""
        by = self.key if headers is None else headers
        ready = [each._replace(path=self.path(each.path), headers={**by, **(each.headers or {})}) for each in requests]
        answers = self.clients.send_together(ready)
        for answer in answers:
            self.check(WRONG, answer.status in allowed, "an answer", **describe_exchange(answer))
            self.slowest = max(self.slowest, answer.seconds)
        return answers

    def check(self, kind: str, holds: bool, what: str, **details: Any) -> None:
        """Report a fault of the given kind unless the condition holds."""
        if not holds:
            self.counts[kind] += 1
            self.report.fault(f"{kind}: {what}", **details)


def describe_exchange(answer: ClientResponse) -> dict[str, Any]:
    """Return the details that are needed to repeat a request, without the API key."""
    request = answer.request
    request_headers = {
        name: value for name, value in (request.headers or {}).items() if name in ("If-Match", "Idempotency-Key")
    }
    return {
        "method": request.method,
        "path": request.path,
        "sent": request.body,
        "headers": request_headers,
        "status": answer.status,
        "body": str(answer.body)[:500],
        "milliseconds": round(answer.seconds * 1000),
    }


def filter_by_status(answers: list[ClientResponse], status: int) -> list[ClientResponse]:
    return [answer for answer in answers if answer.status == status]
