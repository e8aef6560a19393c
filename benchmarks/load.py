"""Load on one server with `wrk`: requests per second, latency, and cost."""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any, NamedTuple

from benchmarks.databases import Database
from benchmarks.processes import measure_cost

WARM_UP_SECONDS = 1
JOBS = ("list", "one", "304")
SECONDS_TO_SETTLE = 0.3
SETTLED_AFTER_AT_MOST = 20
COUNTED_REQUESTS = 20
LATENCY_PERCENTILES = (50, 99)
# `wrk` calls these functions. It measures latencies in microseconds, and does not count status 304 as an error.
# The script also counts started requests, because they cost CPU time even if `wrk` exits before the response.
SCRIPT = """
local paths = {%s}
local threads = {}
started = 0
setup = function(thread) table.insert(threads, thread) end
request = function()
  started = started + 1
  return wrk.format("GET", paths[math.random(#paths)])
end
done = function(summary, latency)
  local e = summary.errors
  local report = '{"started": %%d, "requests": %%d, "microseconds": %%d, "p50": %%f, "p99": %%f, "errors": %%d}'
  io.write('\\n' .. string.format(report, threads[1]:get("started"), summary.requests, summary.duration,
    latency:percentile(%d), latency:percentile(%d),
    e.connect + e.read + e.write + e.timeout + e.status))
end
"""


class Server(NamedTuple):
    """A running server: its URL, its main process, and an API key."""

    name: str
    address: str
    pid: int
    key: str
    project_id: int

    @property
    def dashboards(self) -> str:
        return f"/api/projects/{self.project_id}/dashboards/"

    def get(self, path: str, **headers: str) -> tuple[int, Message, Any]:
        """Return the status, the headers and the JSON of a response."""
        return self.send("GET", path, None, **headers)

    def send(self, method: str, path: str, body: Any, **headers: str) -> tuple[int, Message, Any]:
        """Return the status, the headers and the JSON of the response to a request with a JSON body."""
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, sent, method=method)  # noqa: S310  our own URL
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  our own URL
                return answer.status, answer.headers, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.headers, None


@dataclass(frozen=True)
class Result:
    """The result of one job on one server. Times are in milliseconds, and CPU times are per request."""

    server: str
    job: str
    connections: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    database_cpu: float
    memory_mb: float
    statements: float | None
    errors: int

    @property
    def cost(self) -> float:
        return self.cpu + self.database_cpu


class Job(NamedTuple):
    """The paths of the requests, which are chosen at random, and the request headers."""

    paths: list[str]
    headers: dict[str, str]


def create_job(server: Server, name: str) -> Job | None:
    """Return the requests of a job, or None if the job needs an ETag that the server does not send."""
    path = f"{server.dashboards}?limit=100"
    if name == "list":
        return Job([path], {})
    if name == "one":
        return Job([f"{server.dashboards}{id_}/" for id_ in list_live_ids(server)], {})
    tag = server.get(path)[1].get("ETag")
    if not tag or server.get(path, **{"If-None-Match": tag})[0] != 304:
        return None
    return Job([path], {"If-None-Match": tag})


def list_live_ids(server: Server) -> list[int]:
    """Return at most 1,000 ids of live dashboards, from random pages of the list."""
    count = server.get(f"{server.dashboards}?limit=1")[2]["count"]
    offsets = random.Random(1).sample(range(0, count, 100), min(10, -(-count // 100)))
    pages = (server.get(f"{server.dashboards}?limit=100&offset={offset}")[2] for offset in offsets)
    return [row["id"] for page in pages for row in page["results"]]


def measure(server: Server, name: str, job: Job, *, database: Database, connections: int, seconds: int) -> Result:
    """Measure a server under load, after a warm-up."""
    run_wrk(server, job, connections=connections, seconds=WARM_UP_SECONDS)
    statements = count_statements(server, job, database)
    before, database_before = measure_cost(server.pid), database.cpu_seconds()
    run = run_wrk(server, job, connections=connections, seconds=seconds)
    after, database_after = measure_cost(server.pid), database.cpu_seconds()
    return Result(
        server=server.name,
        job=name,
        connections=connections,
        per_second=run["requests"] / run["microseconds"] * 1e6,
        p50=run["p50"] / 1000,
        p99=run["p99"] / 1000,
        cpu=(after.cpu_seconds - before.cpu_seconds) / run["started"] * 1000,
        database_cpu=(database_after - database_before) / run["started"] * 1000,
        memory_mb=after.memory_mb,
        statements=statements,
        errors=run["errors"],
    )


def count_statements(server: Server, job: Job, database: Database) -> float | None:
    """Return the number of statements per request, if the database counts them."""
    before = database.statements()
    for number in range(COUNTED_REQUESTS):
        server.get(job.paths[number % len(job.paths)], **job.headers)
    after = database.statements()
    return None if before is None or after is None else (after - before) / COUNTED_REQUESTS


def run_wrk(server: Server, job: Job, *, connections: int, seconds: int) -> dict[str, Any]:
    wrk = shutil.which("wrk") or sys.exit("The program `wrk` is missing: install it (Debian: `apt install wrk`).")
    headers = {"Authorization": f"Bearer {server.key}", **job.headers}
    options = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (",".join(map(json.dumps, job.paths)), *LATENCY_PERCENTILES))
        script.flush()
        size = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
        command = [wrk, *size, "-s", script.name, *options, server.address]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    _settle(server)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _settle(server: Server) -> None:
    """Wait until the server is idle, because `wrk` does not wait for the last responses."""
    last = 0.0
    for _ in range(SETTLED_AFTER_AT_MOST):
        now = measure_cost(server.pid).cpu_seconds
        if now - last < SECONDS_TO_SETTLE / 10:
            return
        last = now
        time.sleep(SECONDS_TO_SETTLE)
