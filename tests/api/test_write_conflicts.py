"""Retries of requests after real serialization failures, deadlocks and unique violations."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard, Tile
from dashboards_api.db.retry import ATTEMPTS_AFTER_CONFLICT
from dashboards_api.environment import Rate
from tests.builders import PASSWORD, Person, make_dashboard, make_key, make_project, make_session, set_password
from tests.client import Api
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text, sign_in
from users.models import IdempotentRequest, MembershipLevel, Organization, RateWindow
from users.services.projects import add_member

on_postgresql = pytest.mark.skipif(
    not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"),
    reason="SQLite has one writer, and a later writer waits before it reads",
)
Execute = Callable[..., Any]


@pytest.fixture
def other_connection(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """Yield a second connection to the database of the test."""
    database = connection.settings_dict
    with psycopg.connect(
        dbname=database["NAME"], user=database["USER"], host=database["HOST"], autocommit=True
    ) as other:
        yield other


@pytest.fixture
def repeatable_read(transactional_db: None) -> Iterator[None]:
    """Run transactions of the test with the isolation level "repeatable read"."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_isolation = 'repeatable read'")
        yield
        cursor.execute("RESET default_transaction_isolation")


class ConcurrentChange:
    """A wrapper that changes dashboards in another connection before the request locks them, `times` times."""

    def __init__(self, other_connection: psycopg.Connection[Any], times: int) -> None:
        self.other, self.left = other_connection, times

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.left and "FOR UPDATE" in sql and 'FROM "dashboards_dashboard"' in sql:
            self.left -= 1
            context["connection"].connection.execute("SELECT 1")  # takes the snapshot of the transaction
            self.other.execute("UPDATE dashboards_dashboard SET description = description || 'x'")
        return execute(sql, params, many, context)


class ConflictAt:
    """A wrapper that makes the first statement with a prefix fail, as in a conflict of two transactions."""

    def __init__(self, beginning: str) -> None:
        self.beginning, self.left = beginning, 1

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.left and sql.startswith(self.beginning):
            self.left -= 1
            sql, params = "DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$", None
        return execute(sql, params, many, context)


@on_postgresql
@pytest.mark.usefixtures("repeatable_read")
def test_request_with_a_write_conflict_is_retried(alice: Person, other_connection: psycopg.Connection[Any]) -> None:
    board = make_dashboard(alice, description="d")
    with (
        override_settings(RATE_LIMITS=[Rate(5, 86400)], RATE_LIMIT_UNIT_SECONDS=60),
        connection.execute_wrapper(ConcurrentChange(other_connection, 3)),
    ):
        answer = alice.api.patch(f"dashboards/{board.pk}/", {"name": "new", "bogus": 1}, documented=False)
    assert (answer.status, answer.json["name"], answer.json["description"]) == (200, "new", "dxxx")
    assert answer.headers["Ignored-Fields"] == "bogus"
    assert answer.headers["RateLimit-Remaining"] == "4"
    assert RateWindow.objects.get().taken == 1
    board.refresh_from_db()
    assert (board.name, board.description) == ("new", "dxxx")


@on_postgresql
@pytest.mark.usefixtures("repeatable_read")
def test_request_that_conflicts_on_every_attempt_is_503(
    alice: Person, other_connection: psycopg.Connection[Any]
) -> None:
    board = make_dashboard(alice, description="")
    with connection.execute_wrapper(ConcurrentChange(other_connection, 100)):
        answer = alice.api.patch(f"dashboards/{board.pk}/", {"name": "new"})
    assert answer.error == (503, "server_error", "service_unavailable", None)
    assert answer.json["detail"] == "Other requests changed the same data at the same time. Please try again."
    assert answer.headers["Retry-After"] == "2"
    board.refresh_from_db()
    assert (board.name, board.description) == ("Board", "x" * ATTEMPTS_AFTER_CONFLICT)


@on_postgresql
@pytest.mark.usefixtures("repeatable_read")
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_retry_has_the_request_body(alice: Person, other_connection: psycopg.Connection[Any], kind: str) -> None:
    board = make_dashboard(alice, description="d")
    path = f"dashboards/{board.pk}/"
    with connection.execute_wrapper(ConcurrentChange(other_connection, 1)):
        if kind == "form":
            answer = alice.api.send_form("PATCH", path, {"name": "new"})
        else:
            body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nnew\r\n--b--\r\n'
            answer = alice.api.call("PATCH", path, raw=body, content_type="multipart/form-data; boundary=b")
    assert (answer.status, answer.json["name"], answer.json["description"]) == (200, "new", "dx")


@on_postgresql
@pytest.mark.usefixtures("repeatable_read")
@pytest.mark.parametrize("times", [1, 100])
def test_request_with_an_idempotency_key_keeps_its_claim_while_it_is_retried(
    alice: Person, other_connection: psycopg.Connection[Any], times: int
) -> None:
    board = make_dashboard(alice, description="")
    path, body = f"dashboards/{board.pk}/create_text_tile/", {"body": "once"}
    headers = {"Idempotency-Key": "k"}
    with connection.execute_wrapper(ConcurrentChange(other_connection, times)):
        answer = alice.api.post(path, body, headers=headers)
    assert answer.status == (201 if times == 1 else 503)
    assert IdempotentRequest.objects.count() == Tile.objects.count() == (1 if times == 1 else 0)
    again = alice.api.post(path, body, headers=headers)
    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, times == 1)
    assert Tile.objects.count() == 1


