"""The page of the user's own account."""

from typing import Any

import pytest
from django.test import Client

from tests.builders import PASSWORD, Person, make_session
from tests.pages.browsing import get_csrf_token, get_text, sign_in

NEW = "another horse battery"


def post_form(client: Client, **fields: Any) -> Any:
    return client.post("/account", {"csrfmiddlewaretoken": get_csrf_token(client.get("/account")), **fields})


def test_new_password_ends_other_sessions(alice: Person, browser: Client) -> None:
    other = make_session(alice)
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, alice.user.email, PASSWORD)
    response = post_form(browser, current=PASSWORD, new=NEW)
    assert (response.status_code, response["Location"]) == (303, "/account")
    assert "Your password is changed." in get_text(browser.get("/account"))
    assert "Your password is changed." not in get_text(browser.get("/account"))
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert browser.get("/account").status_code == 200
    assert other.get("dashboards/").status == 401
    assert sign_in(Client(enforce_csrf_checks=True), alice.user.email, NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "message"),
    [
        ("wrong", NEW, "That is not your password."),
        ("", NEW, "That is not your password."),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "password12", "too common"),
        (PASSWORD, "", "too short"),
        (PASSWORD, NEW * 50, "at most 1,000 characters"),
    ],
)
def test_invalid_values_are_reported(alice: Person, browser: Client, current: str, new: str, message: str) -> None:
    response = post_form(browser, current=current, new=new)
    assert response.status_code == 400
    assert message in get_text(response)
    alice.user.refresh_from_db()
    assert alice.user.check_password(PASSWORD)


def test_password_attempts_are_limited(alice: Person, browser: Client) -> None:
    assert {post_form(browser, current="wrong", new=NEW).status_code for _ in range(30)} == {400}
    response = post_form(browser, current=PASSWORD, new=NEW)
    assert response.status_code == 403
    assert "Too many failed attempts" in get_text(response)
