"""The asynchronous edge: the RSGI application that the server runs, around the synchronous Django application.

The edge receives whole requests without using a thread, and passes them to a few threads that run Django. A client that
sends slowly, or sends many requests at once, therefore does not block threads that other clients need.
"""

import asyncio
import gc
import io
from functools import partial
from typing import Any

import orjson
import structlog
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # granian exports it for applications

from dashboards_api.http.callers import CallerCache
from dashboards_api.http.fair_thread_pool import FairThreadPool, Job
from dashboards_api.http.middleware import OPERATIONS_PATHS, get_client_address
from dashboards_api.http.request_body import (
    BODY_TIMEOUT_SECONDS,
    MEMORY_BYTES,
    MEMORY_BYTES_PER_NETWORK,
    MIB,
    BodyError,
    BodyReader,
    FailedBody,
    SharedLimit,
    get_body_limit,
)
from dashboards_api.http.request_normalization import Environ, build_environ
from dashboards_api.http.unread_responses import limit_unread_responses
from dashboards_api.http.waiters import SECONDS_TO_WAIT_FOR_RESULTS, Waiters
from dashboards_api.http.waiting import ENVIRON_KEY, Wait
from dashboards_api.networks import get_network

logger = structlog.get_logger("dashboards_api.edge")

# The concurrency of a process: the requests that run at the same time, in total and for one caller.
MAX_CONCURRENT_REQUESTS = 4
MAX_CONCURRENT_REQUESTS_PER_CALLER = 1
# Bodies that a process receives at the same time, in total and from one network, each for up to BODY_TIMEOUT_SECONDS.
MAX_BODIES = 2048
MAX_BODIES_PER_NETWORK = 256
# The seconds that a request waits for a thread before its client is watched for a disconnection, and the seconds from
# then on until the request is refused.
SECONDS_TO_NOTICE = 0.25
SECONDS_TO_WAIT = 30.0
COLLECT_AFTER_BYTES = MIB
BUSY_DETAIL = "The service is busy. Please try again."

_HEALTHY = [("content-type", "application/json"), ("cache-control", "no-store")]


