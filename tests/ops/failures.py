"""Helpers for tests of failing dependencies: the responses during a failure, and the recovery afterwards."""

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.conftest import Service

DASHBOARDS = "/api/projects/1/dashboards/"
# The maximum time until requests succeed after a failure has ended.
SECONDS_TO_RECOVER = 5


def make_client(service: Service) -> httpx.Client:
    """Return a client for the first admin, on one connection, with a timeout longer than any lock."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    return httpx.Client(base_url=service.base, headers=headers, timeout=60)


def create(client: httpx.Client, name: str = "board", **body: Any) -> httpx.Response:
    return client.post(DASHBOARDS, json={"name": name, "tiles": [{"text": {"body": name}}], **body})


def is_unavailable(answer: httpx.Response) -> bool:
    """Return whether a response has the status 503, the error envelope and `Retry-After`."""
    return (
        answer.status_code == 503
        and answer.json().keys() == {"type", "code", "detail", "attr"}
        and answer.json()["code"] == "service_unavailable"
        and int(answer.headers["Retry-After"]) >= 1
    )


def list_names(client: httpx.Client) -> list[str]:
    """Return the names of all dashboards, after checking that each can be retrieved."""
    rows: list[dict[str, Any]] = []
    following = f"{DASHBOARDS}?limit=1000"
    while following:  # a fast machine creates more dashboards than fit on a page
        page = client.get(following).raise_for_status().json()
        rows += page["results"]
        following = page["next"]
    for row in rows:
        [tile] = client.get(f"{DASHBOARDS}{row['id']}/").raise_for_status().json()["tiles"]
        assert tile["text"]["body"] == row["name"]
    return [row["name"] for row in rows]


def wait_for_write(client: httpx.Client, name: str) -> float:
    """Retry creating a dashboard until it succeeds, and return the elapsed seconds. Earlier responses must be 503."""
    started = time.monotonic()
    while True:
        answer = create(client, name)
        if answer.status_code == 201:
            return time.monotonic() - started
        assert is_unavailable(answer), answer.text
        assert time.monotonic() - started < SECONDS_TO_RECOVER
        time.sleep(0.05)


def fill_database(client: httpx.Client) -> list[str]:
    """Create dashboards until the creation of one is refused, and return the names of the created dashboards."""
    created: list[str] = []
    while True:
        name = f"board {len(created):04}"
        answer = create(client, name, filters={"note": secrets.token_urlsafe(40_000)})  # random, hence incompressible
        if answer.status_code != 201:
            assert is_unavailable(answer), answer.text
            return created
        created.append(name)
        assert len(created) < 1000


@contextmanager
def mount_small_disk(folder: Path) -> Iterator[Callable[[], object]]:
    """Mount an 8 MB disk, writable for everyone, on an empty folder, and yield a function that enlarges the disk."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0777", "tmpfs", folder]).returncode != 0:
        pytest.skip("only root can mount a small disk, and not everywhere")
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)
