"""What clients see while something beside the service fails, and that it is over soon afterwards."""

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
# A fault that is over must not be seen for longer than this.
SECONDS_TO_RECOVER = 5


def make_client(service: Service) -> httpx.Client:
    """As the first admin, on one connection, patient enough for any lock."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    return httpx.Client(base_url=service.base, headers=headers, timeout=60)


def create(client: httpx.Client, name: str = "board", **body: Any) -> httpx.Response:
    return client.post(DASHBOARDS, json={"name": name, "tiles": [{"text": {"body": name}}], **body})


def is_unavailable(answer: httpx.Response) -> bool:
    """Whether it says, in the envelope, that the service cannot do it now, and when to come again."""
    return (
        answer.status_code == 503
        and answer.json().keys() == {"type", "code", "detail", "attr"}
        and answer.json()["code"] == "service_unavailable"
        and int(answer.headers["Retry-After"]) >= 1
    )


def list_names(client: httpx.Client) -> list[str]:
    """The names of all dashboards that can be read whole."""
    rows = client.get(DASHBOARDS, params={"limit": 1000}).raise_for_status().json()["results"]
    for row in rows:
        [tile] = client.get(f"{DASHBOARDS}{row['id']}/").raise_for_status().json()["tiles"]
        assert tile["text"]["body"] == row["name"]
    return [row["name"] for row in rows]


def wait_for_write(client: httpx.Client, name: str) -> float:
    """Create a dashboard as soon as that works. The seconds that took; an answer before is a refusal."""
    started = time.monotonic()
    while True:
        answer = create(client, name)
        if answer.status_code == 201:
            return time.monotonic() - started
        assert is_unavailable(answer), answer.text
        assert time.monotonic() - started < SECONDS_TO_RECOVER
        time.sleep(0.05)


def fill_database(client: httpx.Client) -> list[str]:
    """Create dashboards until one is refused; the names of those that were not."""
    made: list[str] = []
    while True:
        name = f"board {len(made):04}"
        answer = create(client, name, filters={"note": secrets.token_urlsafe(40_000)})  # no database makes it smaller
        if answer.status_code != 201:
            assert is_unavailable(answer), answer.text
            return made
        made.append(name)
        assert len(made) < 1000


@contextmanager
def mount_small_disk(folder: Path) -> Iterator[Callable[[], object]]:
    """A disk of 8 MB at an empty folder, where anybody may write. What it gives makes it larger."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0777", "tmpfs", folder]).returncode != 0:
        pytest.skip("only root can mount a small disk, and not everywhere")
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)
