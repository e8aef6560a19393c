"""A client that writes in a background thread."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.live.conftest import Service


class Writer(threading.Thread):
    """A thread that creates dashboards with a tile until it is stopped."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.address = f"{service.base}/api/projects/1/dashboards/"
        self.headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
        self.made: list[int] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        with httpx.Client(headers=self.headers, timeout=20) as client:
            while not self.is_over.is_set():
                body = {"name": f"Board é {len(self.made)}", "tags": ["a"], "filters": {"b": [1.0, None]}}
                created = client.post(self.address, json=body)
                assert created.status_code == 201
                tiles = [{"text": {"body": "# Text\n'quoted'\t\\N"}}]
                changed = client.patch(f"{self.address}{created.json()['id']}/", json={"tiles": tiles})
                assert changed.status_code == 200
                self.made.append(created.json()["id"])

    def stop(self) -> None:
        self.is_over.set()
        self.join()


@pytest.fixture(scope="module")
def busy_writer(service: Service) -> Iterator[Writer]:
    writer = Writer(service)
    writer.start()
    yield writer
    writer.stop()
