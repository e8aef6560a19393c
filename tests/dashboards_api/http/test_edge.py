"""The asynchronous edge: receiving bodies, and passing requests to the application."""

import asyncio
import ipaddress
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from dashboards_api.http.callers import AUTHENTICATED
from dashboards_api.http.edge import MAX_BODIES_PER_NETWORK, Edge
from dashboards_api.http.request_body import (
    KIB,
    LARGE_BODY_BYTES,
    MIB,
)
from tests.dashboards_api.http.test_request_normalization import build_scope

Answer = tuple[int, dict[str, str], bytes]
DASHBOARDS = "/api/projects/1/dashboards/"
KEY = ("authorization", "Bearer phx_x")


class Protocol:
    """The server side of an exchange: the chunks of a body, the end unless `is_silent`, and one response."""

    def __init__(self, *blocks: bytes, is_silent: bool = False) -> None:
        self.blocks = blocks
        self.is_silent = is_silent
        self.taken = 0
        self.answers: list[Answer] = []
        self.is_disconnected = asyncio.Event()

    async def __call__(self) -> bytes:
        return b"".join([block async for block in self])

    def __aiter__(self) -> AsyncIterator[bytes]:
        assert not self.taken, "the server gives the body once"
        return self.each()

    async def each(self) -> AsyncIterator[bytes]:
        for block in self.blocks:
            self.taken += len(block)
            yield block
        if self.is_silent:
            await asyncio.sleep(60)

    async def client_disconnect(self) -> None:
        await self.is_disconnected.wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))


class Response(list[bytes]):
    def close(self) -> None:
        pass


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Response:
    """Respond with the body that was read."""
    try:
        body, status = environ["wsgi.input"].read(), "200 OK"
    except OSError as error:
        body, status = type(error).__name__.encode(), "400 Bad Request"
    start_response(status, [("X-Length", environ["CONTENT_LENGTH"])])
    return Response([body])


def run_exchanges(*exchanges: tuple[Any, Protocol], application: Any = echo, seconds: float = 5) -> list[Answer]:
    """Return the responses to concurrent exchanges."""

    async def run() -> None:
        edge = Edge(application, body_seconds=seconds)
        edge.__rsgi_init__(asyncio.get_running_loop())
        await asyncio.gather(*(edge.__rsgi__(*exchange) for exchange in exchanges))
        assert (edge.memory.used, edge.memory.used_by) == (0, {})

    asyncio.run(run())
    return [answer for _, protocol in exchanges for answer in protocol.answers]


def build_request(*headers: tuple[str, str], path: str = DASHBOARDS) -> Any:
    request = build_scope(path=path, method="POST")
    found = [KEY, *headers]
    request.headers.items = lambda: found
    request.headers.get = lambda name, default=None: dict(found).get(name, default)
    return request


def content_length(size: int) -> tuple[str, str]:
    return ("content-length", str(size))


CHUNKED = ("transfer-encoding", "chunked")


@pytest.mark.parametrize(
    ("header", "seen"),
    [(content_length(10), ("10", b"whole body")), (CHUNKED, ("10", b"whole body")), (content_length(0), ("", b""))],
)
def test_application_receives_a_complete_body_with_its_length(header: Any, seen: Any) -> None:
    blocks = () if header == content_length(0) else (b"whole", b" body")
    [(status, headers, body)] = run_exchanges((build_request(header), Protocol(*blocks)))
    assert (status, (headers["X-Length"], body)) == (200, seen)


@pytest.mark.parametrize(
    ("header", "protocol", "error"),
    [
        (content_length(10), Protocol(b"short"), b"BodyError"),
        (CHUNKED, Protocol(), b"BodyError"),
        (content_length(10), Protocol(b"short", is_silent=True), b"BodyTimeout"),
        (CHUNKED, Protocol(b"short", is_silent=True), b"BodyTimeout"),
        (content_length(MIB), Protocol(b"x" * MIB, is_silent=True), b"BodyTimeout"),
        (content_length(LARGE_BODY_BYTES + 1), Protocol(b"x"), b"BodyTooLarge"),
        (CHUNKED, Protocol(*[b"x" * MIB] * 21), b"BodyTooLarge"),
    ],
)
def test_incomplete_body_raises_when_it_is_read(header: Any, protocol: Protocol, error: bytes) -> None:
    [(status, headers, body)] = run_exchanges((build_request(header), protocol), seconds=0.2)
    assert (status, body) == (400, error)
    assert int(headers["X-Length"]) > 0


def test_page_request_is_refused_without_the_application() -> None:
    late = Protocol(b"email=", is_silent=True)
    [(status, headers, body)] = run_exchanges((build_request(content_length(20), path="/login"), late), seconds=0.1)
    assert (status, headers["content-type"]) == (408, "text/plain; charset=utf-8")
    assert body == b"The request body was not received in time.\n"