class Edge:
    """An RSGI application around a WSGI application."""

    def __init__(self, application: Any, *, body_seconds: float = BODY_TIMEOUT_SECONDS) -> None:
        self.application = application
        self.body_seconds = body_seconds
        self.memory = SharedLimit(MEMORY_BYTES, MEMORY_BYTES_PER_NETWORK)
        self.watchers: set[asyncio.Task[None]] = set()  # the loop keeps only weak references to tasks
        self.callers = CallerCache()
        self.receiving = SharedLimit(MAX_BODIES, MAX_BODIES_PER_NETWORK)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads in each worker, because a forked process does not inherit threads."""
        self.loop = loop
        self.pool = FairThreadPool(MAX_CONCURRENT_REQUESTS, MAX_CONCURRENT_REQUESTS_PER_CALLER, "request")
        # A separate thread, so that monitoring does not wait behind requests of users.
        self.operations = FairThreadPool(1, 1, "operations")
        self.waiters = Waiters(loop)
        loop.call_soon(limit_unread_responses)  # the server listens before it runs the loop

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/healthz" and scope.method in ("GET", "HEAD"):
            protocol.response_bytes(200, _HEALTHY, b'{"status": "ok"}')
            return
        environ = build_environ(scope)
        network = get_network(get_client_address(environ))
        reader = BodyReader(protocol, self.memory, network)
        try:
            body = await self.receive(scope, environ, reader)
            if isinstance(body, BodyError) and not scope.path.startswith("/api"):
                send_error(protocol, scope.path, body.status, body.detail)
                return
            await self.respond(scope, environ, protocol, body, self.callers.find(environ, network))
        except ProtocolClosed:
            return  # the client has disconnected
        finally:
            reader.close()

    async def receive(self, scope: Any, environ: Environ, reader: BodyReader) -> bytes | BodyError:
        """Return the body, or the error if the body could not be received."""
        headers = scope.headers
        announced = headers.get("content-length")
        length = int(announced) if announced else None if headers.get("transfer-encoding") else 0
        if length == 0:
            return b""
        has_credentials = "HTTP_AUTHORIZATION" in environ or "HTTP_COOKIE" in environ
        is_form = environ.get("CONTENT_TYPE") == "application/x-www-form-urlencoded"
        limit = get_body_limit(scope.path, has_credentials=has_credentials, is_form=is_form)
        try:
            self.receiving.reserve(reader.address, 1)
            try:
                # A client that sent `Expect: 100-continue` has not sent its body yet.
                return await reader.read(length, limit, self.body_seconds, drains="HTTP_EXPECT" not in environ)
            finally:
                self.receiving.release(reader.address, 1)
        except BodyError as error:
            return error

    async def respond(self, scope: Any, environ: Environ, protocol: Any, body: bytes | BodyError, caller: str) -> None:
        """Run Django in a thread, and again after each wait for results, unless the client has disconnected."""
        if isinstance(body, BodyError):
            environ["CONTENT_LENGTH"] = scope.headers.get("content-length") or "1"
        else:
            environ["CONTENT_LENGTH"] = str(len(body)) if body else ""
        environ["wsgi.input"] = open_body(body)
        wait = environ[ENVIRON_KEY] = Wait(can_wait=self.waiters.has_place(caller))
        deadline = self.loop.time() + SECONDS_TO_WAIT_FOR_RESULTS
        await self.run_in_pool(scope, environ, protocol, caller)
        while wait.is_wanted:
            if not await self.wait_for_results(protocol, wait, caller, deadline):
                return
            wait.can_wait = self.loop.time() < deadline and self.waiters.has_place(caller)
            wait.reset()
            environ["wsgi.input"] = open_body(body)
            await self.run_in_pool(scope, environ, protocol, caller)

    async def wait_for_results(self, protocol: Any, wait: Wait, caller: str, deadline: float) -> bool:
        """Wait for the results that a request needs. Return whether its client is still connected."""
        gone = asyncio.ensure_future(protocol.client_disconnect())
        waited = asyncio.ensure_future(self.waiters.wait(wait, caller, deadline))
        await asyncio.wait((gone, waited), return_when=asyncio.FIRST_COMPLETED)
        is_gone = gone.done()
        gone.cancel()
        waited.cancel()
        return not is_gone

    async def run_in_pool(self, scope: Any, environ: Environ, protocol: Any, caller: str) -> None:
        """Run Django once, as soon as the caller may use a thread."""
        answered = self.loop.create_future()
        job = Job(caller, partial(self.run, environ, protocol, answered))
        pool = self.operations if scope.path in OPERATIONS_PATHS else self.pool
        if pool.submit(job):
            await answered
            return
        timer = self.loop.call_later(SECONDS_TO_NOTICE, self.watch_waiting, pool, job, scope, protocol, answered)
        await answered
        timer.cancel()

    def run(self, environ: Environ, protocol: Any, answered: asyncio.Future[None]) -> None:
        """Run the application and send its response, in a thread of the pool. An error does not terminate the thread.

        No response is sent to a request that waits for results, because the request runs again.
        """
        try:
            started: list[Any] = []
            response = self.application(environ, lambda status, headers: started.extend((status, headers)))
            status = int(started[0][:3])
            if not environ[ENVIRON_KEY].is_wanted:
                protocol.response_bytes(status, started[1], b"".join(response))
            response.close()
            self.callers.record(environ, status)
        except Exception:
            logger.exception("request failed outside of Django")
            environ[ENVIRON_KEY].reset()
            send_error(protocol, environ["PATH_INFO"], 500, "A server error occurred.")
        finally:
            self.loop.call_soon_threadsafe(answered.set_result, None)
        if int(environ["CONTENT_LENGTH"] or 0) > COLLECT_AFTER_BYTES:
            # A request and its view form a reference cycle. Collect it now, to release the memory of a large body.
            gc.collect()

    def watch_waiting(self, *waiting: Any) -> None:
        watcher = self.loop.create_task(self.drop_waiting(*waiting))
        self.watchers.add(watcher)
        watcher.add_done_callback(self.watchers.discard)

    async def drop_waiting(self, pool: FairThreadPool, job: Job, scope: Any, protocol: Any, answered: Any) -> None:
        """Drop a job whose client has disconnected, and refuse a job that waits too long."""
        gone = asyncio.ensure_future(protocol.client_disconnect())
        await asyncio.wait((gone, answered), timeout=SECONDS_TO_WAIT, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done() and pool.discard(job):
            if not gone.done():
                send_error(protocol, scope.path, 503, BUSY_DETAIL)
            answered.set_result(None)
        gone.cancel()


def open_body(body: bytes | BodyError) -> io.BytesIO | FailedBody:
    """Return the stream from which Django reads a body."""
    return FailedBody(body) if isinstance(body, BodyError) else io.BytesIO(body)


def send_error(protocol: Any, path: str, status: int, detail: str) -> None:
    """Send an error response without Django: the error envelope below /api/, else plain text."""
    headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
    content = f"{detail}\n".encode()
    if path.startswith("/api"):
        headers[0] = ("content-type", "application/json")
        code = "service_unavailable" if status == 503 else "error"
        envelope = {"type": "server_error", "code": code, "detail": detail, "attr": None}
        content = orjson.dumps(envelope)
    if status == 503:
        headers.append(("retry-after", "2"))
    protocol.response_bytes(status, headers, content)
