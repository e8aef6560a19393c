"""/setup/:token: setting the first password, or a new password."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from tests.builders import PASSWORD, Person, set_password
from tests.pages.browsing import get_csrf_token, get_text, sign_in
from users.models import User
from users.services.initial_data import create_initial_data
from users.services.setup import create_setup_token
from users.services.users import set_active

FORM = {"name": "Ada van Dyk", "email": "alice@example.com", "password": PASSWORD}


@pytest.fixture
def path(alice: Person) -> str:
    return f"/setup/{create_setup_token(alice.user)}"


def post_form(client: Client, path: str, **changes: str) -> Any:
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), **FORM, **changes})


def test_setup_sets_name_and_password_and_signs_in(alice: Person, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    page = get_text(client.get(path))
    assert re.search(r'<input id="email"[^>]* value="alice@example.com"[^>]* readonly', page)
    response = post_form(client, path, email="Alice@Example.com")
    assert (response.status_code, response["Location"]) == (303, "/")
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("alice@example.com", "Ada", "van Dyk")
    assert (user.check_password(PASSWORD), user.is_email_verified) == (True, True)
    assert client.get("/").status_code == 302
    assert sign_in(Client(enforce_csrf_checks=True), "alice@example.com", PASSWORD).status_code == 303


def test_first_admin_chooses_an_email(db: None) -> None:
    created = create_initial_data()
    assert created is not None
    client, path = Client(enforce_csrf_checks=True), f"/setup/{create_setup_token(created.key.user)}"
    assert "readonly" not in get_text(client.get(path))
    assert post_form(client, path, email="\u017fam@example.com").status_code == 400
    assert post_form(client, path, email="Ada@M\xfcller.de").status_code == 303
    user = User.objects.get()
    assert (user.email, user.is_email_verified) == ("ada@xn--mller-kva.de", True)
    assert user.personal_api_keys.get() == created.key


def test_keys_of_an_unverified_account_are_revoked(alice: Person, path: str) -> None:
    post_form(Client(enforce_csrf_checks=True), path)
    assert alice.api.get("dashboards/").status == 200
    User.objects.update(is_email_verified=False)
    alice.user.refresh_from_db()
    client, path = Client(enforce_csrf_checks=True), f"/setup/{create_setup_token(alice.user)}"
    assert post_form(client, path).status_code == 303
    assert alice.api.get("dashboards/").status == 401
    assert User.objects.get().is_email_verified is True


def test_link_is_valid_once(alice: Person, path: str) -> None:
    post_form(Client(enforce_csrf_checks=True), path)
    assert Client().get(path).status_code == 404
    assert Client().post(path, FORM).status_code == 404
    assert "This link has been used" in get_text(Client().get(path))


def test_link_is_valid_for_a_day(alice: Person, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours, status in ((23, 200), (25, 404)):
        later = datetime.now() + timedelta(hours=hours)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self, later=later: later)
        assert Client().get(path).status_code == status


@pytest.mark.parametrize("change", ["signed in", "deactivated", "another address"])
def test_link_is_invalid_after_sign_in_deactivation_or_email_change(alice: Person, path: str, change: str) -> None:
    if change == "signed in":
        set_password(alice)
    elif change == "deactivated":
        set_active(alice.user, active=False)
    else:
        User.objects.update(email="new@example.com")
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("token", ["x", "1", "1-", "1-abc", "0-x-y", "99999999999999999999-a-b", "-1-a-b", "a%00-b-c"])
def test_invalid_links_are_refused(alice: Person, bob: Person, token: str) -> None:
    assert Client().get(f"/setup/{token}").status_code == 404
    theirs = create_setup_token(bob.user).partition("-")[2]
    assert Client().get(f"/setup/{alice.user.pk}-{theirs}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "password12"}, "too common"),
        ({"password": "alice@example.com"}, "too similar"),
        ({"password": "battery horse " * 100}, "at most 1,000 characters"),
        ({"email": "no address"}, "cannot be changed here"),
        ({"email": "bob@example.com"}, "cannot be changed here"),
        ({"email": "free@example.com"}, "cannot be changed here"),
        ({"email": ""}, "cannot be changed here"),
        ({"name": "x" * 151}, "at most 150"),
    ],
)
def test_invalid_values_are_reported_and_change_nothing(
    alice: Person, bob: Person, path: str, changes: dict[str, str], message: str
) -> None:
    before = User.objects.filter(pk=alice.user.pk).values().get()
    response = post_form(Client(enforce_csrf_checks=True), path, **changes)
    assert response.status_code == 400
    assert message in get_text(response)
    assert User.objects.filter(pk=alice.user.pk).values().get() == before
    assert Client().get(path).status_code == 200


def test_form_without_a_csrf_token_changes_nothing(alice: Person, path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path, FORM).status_code == 403
    assert User.objects.get().email == "alice@example.com"