def test_small_bodies_do_not_count_against_the_memory_limit() -> None:
    half = [(build_request(content_length(64 * KIB)), Protocol(b"x" * 60 * KIB, is_silent=True)) for _ in range(50)]
    seen = {(status, body) for status, _, body in run_exchanges(*half, seconds=0.2)}
    assert seen == {(400, b"BodyTimeout")}


def test_memory_limit_is_shared_by_clients_behind_a_proxy(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("192.0.2.7")]

    async def run() -> dict[str, int]:
        edge = Edge(echo, body_seconds=0.5)
        edge.__rsgi_init__(asyncio.get_running_loop())
        clients = [build_request(content_length(MIB), ("x-forwarded-for", f"203.0.113.{number}")) for number in (1, 2)]
        half = [edge.__rsgi__(each, Protocol(b"x" * 128 * KIB, is_silent=True)) for each in clients]
        receiving = asyncio.gather(*half)
        await asyncio.sleep(0.1)
        used = dict(edge.memory.used_by)
        await receiving
        return used

    assert asyncio.run(run()) == {"203.0.113.1": 64 * KIB, "203.0.113.2": 64 * KIB}


def test_health_check_succeeds_while_every_thread_is_busy() -> None:
    release = threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> Response:
        release.wait(5)
        return echo(environ, start_response)

    async def run() -> list[int]:
        edge = Edge(slow)
        edge.__rsgi_init__(asyncio.get_running_loop())
        busy = [asyncio.create_task(edge.__rsgi__(build_request(content_length(0)), Protocol())) for _ in range(20)]
        await asyncio.sleep(0.05)
        health = Protocol()
        await edge.__rsgi__(build_scope(path="/healthz"), health)
        release.set()
        await asyncio.gather(*busy)
        return [status for status, _, _ in health.answers]

    assert asyncio.run(run()) == [200]


def test_waiting_request_of_a_disconnected_client_is_not_started() -> None:
    release, seen = threading.Event(), list[str]()

    def slow(environ: dict[str, Any], start_response: Any) -> Response:
        seen.append(environ["PATH_INFO"])
        release.wait(5)
        return echo(environ, start_response)

    async def run() -> None:
        edge = Edge(slow)
        edge.__rsgi_init__(asyncio.get_running_loop())
        busy = [
            asyncio.create_task(edge.__rsgi__(build_request(content_length(0), path="/busy"), Protocol()))
            for _ in range(2)
        ]
        await asyncio.sleep(0.05)
        left = Protocol()
        waiting = asyncio.create_task(edge.__rsgi__(build_request(content_length(0), path="/left"), left))
        await asyncio.sleep(0.05)
        left.is_disconnected.set()
        await asyncio.wait_for(waiting, 5)
        release.set()
        await asyncio.gather(*busy)
        assert left.answers == []

    asyncio.run(run())
    assert seen == ["/busy", "/busy"]


def test_thread_survives_an_exception_of_the_application() -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Response:
        raise RuntimeError("boom")

    exchanges = [(build_request(content_length(0)), Protocol()) for _ in range(12)]
    for status, _, body in run_exchanges(*exchanges, application=broken):
        assert status == 500
        assert json.loads(body) == {
            "type": "server_error",
            "code": "error",
            "detail": "A server error occurred.",
            "attr": None,
        }


def test_invalid_keys_share_one_caller_and_valid_keys_belong_to_their_user() -> None:
    callers = []

    def application(environ: dict[str, Any], start_response: Any) -> Response:
        if environ["HTTP_AUTHORIZATION"].endswith("phx_valid"):
            environ[AUTHENTICATED] = 7
        return echo(environ, start_response)

    async def run() -> None:
        edge = Edge(application)
        edge.__rsgi_init__(asyncio.get_running_loop())
        for key in ("Bearer phx_1", "Bearer phx_2", "Bearer phx_valid", "bearer   phx_valid", "BEARER phx_valid"):
            callers.append(edge.callers.find({"HTTP_AUTHORIZATION": key}, "2001:db8::/64"))
            request = build_request(content_length(0))
            request.headers.items = lambda key=key: [("authorization", key)]
            await edge.__rsgi__(request, Protocol())

    asyncio.run(run())
    assert callers == ["2001:db8::/64"] * 3 + ["user 7"] * 2


def test_concurrent_bodies_of_one_network_are_limited() -> None:
    half = [
        (build_request(content_length(100)), Protocol(b"x", is_silent=True)) for _ in range(MAX_BODIES_PER_NETWORK + 10)
    ]
    found = [body for _, _, body in run_exchanges(*half, seconds=0.3)]
    assert (found.count(b"BodyTimeout"), found.count(b"TooManyBodies")) == (MAX_BODIES_PER_NETWORK, 10)
