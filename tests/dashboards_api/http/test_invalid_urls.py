"""Invalid URLs in requests, which are refused or ignored and never cause a server error."""

import pytest
from django.conf import settings
from django.test import Client

from dashboards.models import Dashboard
from tests.builders import PASSWORD, Person, make_session, set_password
from users.models import User

ODD = ["http://[", "http://[::1", "https://]", "http://a[b", "//[", "[", "http://\u2100", "http://testserver:x"]
ODD += ["null", "é", "://"]


@pytest.mark.parametrize("odd", ODD)
def test_sign_in_from_an_invalid_origin_is_refused(alice: Person, odd: str) -> None:
    set_password(alice)
    body = {"email": alice.user.email, "password": PASSWORD}
    answer = Client().post("/api/login/", body, "application/json", headers={"Origin": odd})
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("CSRF Failed")
    user = User.objects.get(pk=alice.user.pk)
    assert user.last_login is None


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_write_of_a_session_from_an_invalid_origin_is_refused(alice: Person, odd: str, header: str) -> None:
    browser = make_session(alice).client
    csrf = {"X-CSRFToken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    path = f"/api/projects/{alice.membership.project_id}/dashboards/"
    secure = header == "Referer"  # Django checks `Referer` only with HTTPS
    answer = browser.post(path, {"name": "x"}, "application/json", headers={**csrf, header: odd}, secure=secure)
    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_denied"
    form = {"csrfmiddlewaretoken": csrf["X-CSRFToken"], "name": "x"}
    page = Client(enforce_csrf_checks=True)
    page.cookies = browser.cookies
    assert page.post("/logout", form, headers={header: odd}, secure=secure).status_code == 403
    assert Dashboard.objects.count() == 0


@pytest.mark.parametrize("odd", ODD)
def test_api_key_works_from_an_invalid_origin(alice: Person, odd: str) -> None:
    headers = {"Authorization": f"Bearer {alice.key}", "Origin": odd, "Referer": odd, "X-Forwarded-Host": odd}
    assert Client().get("/api/users/@me/", headers=headers).status_code == 200
    preflight = {"Origin": odd, "Access-Control-Request-Method": "PATCH"}
    assert Client().options("/api/users/@me/", headers=preflight).status_code < 500


@pytest.mark.parametrize("odd", ODD)
def test_invalid_host_is_a_bad_request(alice: Person, odd: str) -> None:
    for path in ("/login", "/api/users/@me/", "/api/login/"):
        answer = Client().get(path, headers={"Host": odd.replace("null", "a.example")})
        assert answer.status_code == 400, path


@pytest.mark.parametrize("odd", [*ODD, "/\\[", "///[", "/[", "//a.example"])
def test_sign_in_redirects_only_to_own_urls(alice: Person, odd: str) -> None:
    set_password(alice)
    for client in (Client(), Client(headers={"Accept": "text/html"})):
        assert client.get("/login", {"next": odd}).status_code == 200
        response = client.post("/login", {"email": alice.user.email, "password": PASSWORD, "next": odd})
        assert (response.status_code, response["Location"]) == (303, odd if odd == "/[" else "/")


@pytest.mark.parametrize("odd", ["http://[", "https://[::1", "http://a[b]c"])
def test_invalid_button_url_is_refused(alice: Person, odd: str) -> None:
    answer = alice.api.post("dashboards/", {"name": "x", "tiles": [{"button_tile": {"url": odd, "text": "b"}}]})
    assert answer.error == (400, "validation_error", "invalid_input", "button_tile__url")
