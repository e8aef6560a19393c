"""Starvation: the response times of an ordinary reader and of `/healthz` during attacks by one client.

Each attack runs for some seconds next to a reader with another key and a probe of `/healthz`. A 99th percentile or a
health check above a second is a fault. An earlier release became unavailable during these attacks.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from tests.security.accounts import PASSWORD, get_email
from tests.security.crash import compute_percentile
from tests.security.report import Outcome, Report
from tests.security.service import Target, run_service

SECONDS = 10.0
MAX_SECONDS = 1.0
PAUSE = 0.03  # seconds between two requests of the reader
TILES, DASHBOARDS, UNDOABLE = 1000, 1000, 190
JSON = {"Content-Type": "application/json"}
LOGIN = "/api/login/"
HALF_BODY = (
    b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    + b" " * 59_000
)


class Attack(NamedTuple):
    """An attack: `at_once` threads call `act` repeatedly, with pauses of `every` seconds."""

    name: str
    act: Callable[[httpx.Client], Any]
    every: float = 0.0
    at_once: int = 1


def run(engine: str, report: Report, seed: int) -> Outcome:
    """Run every attack."""
    with run_service(engine) as target:
        stage = Starvation(target, report)
        rows = [stage.measure(attack.name, stage.repeating(attack)) for attack in stage.attacks()]
        rows += [stage.measure(name, opened) for name, opened in stage.connections()]
    print("\n".join(["", "   | attack | reader p50 ms | p99 ms | worst ms | healthz worst ms |", *rows, ""]))
    return report.outcome(f"{len(rows)} attacks")


class Starvation:
    def __init__(self, target: Target, report: Report) -> None:
        self.target, self.report = target, report
        self.key = target.client("admin").headers["Authorization"]
        with target.client("admin") as owner:
            created = owner.post(target.home("dashboards/"), json={"tiles": [{"text": {"body": "x"}}] * TILES}).json()
            self.shared = self.share(owner, created["id"], {"enabled": True})
            locked = owner.post(target.home("dashboards/"), json={"name": "locked"}).json()["id"]
            self.locked = self.share(owner, locked, {"enabled": True, "password_required": True})
            for _ in range(3):
                owner.post(target.home(f"dashboards/{locked}/sharing/passwords/"), json={})
            self.ids = [self.create(owner, number) for number in range(DASHBOARDS - UNDOABLE)]
            self.undo = {"preview": True, "key_id": target.key_ids["admin"], "since": datetime.now(UTC).isoformat()}
            self.ids += [self.create(owner, number) for number in range(UNDOABLE)]

    def share(self, owner: httpx.Client, dashboard: int, settings: dict[str, bool]) -> str:
        answer = owner.patch(self.target.home(f"dashboards/{dashboard}/sharing/"), json=settings)
        return str(answer.json()["access_token"])

    def create(self, owner: httpx.Client, number: int) -> int:
        body = {"name": f"b{number}", "tags": [f"t{each}" for each in range(20)]}
        return int(owner.post(self.target.home("dashboards/"), json=body).json()["id"])

    def attacks(self) -> Iterator[Attack]:
        home, key = self.target.home, {"Authorization": self.key}
        listed = ",".join(map(str, range(1, 501)))
        tags = {"ids": self.ids[:100], "action": "set", "tags": [f"t{each}" for each in range(100)]}
        brackets = b"[" + b"[]," * 6_900_000 + b"[]]"
        sign_in = {"email": get_email("alice"), "password": PASSWORD}
        yield Attack("nothing", lambda client: None, every=1)
        yield Attack("shared page of 1,000 tiles", lambda client: client.get(f"/shared/{self.shared}"), every=1)
        yield Attack("8 shared pages, hung up at once", self.hang_up, every=1, at_once=8)
        yield Attack(
            "20 MB of brackets, anonymous",
            lambda client: client.post(LOGIN, content=brackets, headers=JSON),
            every=1,
            at_once=2,
        )
        yield Attack(
            "1 MB of brackets, anonymous",
            lambda client: client.post(LOGIN, content=brackets[:1_000_000], headers=JSON),
            every=0.5,
        )
        yield Attack(
            "wrong unlocks, nine at once",
            lambda client: client.post(f"/shared/{self.locked}", json={"password": "wrong"}),
            every=1,
            at_once=9,
        )
        yield Attack("right sign-ins, four at once", lambda client: client.post(LOGIN, json=sign_in), at_once=4)
        yield Attack(
            "insights on 500 dashboards",
            lambda client: client.get(home(f"insights/?dashboards=[{listed}]"), headers=key),
            every=1,
        )
        yield Attack(
            "bulk tags, 100 x 100",
            lambda client: client.post(home("dashboards/bulk_update_tags/"), json=tags, headers=key),
            every=0.5,
        )
        yield Attack(
            "undo preview",
            lambda client: client.post(home("activity_log/undo/"), json=self.undo, headers=key),
            every=1,
        )
        yield Attack(
            "lists of 1,000 rows, 10 a second",
            lambda client: client.get(home("dashboards/?limit=1000"), headers=key),
            every=0.1,
        )

    def hang_up(self, client: httpx.Client) -> None:
        with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
            connection.sendall(f"GET /shared/{self.shared} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def connections(self) -> Iterator[tuple[str, Any]]:
        yield "400 half bodies", self.holding(400, HALF_BODY)
        yield "1,100 silent sockets", self.holding(1100, b"")

    @contextlib.contextmanager
    def holding(self, number: int, sent: bytes) -> Iterator[None]:
        address = httpx.URL(self.target.base)
        with contextlib.ExitStack() as opened:
            for _ in range(number):
                connection = opened.enter_context(socket.create_connection((address.host, address.port or 80)))
                connection.sendall(sent)
            yield

    @contextlib.contextmanager
    def repeating(self, attack: Attack) -> Iterator[None]:
        """Run the threads of an attack during the block."""
        over = threading.Event()

        def work() -> None:
            with self.target.client(None) as client:
                while not over.is_set():
                    with contextlib.suppress(httpx.HTTPError, OSError):
                        attack.act(client)
                    over.wait(attack.every)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(attack.at_once)]
        for thread in threads:
            thread.start()
        yield
        over.set()
        for thread in threads:
            thread.join(60)

    def measure(self, name: str, attack: Any) -> str:
        """Measure the response times during an attack, and return a row of the table. Slow responses are faults."""
        with attack:
            time.sleep(1)
            lists: list[float] = []
            health: list[float] = []
            probes = [
                threading.Thread(target=self.probe, args=("member", self.target.home("dashboards/?limit=5"), lists)),
                threading.Thread(target=self.probe, args=(None, "/healthz", health)),
            ]
            for probe in probes:
                probe.start()
            for probe in probes:
                probe.join()
        p50, p99, worst, healthy = compute_percentile(lists, 50), compute_percentile(lists, 99), max(lists), max(health)
        if p99 > MAX_SECONDS or healthy > MAX_SECONDS:
            self.report.fault("others waited", attack=name, p99=p99, worst=worst, health=healthy)
        return "   | " + " | ".join([name, *(f"{value * 1000:.0f}" for value in (p50, p99, worst, healthy))]) + " |"

    def probe(self, caller: str | None, path: str, into: list[float]) -> None:
        until = time.monotonic() + SECONDS
        with self.target.client(caller) as client:
            while time.monotonic() < until:
                started = time.monotonic()
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(path).status_code != 200:
                        self.report.fault("the reader was refused", path=path)
                into.append(time.monotonic() - started)
                time.sleep(PAUSE)
