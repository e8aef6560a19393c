"""One-time (flash) messages after a form submission."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client, override_settings

from dashboards.models import SharePassword
from tests.builders import PASSWORD, Person, make_dashboard, set_password
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text, sign_in
from users.models import Invitation, PersonalAPIKey


def build_secret_forms(alice: Person) -> list[tuple[str, dict[str, str], Any]]:
    """Return the forms that show a secret: the page, the fields, and the model of the created row."""
    board = make_dashboard(alice)
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True, "password_required": True})
    members = f"/projects/{alice.membership.project_id}/members"
    return [
        ("/keys", {"action": "create", "label": "x", "scope": "*"}, PersonalAPIKey),
        ("/keys", {"action": "roll", "id": PersonalAPIKey.objects.get().pk}, PersonalAPIKey),
        (get_dashboard_path(board), {"action": "add-password"}, SharePassword),
        (members, {"action": "invite", "email": "new@example.com", "level": "1"}, Invitation),
    ]


def find_secrets(page: Any) -> set[str]:
    """Return the secrets that a page shows, except share links, which are always shown."""
    found = re.findall(r'<input class="secret"[^>]* value="([^"]+)"', get_text(page))
    return {each for each in found if "/shared/" not in each and "/embedded/" not in each}


def test_reload_shows_nothing_and_creates_nothing(alice: Person, browser: Client) -> None:
    for path, fields, model in build_secret_forms(alice):
        response = browser.post(path, {"csrfmiddlewaretoken": get_csrf_token(browser.get(path)), **fields})
        assert (response.status_code, response["Location"].partition("?")[0]) == (303, path)
        assert response["Cache-Control"] == "no-store"
        created = model.objects.count()
        assert len(find_secrets(browser.get(path))) == 1, path
        assert find_secrets(browser.get(path)) == set()
        assert model.objects.count() == created


def test_message_is_not_stored_on_the_server(alice: Person, browser: Client) -> None:
    fields = {"action": "create", "label": "x", "scope": "*"}
    response = browser.post("/keys", {"csrfmiddlewaretoken": get_csrf_token(browser.get("/keys")), **fields})
    cookie = response.cookies["shown_once"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("/keys", 60, True, "Lax")
    _, content = signing.loads(cookie.value, salt="pages.once")
    assert all("value" not in session.get_decoded() for session in Session.objects.all())
    assert content["value"] in get_text(browser.get("/keys"))
    assert browser.cookies["shown_once"].value == ""


@override_settings(SESSION_COOKIE_SECURE=True)
def test_cookie_is_secure_like_the_session_cookie(alice: Person, browser: Client) -> None:
    fields = {"action": "create", "label": "x", "scope": "*"}
    response = browser.post("/keys", {"csrfmiddlewaretoken": get_csrf_token(browser.get("/keys")), **fields})
    assert response.cookies["shown_once"]["secure"] is True


@pytest.mark.parametrize("kind", ["forged", "of another user", "late", "none"])
def test_forged_message_is_ignored(
    alice: Person, bob: Person, browser: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    user = bob.user if kind == "of another user" else alice.user
    value = signing.dumps([user.pk, {"label": "Yours", "value": "phx_evil"}], salt="pages.once")
    if kind == "late":
        monkeypatch.setattr("django.core.signing.time.time", lambda: 2_000_000_000.0)
    browser.cookies["shown_once"] = {"forged": value[:-1] + "!", "none": ""}.get(kind, value)
    page = get_text(browser.get("/keys"))
    assert ("phx_evil" in page, "Copy this key now" in page) == (False, False)


def test_two_users_of_one_browser_see_their_own_messages(alice: Person, bob: Person, browser: Client) -> None:
    fields = {"action": "create", "label": "x", "scope": "*"}
    browser.post("/keys", {"csrfmiddlewaretoken": get_csrf_token(browser.get("/keys")), **fields})
    browser.post("/logout", {"csrfmiddlewaretoken": get_csrf_token(browser.get("/account"))})
    set_password(bob)
    sign_in(browser, bob.user.email, PASSWORD)
    assert "Copy this key now" not in get_text(browser.get("/keys"))
