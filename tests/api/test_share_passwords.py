"""…/sharing/passwords/, and unlocking shared dashboards: POST /shared/:token and /embedded/:token."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboards.models import Dashboard, SharePassword
from dashboards.unlock_tokens import UNLOCK_TOKEN_LIFETIME, sign_unlock_token
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_key
from tests.client import Answer, Api
from users.models import AttemptCounter

PASSWORD = "correct horse 1"
PASSWORD_REQUIRED = (401, "authentication_error", "password_required", None)
WRONG = (401, "authentication_error", "incorrect_password", None)


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, "Quarter")


@pytest.fixture
def token(alice: Person, board: Dashboard) -> str:
    return share(alice, board, password_required=True)


@pytest.fixture
def path(board: Dashboard) -> str:
    return f"dashboards/{board.pk}/sharing/passwords/"


def add_password(person: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = person.api.post(path, {"raw_password": PASSWORD, **body})
    assert answer.status == 201, answer
    created: dict[str, Any] = answer.json
    return created


class Browser:
    """A client that sends each cookie only to its path, as browsers do."""

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.cookies: dict[tuple[str, str], str] = {}

    def unlock(self, path: str, body: Any) -> Answer:
        answer = Answer(self.client.post(path, json.dumps(body), "application/json"))  # type: ignore[arg-type]  # the stubs of the test client are narrower
        for name, cookie in answer.response.cookies.items():
            self.cookies[name, cookie["path"]] = cookie.value
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        sent = [
            f"{name}={value}" for (name, at), value in self.cookies.items() if path == at or path.startswith(f"{at}/")
        ]
        self.client.cookies.clear()
        return Answer(self.client.get(path, headers={**headers, "Cookie": "; ".join(sent)}))  # type: ignore[arg-type]  # the stubs of the test client are narrower


def pop_error(answer: Answer) -> tuple[Any, ...]:
    """Remove `error`, which repeats the detail, from an unlock response, and return its error."""
    assert answer.json.pop("error") == answer.json["detail"]
    return answer.error


def test_password_is_shown_once_and_stored_as_a_hash(alice: Person, board: Dashboard, token: str, path: str) -> None:
    created = add_password(alice, path, note="for the board")
    row = SharePassword.objects.get()
    assert created == {
        "id": row.pk,
        "password": PASSWORD,
        "note": "for the board",
        "created_at": created["created_at"],
        "created_by_email": alice.user.email,
    }
    shown = alice.api.get(f"dashboards/{board.pk}/sharing/")
    assert shown.json["share_passwords"] == [
        {
            "id": row.pk,
            "created_at": created["created_at"],
            "note": "for the board",
            "created_by_email": alice.user.email,
            "is_active": True,
        }
    ]
    assert PASSWORD not in shown.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM dashboards_sharepassword")
        assert PASSWORD not in str(cursor.fetchall())


def test_password_is_random_by_default(alice: Person, token: str, path: str) -> None:
    texts = {alice.api.post(path, body).json["password"] for body in ({}, {"raw_password": None}, {"note": None})}
    assert len(texts) == 3
    assert all(len(text) == 16 for text in texts)
    assert Browser().unlock(f"/shared/{token}", {"password": texts.pop()}).status == 200


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"raw_password": "seven77"}, "min_length", "raw_password"),
        ({"raw_password": "x" * 1001}, "max_length", "raw_password"),
        ({"raw_password": " " * 8}, "blank", "raw_password"),
        ({"raw_password": 12345678}, "invalid_input", "raw_password"),
        ({"note": "x" * 101}, "max_length", "note"),
        ({"note": ["a"]}, "invalid_input", "note"),
    ],
)
def test_invalid_values_are_reported(
    alice: Person, token: str, path: str, body: dict[str, Any], code: str, attr: str
) -> None:
    assert alice.api.post(path, body).error == (400, "validation_error", code, attr)
    assert SharePassword.objects.count() == 0


def test_passwords_require_protection_and_are_limited_to_ten(alice: Person, board: Dashboard, path: str) -> None:
    assert alice.api.post(path, {"raw_password": PASSWORD}).error == (400, "validation_error", "invalid_input", None)
    share(alice, board, password_required=True)
    for _ in range(10):
        add_password(alice, path)
    assert alice.api.post(path, {"raw_password": PASSWORD}).error == (400, "validation_error", "invalid_input", None)
    assert SharePassword.objects.count() == 10


def test_edit_right_and_scope_are_required(alice: Person, bob: Person, board: Dashboard, token: str, path: str) -> None:
    created = add_password(alice, path)
    reader = Api(make_key(alice.user, "sharing_configuration:read", "dashboard:write"), board.project_id)
    Dashboard.objects.update(restriction_level=37)
    for api in (reader, bob.api):
        assert api.post(path, {"raw_password": PASSWORD}).error[:3] == (
            403,
            "authentication_error",
            "permission_denied",
        )
        assert api.delete(f"{path}{created['id']}/").error[:3] == (403, "authentication_error", "permission_denied")
    assert [row.pk for row in SharePassword.objects.all()] == [created["id"]]


def test_passwords_of_other_dashboards_are_not_found(
    alice: Person, carol: Person, board: Dashboard, token: str, path: str
) -> None:
    created = add_password(alice, path)
    other = make_dashboard(alice)
    foreign = make_dashboard(carol)
    for number, password in (
        (other.pk, created["id"]),
        (foreign.pk, created["id"]),
        (board.pk, 999999),
        (board.pk, "x"),
    ):
        answer = alice.api.delete(f"dashboards/{number}/sharing/passwords/{password}/")
        assert answer.error == (404, "invalid_request", "not_found", None)
    assert alice.api.post(f"dashboards/{foreign.pk}/sharing/passwords/", {}).error[0] == 404
    assert SharePassword.objects.count() == 1


@pytest.mark.parametrize("step", ["shared", "embedded", "shared_dashboard"])
def test_correct_password_unlocks_the_json(alice: Person, token: str, path: str, step: str) -> None:
    add_password(alice, path, raw_password="another one")
    add_password(alice, path)
    browser = Browser()
    assert browser.get(f"/{step}/{token}.json").error == PASSWORD_REQUIRED
    answer = browser.unlock(f"/{step}/{token}", {"password": PASSWORD})
    assert (answer.status, list(answer.json)) == (200, ["shareToken"])
    for cookie in answer.response.cookies.values():
        assert cookie.value == answer.json["shareToken"]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 24 * 3600)
        assert cookie["path"].startswith(f"/{step}/{token}")
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert browser.get(f"/{step}/{token}.json").json["dashboard"]["name"] == "Quarter"
    # Scripts send the token in a header. Clients without the token are refused.
    shown = Browser().get(f"/{step}/{token}.json", Authorization=f"Bearer {answer.json['shareToken']}")
    assert shown.json["dashboard"]["name"] == "Quarter"
    assert Browser().get(f"/{step}/{token}.json").error == PASSWORD_REQUIRED


def test_form_unlocks(alice: Person, token: str, path: str) -> None:
    add_password(alice, path)
    assert Client().post(f"/shared/{token}", {"password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("guess", ["wrong", PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} "])
def test_incorrect_password_is_401_with_two_error_fields(alice: Person, token: str, path: str, guess: str) -> None:
    add_password(alice, path)
    answer = Browser().unlock(f"/shared/{token}", {"password": guess})
    assert answer.json["error"] == "Incorrect password"
    assert pop_error(answer) == WRONG
    assert not answer.response.cookies
    assert "Quarter" not in answer.text


def test_link_without_passwords_cannot_be_unlocked(token: str) -> None:
    assert pop_error(Browser().unlock(f"/shared/{token}", {"password": PASSWORD})) == WRONG


@pytest.mark.parametrize("body", [{}, {"password": ""}, {"password": None}, {"password": 5}, [], "x"])
def test_invalid_bodies_are_400(token: str, body: Any) -> None:
    assert pop_error(Browser().unlock(f"/shared/{token}", body))[:2] == (400, "validation_error")
    assert AttemptCounter.objects.count() == 0


def test_unknown_link_is_404_and_unprotected_one_400(alice: Person, board: Dashboard) -> None:
    assert pop_error(Browser().unlock(f"/shared/{'a' * 30}", {"password": PASSWORD}))[0] == 404
    token = share(alice, board)
    answer = Browser().unlock(f"/shared/{token}", {"password": PASSWORD})
    assert pop_error(answer) == (400, "validation_error", "invalid_input", None)
    share(alice, board, password_required=True)
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": False})
    assert Browser().unlock(f"/shared/{token}", {"password": PASSWORD}).status == 404


def test_attempts_are_limited_to_ten_a_minute(alice: Person, board: Dashboard, token: str, path: str) -> None:
    add_password(alice, path)
    browser = Browser()
    assert [browser.unlock(f"/shared/{token}", {"password": str(n)}).status for n in range(10)] == [401] * 10
    # The limit applies to the link on all paths, and a correct password beyond the limit is refused, too.
    for step in ("shared", "embedded"):
        answer = browser.unlock(f"/{step}/{token}", {"password": PASSWORD})
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert pop_error(answer) == (429, "throttled_error", "throttled", None)
    assert Browser("192.0.2.2").unlock(f"/shared/{token}", {"password": PASSWORD}).status == 200
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert browser.unlock(f"/shared/{token}", {"password": PASSWORD}).status == 200


def test_correct_password_resets_failed_attempts(alice: Person, token: str, path: str) -> None:
    add_password(alice, path)
    browser = Browser()
    for _ in range(3):
        for guess in ("a", "b", "c", "d"):
            browser.unlock(f"/shared/{token}", {"password": guess})
        assert browser.unlock(f"/shared/{token}", {"password": PASSWORD}).status == 200


def test_share_token_is_invalid_without_its_password(alice: Person, token: str, path: str) -> None:
    created, other = add_password(alice, path), add_password(alice, path, raw_password="another one")
    browser = Browser()
    browser.unlock(f"/shared/{token}", {"password": PASSWORD})
    assert alice.api.delete(f"{path}{other['id']}/").status == 204
    assert browser.get(f"/shared/{token}.json").status == 200
    assert alice.api.delete(f"{path}{created['id']}/").status == 204
    assert browser.get(f"/shared/{token}.json").error == PASSWORD_REQUIRED
    assert browser.unlock(f"/shared/{token}", {"password": PASSWORD}).status == 401


def test_share_token_is_limited_to_one_link(alice: Person, board: Dashboard, token: str, path: str) -> None:
    add_password(alice, path)
    other_board = make_dashboard(alice, "Other")
    other = share(alice, other_board, password_required=True)
    add_password(alice, f"dashboards/{other_board.pk}/sharing/passwords/")
    unlocked = Browser().unlock(f"/shared/{token}", {"password": PASSWORD}).json["shareToken"]
    assert Browser().get(f"/shared/{other}.json", Authorization=f"Bearer {unlocked}").error == PASSWORD_REQUIRED
    # A share token for the other link with a password of this link is invalid.
    forged = sign_unlock_token(other, SharePassword.objects.earliest("pk").pk)
    assert Browser().get(f"/shared/{other}.json", Authorization=f"Bearer {forged}").error == PASSWORD_REQUIRED
    # The old link stays unlocked for the grace period. The new link requires the password.
    new = alice.api.post(f"dashboards/{board.pk}/sharing/refresh/").json["access_token"]
    assert Browser().get(f"/shared/{token}.json", Authorization=f"Bearer {unlocked}").status == 200
    assert Browser().get(f"/shared/{new}.json", Authorization=f"Bearer {unlocked}").error == PASSWORD_REQUIRED


def test_share_token_is_valid_for_a_day(alice: Person, token: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_password(alice, path)
    browser = Browser()
    browser.unlock(f"/shared/{token}", {"password": PASSWORD})
    now = timezone.now()
    for after, status in (
        (UNLOCK_TOKEN_LIFETIME - timedelta(minutes=1), 200),
        (UNLOCK_TOKEN_LIFETIME + timedelta(minutes=1), 401),
    ):
        monkeypatch.setattr(signing.time, "time", lambda later=now + after: later.timestamp())  # type: ignore[attr-defined]  # `signing` imports `time`
        assert browser.get(f"/shared/{token}.json").status == status


@pytest.mark.parametrize("forged", ["", "x", "a:b:c", "eyJh.eyJh.c2ln", "é"])
def test_other_tokens_do_not_unlock(alice: Person, token: str, path: str, forged: str) -> None:
    created = add_password(alice, path)
    signed_elsewhere = signing.dumps([token, created["id"]], salt="another salt")
    wrong_shape = signing.dumps({"a": 1}, salt="dashboards.unlocking")
    for each in (forged, alice.key, signed_elsewhere, wrong_shape):
        assert Browser().get(f"/shared/{token}.json", Authorization=f"Bearer {each}").error == PASSWORD_REQUIRED


def test_share_token_is_not_an_api_key(alice: Person, token: str, path: str) -> None:
    add_password(alice, path)
    unlocked = Browser().unlock(f"/shared/{token}", {"password": PASSWORD}).json["shareToken"]
    assert Api(unlocked, alice.membership.project_id).get("dashboards/").status == 401
