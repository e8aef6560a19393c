"""The page of API keys."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import PASSWORD, Person
from tests.client import Api
from tests.pages.browsing import get_csrf_token, get_text, sign_in
from users.models import PersonalAPIKey


def post_form(client: Client, **fields: Any) -> Any:
    return client.post("/keys", {"csrfmiddlewaretoken": get_csrf_token(client.get("/keys")), **fields})


def read_shown_key(client: Client, response: Any) -> str:
    """Return the key that the page shows after a form."""
    assert (response.status_code, response["Location"]) == (303, "/keys")
    found = re.search(r'class="secret" id="value" value="(\w+)"', get_text(client.get("/keys")))
    assert found is not None
    return found[1]


def test_key_is_created_shown_once_and_works(alice: Person, browser: Client) -> None:
    project = alice.membership.project_id
    response = post_form(
        browser,
        action="create",
        label="<CI>",
        scope=["dashboard:read", "insight:read"],
        project=[project],
        expires="30",
    )
    key = PersonalAPIKey.objects.exclude(label="test").get()
    assert (key.label, key.scopes, key.scoped_projects) == ("<CI>", ["dashboard:read", "insight:read"], [project])
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    value = read_shown_key(browser, response)
    assert Api(value, project).get("dashboards/").status == 200
    again = browser.get("/keys")
    assert value not in get_text(again)
    assert "&lt;CI&gt;" in get_text(again)
    assert (response["Cache-Control"], again["Cache-Control"]) == ("no-store", "no-store")


def test_scopes_that_change_something_can_be_chosen(browser: Client) -> None:
    page = get_text(browser.get("/keys"))
    offered = {name for name in ("dashboard", "project", "organization", "user") if f'value="{name}:write"' in page}
    assert offered == {"dashboard", "project"}
    assert ('value="query:read"' in page, 'value="query:write"' in page) == (True, False)


def test_key_is_rolled_and_revoked(alice: Person, browser: Client) -> None:
    key = PersonalAPIKey.objects.get()
    value = read_shown_key(browser, post_form(browser, action="roll", id=key.pk))
    assert [Api(each, alice.membership.project_id).get("dashboards/").status for each in (alice.key, value)] == [
        401,
        200,
    ]
    assert post_form(browser, action="revoke", id=key.pk).status_code == 303
    assert PersonalAPIKey.objects.count() == 0
    assert "You have no keys." in get_text(browser.get("/keys"))
    assert post_form(browser, action="revoke", id=key.pk)["Location"] == "/keys"


def test_keys_of_others_are_neither_shown_nor_changed(alice: Person, bob: Person, browser: Client) -> None:
    theirs = bob.user.personal_api_keys.get()
    assert theirs.pk not in get_text(browser.get("/keys"))
    for action in ("roll", "revoke"):
        assert post_form(browser, action=action, id=theirs.pk).status_code == 303
    assert bob.api.get("dashboards/").status == 200


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"label": "", "scope": ["*"]}, 'name="label"', "may not be blank"),
        ({"label": "x" * 41, "scope": ["*"]}, 'name="label"', "at most 40"),
        ({"label": "x"}, "Profile", "at least one scope"),
        ({"label": "x", "scope": ["nonsense"]}, "Profile", "Invalid scope"),
        ({"label": "x", "scope": ["*"], "project": ["999999"]}, 'name="project"', "must be a member"),
        ({"label": "x", "scope": ["*"], "expires": "0"}, 'name="expires"', "between 1 and 36,500"),
    ],
)
def test_invalid_values_are_reported_at_their_fields(
    browser: Client, fields: dict[str, Any], field: str, message: str
) -> None:
    response = post_form(browser, action="create", **fields)
    assert response.status_code == 400
    assert re.search(
        rf'{field}.*<p class="error" id="error" role="alert">[^<]*{message}', get_text(response), re.DOTALL
    )
    assert PersonalAPIKey.objects.count() == 1


def test_input_is_kept_beside_an_error(alice: Person, browser: Client) -> None:
    project = alice.membership.project_id
    fields = {"scope": ["dashboard:read", "query:read"], "project": [project], "expires": "365"}
    page = get_text(post_form(browser, action="create", label="x" * 41, **fields))
    assert f'value="{"x" * 41}"' in page
    assert list_ticked(page) == ["dashboard:read", "query:read", str(project)]
    assert re.findall(r'<option value="(\d*)" selected>', page) == ["365"]


def test_eleventh_key_is_refused(browser: Client) -> None:
    for _ in range(9):
        post_form(browser, action="create", label="x", scope=["*"])
    assert "the maximum number of keys" in get_text(browser.get("/keys"))
    assert post_form(browser, action="create", label="x", scope=["*"]).status_code == 400
    assert PersonalAPIKey.objects.count() == 10


def test_old_session_must_confirm_the_password(alice: Person, browser: Client) -> None:
    session = browser.session
    session["signed_in_at"] = 0
    session.save()
    response = post_form(browser, action="create", label="x", scope=["*"])
    following = "/keys?label=x&scope=%2A"
    assert (response.status_code, response["Location"]) == (303, f"/login?{urlencode({'again': 1, 'next': following})}")
    assert PersonalAPIKey.objects.count() == 1
    assert browser.get(response["Location"]).status_code == 200
    assert sign_in(browser, alice.user.email, PASSWORD, next=following)["Location"] == following
    page = get_text(browser.get(following))
    assert ('value="x" required' in page, list_ticked(page)) == (True, ["*"])
    assert post_form(browser, action="create", label="x", scope=["*"]).status_code == 303


def list_ticked(page: str) -> list[str]:
    return re.findall(r'type="checkbox" name="\w+" value="([^"]+)" checked', page)


def test_form_without_a_csrf_token_creates_nothing(browser: Client) -> None:
    assert browser.post("/keys", {"action": "create", "label": "x", "scope": "*"}).status_code == 403
    assert PersonalAPIKey.objects.count() == 1
