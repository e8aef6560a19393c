"""Queries on a live service. The edge waits for the query worker. Each request has one response and one log line."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.conftest import Service, run_manage

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgresql"), reason="the engine does not depend on the database"
)
SLOW = (
    "select count() from (select arrayJoin(range(1000000)) as a) x cross join (select arrayJoin(range(1000000)) as b) y"
)


@pytest.fixture(scope="module")
def client(
    service: Service, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Yield a client of a service that has an event and a running query worker."""
    events = tmp_path_factory.mktemp("events") / "events.jsonl"
    event = {"event": "seen", "distinct_id": "ann", "timestamp": "2026-10-30T09:00:00Z"}
    events.write_text(json.dumps(event) + "\n")
    imported = run_manage(environment, "import_events", events, "--project", 1)
    assert imported.returncode == 0, imported.stderr
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/1/", headers=headers, timeout=30) as connected:
        deadline = time.monotonic() + 60
        while run(connected, "select 0").status_code != 200:
            assert time.monotonic() < deadline, service.log.read_text()
        yield connected


def run(client: httpx.Client, text: str, **body: Any) -> httpx.Response:
    return client.post("query/", json={"query": {"kind": "HogQLQuery", "query": text}, **body})


def read_log(log: Path, path: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if path in line]
    return [line for line in lines if line.get("event") == "request"]


def test_blocking_query_is_answered_once_and_logged_once(service: Service, client: httpx.Client) -> None:
    before = len(read_log(service.log, "/query/"))
    answer = run(client, "select count() as n, event from events group by event", refresh="force_blocking")
    assert (answer.status_code, answer.json()["results"], answer.json()["is_cached"]) == (200, [[1, "seen"]], False)
    [line] = read_log(service.log, "/query/")[before:]
    assert (line["status"], line["request_id"]) == (200, answer.headers["X-Request-ID"])


def test_waiting_requests_keep_no_thread_from_others(service: Service, client: httpx.Client) -> None:
    """Send another request while six queries of the same caller wait.

    A caller may occupy only one of the four threads.
    """
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(run, client, f"{SLOW} where a + b >= {number}") for number in range(6)]
        time.sleep(0.5)
        started = time.monotonic()
        assert client.get("dashboards/").status_code == 200
        assert time.monotonic() - started < 3
        answers = [each.result() for each in waiting]
    found = {(answer.status_code, answer.json().get("code")) for answer in answers}
    assert found <= {(400, "query_timeout"), (202, None)}
    assert (400, "query_timeout") in found
    for answer in answers:
        if answer.status_code == 202:
            client.delete(f"query/{answer.json()['query_status']['id']}/")


def test_tool_answers_rows_or_the_error_of_the_query(client: httpx.Client) -> None:
    answer = client.post("mcp_tools/execute_sql/", json={"args": {"query": "select 41 + 1 as answer"}})
    assert (answer.status_code, answer.json()["content"]) == (200, "answer\n42")
    refused = client.post("mcp_tools/execute_sql/", json={"args": {"query": "selec nonsense"}})
    assert (refused.status_code, refused.json()["code"], refused.json()["attr"]) == (400, "invalid_syntax", "query")
    names = client.post("mcp_tools/read_taxonomy/", json={"args": {"query": {"kind": "events"}}})
    assert names.json()["content"] == "Events of the project:\nseen"
