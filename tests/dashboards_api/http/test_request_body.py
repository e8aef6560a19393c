"""Limits on request bodies by route and for all clients together, and the refusal of larger bodies."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from dashboards_api.http import request_body
from dashboards_api.http.request_body import (
    LARGE_BODY_BYTES,
    MIB,
    SMALL_BODY_BYTES,
    SharedLimit,
    TooManyBodies,
    get_body_limit,
)
from tests.dashboards_api.http.test_edge import DASHBOARDS, Protocol, build_request, content_length, run_exchanges


class SlowSender(Protocol):
    """A client that sends one byte at a time and never completes the body."""

    async def each(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.05)
            yield b"x"


def test_too_large_body_is_drained_within_limits_unless_100_continue_is_expected() -> None:
    for extra, drained in [((), range(100 * MIB, 102 * MIB)), ((("expect", "100-continue"),), range(1))]:
        protocol = Protocol(*[b"x" * MIB] * 200)
        [(status, _, body)] = run_exchanges((build_request(content_length(200 * MIB), *extra), protocol))
        assert (status, body) == (400, b"BodyTooLarge")
        assert protocol.taken in drained


@pytest.mark.parametrize("blocks", [(), (b"x" * MIB,)])
def test_announced_too_large_body_that_is_not_sent_is_refused_soon(
    monkeypatch: pytest.MonkeyPatch, blocks: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(request_body, "DRAIN_SECONDS", 0.2)
    started = time.monotonic()
    silent = Protocol(*blocks, is_silent=True)
    [(_, _, body)] = run_exchanges((build_request(content_length(LARGE_BODY_BYTES + 1)), silent), seconds=20)
    assert body == b"BodyTooLarge"
    assert 0.2 <= time.monotonic() - started < 10


def test_client_that_continues_to_send_too_much_is_refused() -> None:
    started = time.monotonic()
    [(_, _, body)] = run_exchanges((build_request(content_length(LARGE_BODY_BYTES + 1)), SlowSender()), seconds=0.5)
    assert body == b"BodyTooLarge"
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        (DASHBOARDS, LARGE_BODY_BYTES),
        ("/api/environments/1/dashboards/7", LARGE_BODY_BYTES),
        ("/api/projects/1/dashboards/create_from_template_json/", LARGE_BODY_BYTES),
        ("/api/projects/@current/dashboards/7/tiles/", LARGE_BODY_BYTES),
        ("/api/projects/1/dashboards/7/create_text_tile/", LARGE_BODY_BYTES),
        ("/api/projects/1/insights/abc/", LARGE_BODY_BYTES),
        ("/api/projects/1/dashboard_templates", LARGE_BODY_BYTES),
        ("/api/projects/1/dashboards/7/sharing/", SMALL_BODY_BYTES),
        ("/api/projects/1/dashboards/7/move_tile/", SMALL_BODY_BYTES),
        ("/api/projects/1/dashboards/7/collaborators/", SMALL_BODY_BYTES),
        ("/api/personal_api_keys/", SMALL_BODY_BYTES),
        ("/api/login/", SMALL_BODY_BYTES),
        ("/shared/abcdefghijklmnopqrst", SMALL_BODY_BYTES),
        ("/projects/1/dashboards/7", MIB),
    ],
)
def test_body_limit_depends_on_the_route(path: str, limit: int) -> None:
    assert get_body_limit(path, has_credentials=True) == limit
    assert get_body_limit(path, has_credentials=True, is_form=True) == min(limit, MIB)
    assert get_body_limit(path, has_credentials=False) == SMALL_BODY_BYTES


def test_memory_for_bodies_of_one_address_is_limited() -> None:
    memory = SharedLimit(limit=100, limit_per_address=60)
    memory.reserve("a", 60)
    with pytest.raises(TooManyBodies):
        memory.reserve("a", 1)
    memory.reserve("b", 40)
    with pytest.raises(TooManyBodies):
        memory.reserve("c", 1)
    memory.release("a", 60)
    memory.reserve("c", 60)
    assert (memory.used, memory.used_by) == (100, {"b": 40, "c": 60})
