"""The console: sign-in, the list of dashboards, the page of a dashboard, and sign-out."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, override_settings

from dashboards.models import Dashboard
from dashboards_api.environment import Rate
from pages import urls
from tests.api.test_access_table import iter_routes
from tests.builders import PASSWORD, Person, make_dashboard, make_insight, make_project, make_text_tile, set_password
from tests.pages.browsing import (
    ATTACKS,
    get_csrf_token,
    get_dashboard_path,
    get_text,
    list_elements,
    parse_policy,
    sign_in,
)
from users.models import AttemptCounter
from users.rate_limiting.attempts import Attempt, count_attempts
from users.services.api_keys import create_api_key
from users.services.projects import add_member
from users.services.sign_in import SIGN_IN_FROM_ADDRESS
from users.services.users import set_active

# Every page of the console, and whether it is public.
TABLE = {"": False, "login": True, "logout": False, "projects/<project_id>/dashboards": False}
TABLE |= {"setup/<token>": True, "keys": False, "account": False}
TABLE |= {"invitations": False, "invitations/<token>": True}
TABLE["projects/<project_id>/settings"] = False
TABLE |= {"projects/<project_id>/members": False, "projects/<project_id>/dashboards/<id>/tiles": False}
TABLE["projects/<project_id>/dashboards/<id>/history"] = False
TABLE["projects/<project_id>/dashboards/<id>"] = False
TABLE["projects/<project_id>/dashboards/<id>/versions/<version>"] = False
TABLE |= {f"projects/<project_id>/templates{rest}": False for rest in ("", "/<template_id>")}
TABLE |= {f"projects/<project_id>/dashboards/<id>/{name}": False for name in ("filters", "access")}
TABLE["projects/<project_id>/dashboards/<id>/insights/<insight_id>"] = False


def test_every_page_requires_a_session(alice: Person) -> None:
    assert set(iter_routes(urls.console)) == set(TABLE)
    board = make_dashboard(alice, "Secret")
    for route, is_open in TABLE.items():
        path = "/" + route.replace("<project_id>", str(board.project_id)).replace("<id>", str(board.pk))
        response = Client().get(path, {"a": "b"})
        if route == "logout":
            assert response.status_code == 405
        elif is_open:
            assert response.status_code == (404 if "token" in route else 200)
        else:
            assert response.status_code == 302
            assert response["Location"].startswith("/login?next=%2F")
            assert response["Location"].endswith("%3Fa%3Db")
        assert "Secret" not in get_text(response)


def test_signing_in_redirects_to_the_dashboards(alice: Person, browser: Client) -> None:
    home = browser.get("/")
    assert home["Location"] == f"/projects/{alice.membership.project_id}/dashboards"
    page = browser.get(home["Location"])
    assert page.status_code == 200
    assert "There is no dashboard in this project yet." in get_text(page)
    assert alice.user.email in get_text(page)
    assert page["Cache-Control"] == "no-store"
    assert browser.get("/login")["Location"] == "/"


def test_incorrect_password_is_reported_and_keeps_the_email(alice: Person) -> None:
    response = sign_in(Client(enforce_csrf_checks=True), "alice@example.com", "wrong")
    assert response.status_code == 400
    assert "Wrong e-mail address or password." in get_text(response)
    assert 'value="alice@example.com"' in get_text(response)


def test_password_attempts_are_limited_as_in_the_api(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(30):
        sign_in(client, "alice@example.com", "wrong")
    assert [counter.attempts for counter in AttemptCounter.objects.all()] == [30, 30]  # pair, account
    response = sign_in(client, "alice@example.com", "wrong")
    assert response.status_code == 403
    assert "Too many failed attempts" in get_text(response)


@pytest.mark.parametrize(
    ("next_url", "leads_to"),
    [
        ("/projects/1/dashboards?tag=a", "/projects/1/dashboards?tag=a"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil", "/"),
    ],
)
def test_redirect_leads_to_no_other_site(alice: Person, next_url: str, leads_to: str) -> None:
    set_password(alice)
    response = sign_in(Client(enforce_csrf_checks=True), alice.user.email, PASSWORD, next=next_url)
    assert (response.status_code, response["Location"]) == (303, leads_to)


def test_form_without_a_csrf_token_is_refused(alice: Person, browser: Client) -> None:
    for path in ("/login", "/logout"):
        response = browser.post(path, {"email": "a", "password": "b"})
        assert response.status_code == 403
        assert "Please try again" in get_text(response)
    assert browser.get("/").status_code == 302


def test_bearer_token_of_a_proxy_is_ignored(alice: Person, browser: Client) -> None:
    headers = {"Authorization": "Bearer x"}
    assert Client().get("/login", headers=headers).status_code == 200
    assert Client().get("/", headers=headers)["Location"].startswith("/login")
    page = browser.get(f"/projects/{alice.membership.project_id}/dashboards", headers=headers)
    assert page.status_code == 200
    assert browser.post("/logout", {"csrfmiddlewaretoken": get_csrf_token(page)}, headers=headers).status_code == 303


def test_limited_address_gets_the_time_to_wait(alice: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    for _ in range(SIGN_IN_FROM_ADDRESS.attempts):
        count_attempts([Attempt(SIGN_IN_FROM_ADDRESS, address="127.0.0.1")])
    set_password(alice)
    with override_settings(RATE_LIMITS=[Rate(1000, 60)]):
        response = sign_in(client, alice.user.email, PASSWORD)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 600
    assert "Too many attempts" in get_text(response)
    assert client.get("/").status_code == 302


def test_signing_out_ends_the_session(alice: Person, browser: Client) -> None:
    page = browser.get(f"/projects/{alice.membership.project_id}/dashboards")
    response = browser.post("/logout", {"csrfmiddlewaretoken": get_csrf_token(page)})
    assert (response.status_code, response["Location"]) == (303, "/login")
    assert browser.get("/")["Location"].startswith("/login")


def test_deactivated_user_loses_access_at_once(alice: Person, browser: Client) -> None:
    set_active(alice.user, active=False)
    assert browser.get("/")["Location"].startswith("/login")


def test_list_can_be_searched_and_filtered(alice: Person, browser: Client) -> None:
    make_dashboard(alice, "Weekly", description="about sales", tags=["growth", "a&b"], pinned=True)
    make_dashboard(alice, "Checkout")
    make_dashboard(alice, "Gone", deleted=True)
    path = f"/projects/{alice.membership.project_id}/dashboards"

    def names(**query: str) -> list[str]:
        return re.findall(r'class="list__name" href="[^"]*">([^<]*)<', get_text(browser.get(path, query)))

    assert names() == ["Weekly", "Checkout"]
    assert (names(search="SALES"), names(tag="growth"), names(tag="a&b"), names(pinned="true")) == (["Weekly"],) * 4
    assert names(search="nothing") == []
    assert 'href="?tag=a%26b"' in get_text(browser.get(path))
    assert names(search="x\0y", offset="-1") == []
    assert (names(tag="x\0y"), browser.get(path, {"folder": "x\0y"}).status_code) == ([], 200)


def test_list_is_paginated(alice: Person, browser: Client) -> None:
    Dashboard.objects.bulk_create(
        [
            Dashboard(project=alice.membership.project, name=f"{number:03}", name_key=f"{number:03}", search_text="n")
            for number in range(60)
        ]
    )
    path = f"/projects/{alice.membership.project_id}/dashboards?search=n"
    first = get_text(browser.get(path))
    assert "1 to 50 of 60" in first
    assert 'href="?search=n&amp;offset=50"' in first
    second = get_text(browser.get(f"{path}&offset=50"))
    assert "51 to 60 of 60" in second
    assert 'href="?search=n&amp;offset=0"' in second


def test_dashboard_shows_its_tiles(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, "Weekly", description="for Monday", tags=["growth"])
    tile = make_text_tile(alice, board, "## Hello", layouts={"sm": {"x": 6, "y": 0, "w": 6, "h": 2}})
    make_insight(alice, board, name="Visits")
    response = browser.get(get_dashboard_path(board))
    text = get_text(response)
    for shown in ("<h1>Weekly</h1>", "for Monday", "growth", "<h2>Hello</h2>", "Visits", "TrendsQuery"):
        assert shown in text
    assert f"#tile-{tile.pk}{{grid-area:1/7/span 2/span 6}}" in text
    assert "'sha256-" in parse_policy(response)["style-src"]
    assert (parse_policy(response)["frame-ancestors"], response["X-Frame-Options"]) == ("'none'", "DENY")


def test_dashboards_of_other_projects_are_not_shown(alice: Person, carol: Person, browser: Client) -> None:
    foreign = make_dashboard(carol, "Foreign")
    answers = {
        get_dashboard_path(foreign): 403,
        f"/projects/{foreign.project_id}/dashboards": 403,
        f"/projects/{alice.membership.project_id}/dashboards/{foreign.pk}": 404,
        f"/projects/{alice.membership.project_id}/dashboards/x": 404,
        "/projects/999999/dashboards": 404,
        "/projects/%00/dashboards/%00": 404,
        get_dashboard_path(make_dashboard(alice, "Foreign", deleted=True)): 404,
    }
    for path, status in answers.items():
        response = browser.get(path)
        assert (path, response.status_code) == (path, status)
        assert "Foreign" not in get_text(response)


def test_projects_can_be_switched(alice: Person, browser: Client) -> None:
    other = make_project("Other <b>")
    add_member(other, user=alice.user)
    page = get_text(browser.get(f"/projects/{other.pk}/dashboards"))
    assert f'<a href="/projects/{other.pk}/dashboards" aria-current="true">Other &lt;b&gt;</a>' in page
    assert f'<a href="/projects/{alice.membership.project_id}/dashboards">Home</a>' in page


def test_user_without_a_project_sees_an_explanation(alice: Person, browser: Client) -> None:
    alice.membership.delete()
    assert "You are not a member of any project yet." in get_text(browser.get("/"))


def send_attacks(alice: Person, browser: Client, attack: str) -> list[str]:
    """Store the attack in every text field, and return the pages that show it."""
    board = make_dashboard(alice, attack, description=attack, tags=[attack], tiles=[{"text": {"body": attack}}])
    make_insight(alice, board, name=attack, description=attack, query={"kind": attack, "source": {"kind": attack}})
    tiles: Any = [{"button_tile": {"text": attack, "url": "/x"}, "color": attack[:30]}]
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tiles": tiles}).status == 200
    settings: Any = {"settings": {"allow_overrides": [attack]}, "enabled": True, "password_required": True}
    assert alice.api.patch(f"dashboards/{board.pk}/sharing/", settings).status == 200
    assert alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {"note": attack[:100]}).status == 201
    create_api_key(alice.user, label=attack[:40], scopes=["*"])
    alice.user.first_name = attack
    alice.user.save()
    project = alice.membership.project
    project.name = attack
    project.save()
    template = {
        "template_name": attack,
        "dashboard_description": attack,
        "dashboard_filters": {},
        "variables": [{"id": "A", "default": attack}],
        "tiles": [{"type": "TEXT", "body": "{A}"}, {"type": "INSIGHT", "name": "{A}", "query": {"kind": "{A}"}}],
    }
    created = alice.api.post("dashboards/create_from_template_json/", {"template": template})
    assert created.status == 200
    home = f"/projects/{board.project_id}"
    boards = [get_dashboard_path(board), f"{home}/dashboards/{created.json['id']}"]
    found = urlencode({"search": attack, "tag": attack})
    lists = [f"{home}/dashboards", f"{home}/dashboards?{found}", f"{home}/members", "/keys", "/account"]
    return [*boards, *(f"{each}/tiles" for each in boards), *lists, f"/login?{urlencode({'again': 1, 'next': attack})}"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_markup_is_escaped(alice: Person, browser: Client, attack: str) -> None:
    for path in send_attacks(alice, browser, attack):
        response = browser.get(path)
        assert response.status_code == 200, path
        scripts = re.findall(r"<script[^>]*>[^<]*", get_text(response))
        own = {f'<script src="/static/pages/{name}.js" defer>' for name in ("copy", "board", "preview", "unsaved")}
        assert set(scripts) <= own, path
        for tag, attrs in list_elements(response):
            assert tag not in ("img", "svg", "iframe")
            assert not [name for name in attrs if name.startswith("on") or name == "style"]
            assert not str(attrs.get("href")).startswith(("javascript", "data", "vbscript", "//"))


def test_scripts_are_own_files(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "x"}}])
    for path in (get_dashboard_path(board), "/keys"):
        assert parse_policy(browser.get(path))["script-src"] == "'self'"
    assert "script-src" not in parse_policy(Client().get("/login"))
    assert "sha256-" in parse_policy(browser.get(get_dashboard_path(board)))["style-src"]
