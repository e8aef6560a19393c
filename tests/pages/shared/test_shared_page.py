"""/shared/:token and /embedded/:token as pages."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.pages.browsing import ATTACKS, HTML, list_elements, parse_policy, visit

PASSWORD = "correct horse 1"


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Quarter", description="for all\nof us", tags=["internal-tag"])
    make_text_tile(
        alice, created, "## Hello\n\n[more](https://example.com/)", layouts={"sm": {"x": 0, "y": 0, "w": 6, "h": 4}}
    )
    make_insight(alice, created, name="Visits", description="all of them")
    button: Any = {"button_tile": {"url": "/handbook", "text": "Handbook", "style": "secondary"}, "color": "green"}
    assert alice.api.patch(f"dashboards/{created.pk}/", {"tiles": [button]}).status == 200
    return created


@pytest.mark.parametrize("step", ["shared", "embedded", "shared_dashboard"])
def test_page_shows_the_dashboard(alice: Person, board: Dashboard, step: str) -> None:
    response = visit(f"/{step}/{share(alice, board)}")
    text = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    for shown in (
        "<title>Quarter</title>",
        "for all\nof us",
        "<h2>Hello</h2>",
        "Visits",
        "all of them",
        "This insight could not be computed.",
    ):
        assert shown in text
    links = [attrs["href"] for tag, attrs in list_elements(response) if tag == "a"]
    assert sorted(links, key=str) == ["/handbook", "https://example.com/"]
    assert "Trends" in text


def test_page_contains_no_script_inline_style_or_foreign_resource(alice: Person, board: Dashboard) -> None:
    for tag, attrs in list_elements(visit(f"/shared/{share(alice, board)}")):
        assert tag not in ("script", "img", "iframe", "object", "form")
        assert not [name for name in attrs if name == "style" or name.startswith("on")]
        if tag == "link":
            assert str(attrs["href"]).startswith("/static/pages/")


def test_page_contains_no_users_tags_or_origin(alice: Person, board: Dashboard) -> None:
    text = visit(f"/shared/{share(alice, board)}").content.decode()
    for hidden in (alice.user.email, str(alice.user.uuid), alice.user.first_name, "internal-tag", "Home"):
        assert hidden not in text


def test_content_security_policy_allows_only_own_styles(alice: Person, board: Dashboard) -> None:
    response = visit(f"/shared/{share(alice, board)}")
    assert parse_policy(response)["default-src"] == "'none'"
    assert parse_policy(response)["base-uri"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/=]{44}'", parse_policy(response)["style-src"])
    assert (response["X-Content-Type-Options"], response["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert (response["X-Robots-Tag"], response["Cache-Control"]) == ("noindex", "private, no-cache")
    assert not response.cookies


@pytest.mark.parametrize("step", ["shared", "embedded"])
def test_page_can_be_framed_by_allowed_origins(alice: Person, board: Dashboard, step: str) -> None:
    path = f"/{step}/{share(alice, board)}"
    assert "X-Frame-Options" not in visit(path)
    assert parse_policy(visit(path))["frame-ancestors"] == "*"
    with override_settings(EMBED_ORIGINS=["https://a.example", "https://b.example"]):
        assert parse_policy(visit(path))["frame-ancestors"] == "https://a.example https://b.example"


def test_other_pages_cannot_be_framed() -> None:
    for path in ("/nowhere", "/static/nothing.css"):
        response = Client().get(path)
        assert response["X-Frame-Options"] == "DENY"
        assert parse_policy(response)["frame-ancestors"] == "'none'"


def test_unchanged_page_is_304(alice: Person, board: Dashboard) -> None:
    path = f"/shared/{share(alice, board)}"
    first = visit(path)
    again = visit(path, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Security-Policy" not in again  # the policy of the cached page remains valid
    for change in ({"name": "Renamed"}, {"tiles": [{"text": {"body": "new"}}]}):
        etag = visit(path)["ETag"]
        assert visit(path, **{"If-None-Match": etag}).status_code == 304
        assert alice.api.patch(f"dashboards/{board.pk}/", change).status == 200
        assert visit(path, **{"If-None-Match": etag}).status_code == 200
    etag = visit(path)["ETag"]
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"settings": {"theme": "dark"}})
    assert 'data-theme="dark"' in visit(path, **{"If-None-Match": etag}).content.decode()
    with override_settings(EMBED_ORIGINS=["https://a.example"]):
        assert visit(path, **{"If-None-Match": visit(path)["ETag"]}).status_code == 304
        assert visit(path, **{"If-None-Match": etag}).status_code == 200


def test_unchanged_page_is_read_since_its_results_may_be_stale(alice: Person, board: Dashboard) -> None:
    path = f"/shared/{share(alice, board)}"
    etag = visit(path)["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert visit(path, **{"If-None-Match": etag}).status_code == 304
    assert len(captured) == 4  # the link, the tiles, their results, and the store of events


def test_settings_control_the_appearance(alice: Person, board: Dashboard) -> None:
    def shown(**settings: Any) -> str:
        text: str = visit(f"/shared/{share(alice, board, settings=settings)}").content.decode()
        return text

    plain = shown()
    assert 'data-theme="system"' in plain
    assert "masthead" in plain
    assert "Shared with" in plain
    assert 'data-theme="dark"' in shown(theme="dark")
    assert "masthead" not in shown(noHeader=True)
    assert "Shared with" not in shown(whitelabel=True)
    assert "all of them" not in shown(hideExtraDetails=True)
    assert "Trends" not in shown(hideQueries=True)
    assert "&quot;TrendsQuery&quot;" in shown(detailed=True)
    assert "TrendsQuery" not in plain
    assert "TrendsQuery" not in shown(detailed=True, hideQueries=True)


def test_viewer_overrides_what_the_dashboard_allows(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"allow_overrides": ["date_from"], "detailed": True})
    path = f"/shared/{token}?filters_override="
    shown = "&quot;date_from&quot;: &quot;-30d&quot;"
    assert shown in visit(path + '{"date_from":"-30d"}').content.decode()
    assert shown not in visit(f"/shared/{token}").content.decode()
    for query, status in (('{"date_to":"-1d"}', 403), ("[]", 400), ("{", 400)):
        response = visit(path + query)
        assert (response.status_code, response["Cache-Control"]) == (status, "private, no-cache")
        assert "This dashboard cannot be shown" in response.content.decode()
        assert "Quarter" not in response.content.decode()


def test_unshared_dashboard_is_a_404_page(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": False})
    for each in (token, "a" * 30):
        response = visit(f"/shared/{each}")
        assert response.status_code == 404
        assert "This link no longer works" in response.content.decode()
        assert "Quarter" not in response.content.decode()


def test_deleted_dashboard_is_404(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert visit(f"/shared/{token}").status_code == 404


def protect(alice: Person, board: Dashboard) -> str:
    token = share(alice, board, password_required=True)
    path = f"dashboards/{board.pk}/sharing/passwords/"
    assert alice.api.post(path, {"raw_password": PASSWORD}).status == 201
    return f"/shared/{token}"


def test_password_form_unlocks_the_page(alice: Person, board: Dashboard) -> None:
    path, browser = protect(alice, board), Client(headers=HTML)
    form = browser.get(path)
    assert form.status_code == 401
    assert "Quarter" not in form.content.decode()
    wrong = browser.post(path, {"password": "wrong"})
    assert wrong.status_code == 401
    assert "Wrong password." in wrong.content.decode()
    unlocked = browser.post(path, {"password": PASSWORD})
    assert (unlocked.status_code, unlocked["Location"]) == (303, path)
    assert "Quarter" in browser.get(path).content.decode()
    assert browser.get(
        f"{path}.json", headers={"Cookie": f"share_token_json={unlocked.cookies['share_token_json'].value}"}
    )


def test_password_form_in_a_frame_returns_the_dashboard(alice: Person, board: Dashboard) -> None:
    path = protect(alice, board).replace("/shared/", "/embedded/")
    unlocked = Client(headers=HTML).post(path, {"password": PASSWORD})
    assert unlocked.status_code == 200
    assert "Quarter" in unlocked.content.decode()
    assert "sha256-" in parse_policy(unlocked)["style-src"]
    assert Client(headers=HTML).get(path).status_code == 401


def test_password_attempts_are_limited(alice: Person, board: Dashboard) -> None:
    path, browser = protect(alice, board), Client(headers=HTML)
    assert {browser.post(path, {"password": str(number)}).status_code for number in range(10)} == {401}
    refused = browser.post(path, {"password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_password_form_of_an_unprotected_or_unknown_link(alice: Person, board: Dashboard) -> None:
    browser, path = Client(headers=HTML), f"/shared/{share(alice, board)}"
    assert browser.post(path, {"password": "x"})["Location"] == path
    assert browser.post(f"/shared/{'a' * 30}", {"password": "x"}).status_code == 404
    share(alice, board, password_required=True)
    assert browser.post(path, "--", content_type="multipart/form-data").status_code == 400


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_markup_is_escaped(alice: Person, attack: str) -> None:
    content: Any = {"description": attack, "tiles": [{"text": {"body": attack}, "color": attack[:30]}]}
    created = make_dashboard(alice, attack, **content)
    make_insight(alice, created, name=attack, description=attack, query={"kind": attack})
    for tag, attrs in list_elements(visit(f"/shared/{share(alice, created)}")):
        assert tag not in ("script", "img", "svg", "iframe")
        assert not [name for name in attrs if name.startswith("on")]
        address = urlsplit(attrs.get("href") or "")
        assert address.scheme in ("", "https")
        assert address.netloc in ("", "a.example")


def test_layouts_become_a_grid_and_an_order_for_phones(alice: Person) -> None:
    created = make_dashboard(alice)
    first = make_text_tile(alice, created, "a", layouts={"sm": {"x": 6, "y": 0, "w": 6, "h": 2}, "xs": {"y": 9}})
    second = make_text_tile(alice, created, "b")
    text = visit(f"/shared/{share(alice, created)}").content.decode()
    assert f"#tile-{first.pk}{{grid-area:1/7/span 2/span 6}}" in text
    assert f"#tile-{second.pk}{{grid-area:1/1/span 5/span 6}}" in text
    assert f"#tile-{second.pk}{{order:0}}#tile-{first.pk}{{order:1}}" in text


def test_damaged_tile_does_not_affect_others(alice: Person, board: Dashboard) -> None:
    token = share(alice, board)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dashboards_insight SET query = '{oops'")
    text = visit(f"/shared/{token}").content.decode()
    assert "This insight cannot be read." in text
    assert "Handbook" in text


def test_fifty_tiles_take_two_queries(alice: Person) -> None:
    created = make_dashboard(alice, tiles=[{"text": {"body": "**x**"}}] * 50)
    path = f"/shared/{share(alice, created)}"
    with CaptureQueriesContext(connection) as captured:
        assert visit(path).status_code == 200
    assert len(captured) == 2


def test_empty_dashboard_is_explained(alice: Person) -> None:
    text = visit(f"/shared/{share(alice, make_dashboard(alice))}").content.decode()
    assert "This dashboard has no tiles yet." in text
