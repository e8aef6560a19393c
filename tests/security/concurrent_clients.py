"""Clients that send concurrent requests over separate connections, so that any worker may respond."""

import ssl
import threading
import time
from typing import Any, NamedTuple

import httpx

from tests.security.service import Target

ONE_REQUEST_EACH = httpx.Limits(max_keepalive_connections=0)
# TLS is not used, and loading certificates for each client would be slow.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class ClientRequest(NamedTuple):
    """One request. `ConcurrentClients` requires an absolute path and headers that authenticate the caller."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] | None = None


class ClientResponse(NamedTuple):
    request: ClientRequest
    status: int
    body: Any
    headers: httpx.Headers
    seconds: float


class ConcurrentClients:
    """A pool of clients, which grows as needed."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.clients: list[httpx.Client] = []
        self.requests = 0

    def send_together(self, requests: list[ClientRequest]) -> list[ClientResponse]:
        """Send the requests concurrently, and return their responses in order. A failed request has the status 0."""
        while len(self.clients) < len(requests):
            self.clients.append(self.target.client(None, limits=ONE_REQUEST_EACH, verify=NO_CERTIFICATES))
        barrier = threading.Barrier(len(requests))
        answers: list[ClientResponse | None] = [None] * len(requests)

        def call(number: int) -> None:
            barrier.wait()
            answers[number] = send(self.clients[number], requests[number])

        threads = [threading.Thread(target=call, args=(number,)) for number in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.requests += len(requests)
        return [answer for answer in answers if answer is not None]

    def close(self) -> None:
        for client in self.clients:
            client.close()


def send(client: httpx.Client, request: ClientRequest) -> ClientResponse:
    started = time.perf_counter()
    try:
        answer = client.request(request.method, request.path, json=request.body, headers=request.headers)
    except httpx.HTTPError as error:
        return ClientResponse(request, 0, repr(error), httpx.Headers(), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    return ClientResponse(request, answer.status_code, parse_body(answer), answer.headers, seconds)


def parse_body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text
