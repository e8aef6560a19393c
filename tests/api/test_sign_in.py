"""POST /api/login/ and /api/logout/: browser sessions and CSRF. The limits on attempts are in `test_sign_in_limits`."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import global_settings, settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.utils import timezone

from dashboards.models import Dashboard
from tests.builders import PASSWORD, Person, make_session, set_password
from tests.client import Api
from users.models import AttemptCounter
from users.services.users import set_active

BAD_PAIR = (400, "validation_error", "invalid_credentials", None)
NONE = (401, "authentication_error", "not_authenticated", None)


@pytest.fixture
def browser(alice: Person) -> Api:
    return make_session(alice)


def test_signing_in_sets_the_cookies_of_a_session(alice: Person) -> None:
    set_password(alice)
    answer = Api(None, 0).sign_in("  ALICE@Example.com ", PASSWORD)
    assert (answer.status, answer.json) == (200, {"success": True})
    session = answer.response.cookies["sessionid"]
    assert (session["httponly"], session["samesite"], session["max-age"]) == (True, "Lax", 14 * 24 * 3600)
    csrf = answer.response.cookies["posthog_csrftoken"]
    assert (bool(csrf["httponly"]), csrf["samesite"]) == (False, "Lax")
    assert Session.objects.count() == 1
    assert "phx_" not in answer.text


def test_a_session_reads_and_writes_as_the_user(alice: Person, browser: Api) -> None:
    created = browser.post("dashboards/", {"name": "by hand"})
    assert (created.status, created.json["created_by"]["email"]) == (201, alice.user.email)
    assert browser.get("dashboards/").json["results"][0]["name"] == "by hand"
    assert browser.get("/api/users/@me/").json["email"] == alice.user.email
    assert browser.get("/api/projects/").json["count"] == 1


def test_a_session_is_refused_for_other_projects(browser: Api, carol: Person) -> None:
    answer = browser.get(f"/api/projects/{carol.membership.project_id}/dashboards/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com", "bob@example.com", "not an address"])
def test_unknown_user_and_incorrect_password_are_indistinguishable(alice: Person, bob: Person, email: str) -> None:
    set_password(alice)
    answer = Api(None, 0).sign_in(email, "definitely wrong")
    assert answer.error == BAD_PAIR
    assert answer.json["detail"] == "Invalid email or password."
    assert not answer.response.cookies
    # Bob has no password.
    assert Api(None, 0).sign_in(bob.user.email, "").error == (400, "validation_error", "blank", "password")


def test_deactivating_a_user_ends_their_sessions(alice: Person, browser: Api) -> None:
    assert browser.get("dashboards/").status == 200
    set_active(alice.user, active=False)
    assert browser.get("dashboards/").error == NONE
    assert Api(None, 0).sign_in(alice.user.email, PASSWORD).error == BAD_PAIR
    set_active(alice.user, active=True)
    assert browser.get("dashboards/").error == NONE
    assert alice.api.get("dashboards/").status == 200
    assert Session.objects.count() == 0


def test_changing_the_password_ends_sessions(alice: Person, browser: Api) -> None:
    set_password(alice, "another horse battery")
    assert browser.get("dashboards/").error == NONE


def test_removed_membership_ends_access_to_the_project_at_once(alice: Person, browser: Api) -> None:
    alice.membership.delete()
    assert browser.get("dashboards/").error == (403, "authentication_error", "permission_denied", None)


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "email"),
        ({"email": "a@example.com"}, "required", "password"),
        ({"email": "", "password": "x"}, "blank", "email"),
        ({"email": 5, "password": "x"}, "invalid_input", "email"),
        ({"email": "a@example.com", "password": None}, "null", "password"),
        ({"email": "a@example.com", "password": ["x"]}, "invalid_input", "password"),
        ({"email": "a@example.com", "password": "x" * 1001}, "max_length", "password"),
        ({"email": "a\x00@example.com", "password": "x"}, "null_characters_not_allowed", "email"),
    ],
)
def test_invalid_bodies_are_reported(db: None, body: dict[str, Any], code: str, attr: str) -> None:
    answer = Api(None, 0).call("POST", "/api/login/", body, documented=False)
    assert answer.error == (400, "validation_error", code, attr)
    assert AttemptCounter.objects.count() == 0


def test_a_form_signs_in(alice: Person) -> None:
    set_password(alice, f" {PASSWORD} ")
    answer = Api(None, 0).send_form("POST", "/api/login/", {"email": alice.user.email, "password": f" {PASSWORD} "})
    assert answer.status == 200


def test_signing_in_with_a_key_is_refused(alice: Person) -> None:
    answer = alice.api.sign_in(alice.user.email, PASSWORD)
    assert answer.error == (400, "validation_error", "invalid_input", None)
    assert Session.objects.count() == 0


def test_signing_in_from_another_site_is_refused(alice: Person) -> None:
    set_password(alice)
    body = {"email": alice.user.email, "password": PASSWORD}
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert Api(None, 0).post("/api/login/", body, headers={"Sec-Fetch-Site": site}).status == status
    for origin, status in (("https://evil.example", 403), ("null", 403), ("http://testserver", 200)):
        assert Api(None, 0).post("/api/login/", body, headers={"Origin": origin}).status == status


@pytest.mark.parametrize("token", [None, "", "x" * 32, "a" * 64, "é"])
def test_a_write_without_the_csrf_token_is_403(browser: Api, token: str | None) -> None:
    headers = {} if token is None else {"X-CSRFToken": token}
    cookie = browser.client.cookies[settings.CSRF_COOKIE_NAME]
    browser.client.cookies.pop(settings.CSRF_COOKIE_NAME)
    browser.client.cookies["other"] = cookie.value
    assert browser.post("dashboards/", {"name": "x"}, headers=headers).error[0] == 403
    browser.client.cookies[settings.CSRF_COOKIE_NAME] = cookie.value
    for method, path in (("POST", "dashboards/"), ("PATCH", "dashboards/1/"), ("POST", "/api/logout/")):
        answer = browser.call(method, path, {}, headers={"X-CSRFToken": token or ""})
        assert answer.error == (403, "authentication_error", "permission_denied", None)
        assert answer.json["detail"].startswith("CSRF Failed")
    assert browser.get("dashboards/").status == 200
    assert Dashboard.objects.count() == 0


@pytest.mark.parametrize("id_", ["%E2%82%AC", "%F0%9F%98%80", "%C3%BC"])
def test_csrf_is_checked_for_non_latin_1_paths(browser: Api, id_: str) -> None:
    answer = browser.post(f"/api/personal_api_keys/{id_}/roll/")
    assert answer.error == (404, "invalid_request", "not_found", None)
    refused = browser.post(f"/api/personal_api_keys/{id_}/roll/", headers={"X-CSRFToken": "x" * 32})
    assert refused.error == (403, "authentication_error", "permission_denied", None)


def test_a_csrf_token_in_a_form_is_ignored(browser: Api) -> None:
    token = browser.client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = browser.call(
        "POST",
        "dashboards/",
        raw=f"name=x&csrfmiddlewaretoken={token}".encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"X-CSRFToken": ""},
    )
    assert answer.status == 403


def test_another_origin_is_refused_despite_the_token(browser: Api) -> None:
    answer = browser.post("dashboards/", {"name": "x"}, headers={"Origin": "https://evil.example"})
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert browser.post("dashboards/", {"name": "x"}, headers={"Origin": "http://testserver"}).status == 201


def test_multipart_bodies_of_sessions_are_validated(browser: Api) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\na\x00b\r\n--b--\r\n'
    answer = browser.call("POST", "dashboards/", raw=body, content_type="multipart/form-data; boundary=b")
    assert answer.error == (400, "validation_error", "null_characters_not_allowed", "name")


def test_a_key_takes_precedence_over_a_session(browser: Api, bob: Person) -> None:
    browser.client.cookies.pop(settings.CSRF_COOKIE_NAME)
    answer = browser.post("dashboards/", {"name": "x"}, headers={"Authorization": f"Bearer {bob.key}"})
    assert (answer.status, answer.json["created_by"]["email"]) == (201, bob.user.email)
    assert browser.get("dashboards/").status == 200
    answer = browser.call("GET", "dashboards/", headers={"Authorization": "Bearer phx_nope"})
    assert answer.error == (401, "authentication_error", "authentication_failed", None)


def test_a_request_with_a_key_does_not_use_the_session(alice: Person, browser: Api) -> None:
    answer = browser.call("GET", "dashboards/", headers={"Authorization": f"Bearer {alice.key}"})
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.response.cookies
    assert "Cookie" in browser.get("dashboards/").headers["Vary"]


def test_basic_credentials_of_a_proxy_do_not_disable_the_session(browser: Api) -> None:
    assert browser.call("GET", "dashboards/", headers={"Authorization": "Basic Zm9vOmJhcg=="}).status == 200


@pytest.mark.parametrize("cookie", ['"a\\000b"', "x", "A" * 32, "a" * 33, "é" * 32])
def test_malformed_session_cookies_are_ignored(alice: Person, cookie: str) -> None:
    api = Api(None, alice.membership.project_id)
    headers = {"Cookie": f"sessionid={cookie}"}
    assert api.call("GET", "dashboards/", headers=headers).error == NONE
    assert api.call("POST", "/api/logout/", {}, headers=headers).error == NONE


def test_signing_out_invalidates_copies_of_the_cookie(browser: Api) -> None:
    copy = Api(None, browser.root.split("/")[3])
    copy.client.cookies.load(browser.client.cookies)
    assert copy.get("dashboards/").status == 200
    answer = browser.post("/api/logout/")
    assert (answer.status, answer.text) == (204, "")
    assert Session.objects.count() == 0
    for each in (browser, copy):
        assert each.get("dashboards/").error == NONE
    assert browser.post("/api/logout/").error == NONE


def test_signing_in_again_rotates_session_and_csrf_token(alice: Person, browser: Api) -> None:
    before = {name: cookie.value for name, cookie in browser.client.cookies.items()}
    assert browser.sign_in(alice.user.email, PASSWORD).status == 200
    after = {name: cookie.value for name, cookie in browser.client.cookies.items()}
    assert set(before.values()).isdisjoint(after.values())


def test_signing_in_deletes_expired_sessions(alice: Person, browser: Api) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert browser.get("dashboards/").error == NONE
    browser.sign_in(alice.user.email, PASSWORD)
    assert Session.objects.count() == 1


def test_production_hashes_passwords_with_600_000_iterations() -> None:
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        hasher = get_hasher()
        assert isinstance(hasher, PBKDF2PasswordHasher)
        assert hasher.iterations >= 600_000
