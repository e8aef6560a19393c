"""Creates that are sent at once, and again, with keys: over the workers of a service that runs."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.live.conftest import Service

THREADS = 16


def create(service: Service, name: str, key: str) -> httpx.Response:
    """On a connection of its own, so that any worker may answer; again while the first one runs."""
    address = f"{service.base}/api/projects/1/dashboards/"
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}", "Idempotency-Key": key}
    while True:
        answer = httpx.post(address, json={"name": name}, headers=headers, timeout=30)
        if answer.status_code != 409:
            return answer
        assert answer.json()["code"] == "idempotency_key_in_use"
        assert answer.headers["Retry-After"] == "1"
        time.sleep(0.05)


def test_fifty_creates_at_once_some_of_them_repeated_make_fifty_dashboards(service: Service) -> None:
    names = [f"once {number}" for number in range(50)]
    sent = names + names[::2] + names[::5]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda name: create(service, name, f"key of {name}".replace(" ", "-")), sent))
    assert [answer.status_code for answer in answers] == [201] * len(sent)
    assert len({answer.json()["id"] for answer in answers}) == 50
    assert len({answer.text for answer in answers}) == 50
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == len(sent) - 50
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    listed = httpx.get(f"{service.base}/api/projects/1/dashboards/?search=once&limit=1000", headers=headers).json()
    assert sorted(row["name"] for row in listed["results"]) == sorted(names)
