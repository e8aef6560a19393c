"""A live service whose clock is set forward or back by a day. No lock may become permanent."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Service, environment
from tests.ops.failures import DASHBOARDS, create, make_client

__all__ = ["environment"]

LIBRARIES = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
DAY = 86400
LIMIT, GUESSES = 40, 30


class Clock:
    """The offset of the service's clock from the real clock."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        self.file.write_text(f"{seconds:+d}")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    assert LIBRARIES, "these tests need libfaketime: install faketime"
    return Clock(tmp_path_factory.mktemp("clock") / "offset")


@pytest.fixture(scope="module")
def service(environment: dict[str, str], clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    faked = {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock.file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "RATE_LIMITS": f"{LIMIT}/hour",
    }
    running = Service({**environment, **faked}, tmp_path_factory.mktemp("log") / "log").wait()
    yield running
    running.stop()


@pytest.fixture(params=[DAY, -DAY], ids=["forward", "back"])
def jump(request: pytest.FixtureRequest, clock: Clock) -> Iterator[int]:
    clock.jump(0)
    yield request.param
    clock.jump(0)


def test_replaced_token_expires_despite_clock_changes(service: Service, clock: Clock) -> None:
    with make_client(service) as client:
        sharing = f"{DASHBOARDS}{create(client).json()['id']}/sharing/"
        old = client.patch(sharing, json={"enabled": True}).json()["access_token"]
        new = client.post(f"{sharing}refresh/").json()["access_token"]
        for jumped, expected in ((0, [200, 200]), (DAY, [404, 200]), (-DAY, [404, 200])):
            clock.jump(jumped)
            assert [client.get(f"/shared/{token}.json").status_code for token in (old, new)] == expected
    clock.jump(0)


def test_exhausted_limit_applies_only_to_its_window(service: Service, clock: Clock, jump: int) -> None:
    with make_client(service) as client:
        answers = [client.get(DASHBOARDS) for _ in range(LIMIT + 1)]
        assert answers[-1].status_code == 429
        clock.jump(jump)
        answer = client.get(DASHBOARDS)
        assert answer.status_code == 200
        assert 0 <= int(answer.headers["RateLimit-Remaining"]) < LIMIT
        assert 0 < int(answer.headers["RateLimit-Reset"]) <= 3600
        clock.jump(0)
        refused = client.get(DASHBOARDS)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 3600


def attempt_sign_in(service: Service, email: str) -> httpx.Response:
    body = {"email": email, "password": "not the password"}
    return httpx.post(f"{service.base}/api/login/", json=body, timeout=30)


def test_account_lock_ends_after_a_clock_change(service: Service, clock: Clock, jump: int) -> None:
    email = f"guessed{jump}@example.com"
    answers = [attempt_sign_in(service, email) for _ in range(GUESSES + 1)]
    assert [answer.json()["code"] for answer in answers[-2:]] == ["invalid_credentials", "too_many_failed_attempts"]
    clock.jump(jump)
    assert attempt_sign_in(service, email).json()["code"] == "invalid_credentials"
    clock.jump(0)
    assert attempt_sign_in(service, email).json()["code"] == "invalid_credentials"
