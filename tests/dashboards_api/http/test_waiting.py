"""Waiting for results at the edge, which runs the request again and sends one response."""

import asyncio
import io
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory

from dashboards_api.http import edge, waiters
from dashboards_api.http.request_body import LARGE_BODY_BYTES
from dashboards_api.http.waiting import ENVIRON_KEY, Wait, get_first_run, is_held_back, wait_for
from tests.dashboards_api.http.test_edge import Protocol, Response, build_request, content_length, run_exchanges


class View:
    """An application whose result is available after `seconds`. It counts its runs and the waiting requests."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.runs: list[tuple[bytes, bool]] = []
        self.started: dict[UUID, float] = {}
        self.waiting_at_once = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Response:
        wait: Wait = environ[ENVIRON_KEY]
        id_ = environ.setdefault("test.id", uuid4())
        began = self.started.setdefault(id_, time.monotonic())
        self.runs.append((environ["wsgi.input"].read(), wait.can_wait))
        is_done = time.monotonic() > began + self.seconds
        if not is_done:
            wait.pending, wait.find_pending = {id_}, self.find_pending
        start_response("200 OK" if is_done else "202 Accepted", [])
        return Response([b"done" if is_done else b"running"])

    def find_pending(self, ids: Iterable[UUID]) -> set[UUID]:
        ids = set(ids)
        self.waiting_at_once = max(self.waiting_at_once, len(ids))
        return {id_ for id_ in ids if time.monotonic() <= self.started[id_] + self.seconds}


def test_request_runs_again_when_its_result_is_there() -> None:
    view = View(0.3)
    answers = run_exchanges((build_request(content_length(4)), Protocol(b"body")), application=view)
    assert [(status, body) for status, _, body in answers] == [(200, b"done")]
    assert [body for body, _ in view.runs] == [b"body", b"body"]


def test_request_that_need_not_wait_runs_once() -> None:
    view = View(-1)
    [(status, _, body)] = run_exchanges((build_request(content_length(4)), Protocol(b"body")), application=view)
    assert (status, body, len(view.runs)) == (200, b"done", 1)


def test_request_whose_body_was_refused_runs_again_if_nothing_reads_it() -> None:
    view = View(0.3)

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Response:
        refused, environ["wsgi.input"] = environ["wsgi.input"], io.BytesIO()
        response = view(environ, start_response)
        environ["wsgi.input"] = refused
        return response

    request = build_request(content_length(LARGE_BODY_BYTES + 1))
    [(status, _, body)] = run_exchanges((request, Protocol()), application=run)
    assert (status, body, len(view.runs)) == (200, b"done", 2)


def test_last_run_at_the_deadline_answers_without_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "SECONDS_TO_WAIT_FOR_RESULTS", 0.3)
    view = View(60)
    started = time.monotonic()
    [(status, _, body)] = run_exchanges((build_request(content_length(0)), Protocol()), application=view)
    assert (status, body) == (202, b"running")
    assert [can_wait for _, can_wait in view.runs] == [True, False]
    assert 0.3 <= time.monotonic() - started < 3


def test_client_that_disconnects_gets_no_further_run() -> None:
    view = View(1)
    protocol = Protocol()

    async def run() -> None:
        application = edge.Edge(view)
        application.__rsgi_init__(asyncio.get_running_loop())
        exchange = asyncio.ensure_future(application.__rsgi__(build_request(content_length(0)), protocol))
        await asyncio.sleep(0.2)
        protocol.is_disconnected.set()
        await asyncio.wait_for(exchange, 0.5)
        await asyncio.sleep(0.05)
        assert (application.waiters.waiting, application.waiters.callers) == ({}, {})

    asyncio.run(run())
    assert (protocol.answers, len(view.runs)) == ([], 1)


@pytest.mark.parametrize("name", ["MAX_WAITERS", "MAX_WAITERS_PER_CALLER"])
def test_requests_beyond_a_limit_are_answered_without_waiting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(waiters, name, 3)
    view = View(1)
    answers = run_exchanges(*((build_request(content_length(0)), Protocol()) for _ in range(5)), application=view)
    assert sorted(status for status, _, _ in answers) == [200, 200, 200, 202, 202]
    assert view.waiting_at_once == 3


def test_limits_are_64_requests_and_32_of_one_caller() -> None:
    assert (waiters.MAX_WAITERS, waiters.MAX_WAITERS_PER_CALLER) == (64, 32)


def test_failed_check_is_repeated() -> None:
    """A temporary failure of the database must not delay responses until their deadline."""
    view = View(0.2)
    errors: list[Exception] = [OperationalError("gone"), InterfaceError("closed")]

    def find_pending(ids: Iterable[UUID]) -> set[UUID]:
        if errors:
            raise errors.pop()
        return view.find_pending(ids)

    def run(environ: dict[str, Any], start_response: Callable[..., Any]) -> Response:
        response = view(environ, start_response)
        if environ[ENVIRON_KEY].find_pending:
            environ[ENVIRON_KEY].find_pending = find_pending
        return response

    started = time.monotonic()
    [(status, _, _)] = run_exchanges((build_request(content_length(0)), Protocol()), application=run)
    assert (status, errors) == (200, [])
    assert time.monotonic() - started < 5


def test_answer_is_kept_back_only_while_the_edge_waits() -> None:
    request = RequestFactory().get("/")
    wait_for(request, [uuid4()], set)
    assert (is_held_back(request), get_first_run(request)) == (False, None)
    wait = request.META[ENVIRON_KEY] = Wait()
    assert get_first_run(request) == wait.started_at
    assert not is_held_back(request)
    wait_for(request, [], set)
    assert not is_held_back(request)
    wait_for(request, [uuid4()], set)
    assert is_held_back(request)
    wait.can_wait = False
    assert not is_held_back(request)
    wait.can_wait = True
    wait.reset()
    assert not is_held_back(request)