@on_postgresql
def test_victim_of_a_deadlock_is_retried(alice: Person, other_connection: psycopg.Connection[Any]) -> None:
    first, second = make_dashboard(alice, "first"), make_dashboard(alice, "second")
    lock = "SELECT 1 FROM dashboards_dashboard WHERE id = %s FOR UPDATE"
    other_connection.execute("SET deadlock_timeout = '30s'")  # the request is the victim of the deadlock
    other_connection.autocommit = False
    other_connection.execute(lock, [second.pk])

    def cross() -> None:
        time.sleep(0.3)
        other_connection.execute(lock, [first.pk])
        other_connection.rollback()

    crossing = threading.Thread(target=cross)
    crossing.start()
    with CaptureQueriesContext(connection) as captured:
        body = {"ids": [first.pk, second.pk], "action": "add", "tags": ["a"]}
        answer = alice.api.post("dashboards/bulk_update_tags/", body)
    crossing.join()
    assert answer.status == 200
    assert [row["tags"] for row in answer.json["updated"]] == [["a"], ["a"]]
    assert [each.tag_names for each in Dashboard.objects.order_by("pk")] == [["a"], ["a"]]
    assert sum("FOR UPDATE" in query["sql"] for query in captured) == 2


@on_postgresql
@pytest.mark.usefixtures("repeatable_read")
def test_console_forms_are_retried(alice: Person, other_connection: psycopg.Connection[Any]) -> None:
    set_password(alice)
    board = make_dashboard(alice, description="d")
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, alice.user.email, PASSWORD)
    form = {
        "csrfmiddlewaretoken": get_csrf_token(browser.get(get_dashboard_path(board))),
        "action": "duplicate",
        "name": "copy",
    }
    with connection.execute_wrapper(ConflictAt('INSERT INTO "dashboards_sharingconfiguration"')):
        response = browser.post(get_dashboard_path(board), form)
    assert response.status_code == 303
    assert sorted(Dashboard.objects.values_list("name", flat=True)) == ["Board", "copy"]
    with connection.execute_wrapper(ConcurrentChange(other_connection, 2)):
        response = browser.post(get_dashboard_path(board), {**form, "action": "edit", "description": "mine"})
    assert response.status_code == 303
    board.refresh_from_db()
    assert (board.name, board.description) == ("copy", "mine")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_conflicting_form_is_applied_once(alice: Person) -> None:
    set_password(alice)
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, alice.user.email, PASSWORD)
    form = {"action": "create", "label": "mine", "scope": "dashboard:read", "expires": ""}
    form["csrfmiddlewaretoken"] = get_csrf_token(browser.get("/keys"))
    with connection.execute_wrapper(ConflictAt('INSERT INTO "users_personalapikey"')):
        response = browser.post("/keys", form, follow=True)
    assert response.status_code == 200
    assert list(alice.user.personal_api_keys.order_by("created_at").values_list("label", flat=True)) == ["test", "mine"]
    assert "phx_" in get_text(response)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_sign_out_is_retried_with_the_original_session(alice: Person) -> None:
    browser = make_session(alice)
    with connection.execute_wrapper(ConflictAt('DELETE FROM "django_session"')):
        assert browser.post("/api/logout/").status == 204
    assert Session.objects.count() == 0


@on_postgresql
def test_concurrent_invitations_of_one_user_create_one_invitation(
    alice: Person, other_connection: psycopg.Connection[Any]
) -> None:
    set_password(alice)
    elsewhere = make_project("Elsewhere")
    admin = add_member(elsewhere, user=alice.user, level=MembershipLevel.ADMIN)
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, alice.user.email, PASSWORD)
    path = f"/projects/{elsewhere.pk}/members"
    form = {"action": "invite", "email": "dora@example.com", "level": "1"}
    form["csrfmiddlewaretoken"] = get_csrf_token(browser.get(path))
    theirs = [elsewhere.pk, "dora@example.com", int(MembershipLevel.MEMBER), admin.pk, "0" * 64]

    def first(execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "users_invitation"') and theirs:
            other_connection.execute(
                "INSERT INTO users_invitation (project_id, email, level, invited_by_id, secret_hash, created_at,"
                " expires_at) VALUES (%s, %s, %s, %s, %s, now(), now() + interval '1 day')",
                [*theirs],
            )
            theirs.clear()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(first):
        assert browser.post(path, form).status_code == 303
    assert not theirs
    invitation = elsewhere.invitations.get()
    assert (invitation.email, invitation.secret_hash == "0" * 64) == ("dora@example.com", False)


@pytest.mark.urls("tests.api.failing_urls")
def test_constraint_violation_on_every_attempt_is_500(alice: Person) -> None:
    api = Api(make_key(alice.user), 0, raise_request_exception=False)
    with CaptureQueriesContext(connection) as captured:
        answer = api.post("/api/break-constraint/")
    assert answer.error == (500, "server_error", "error", None)
    assert sum('INSERT INTO "users_organization"' in query["sql"] for query in captured) == 4
    assert not Organization.objects.filter(slug="the same").exists()
