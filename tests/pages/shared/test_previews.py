"""Previews of share links in other services, the date range and age of shared pages, reloads, and dead links."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard
from queries.models import QueryResult
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard
from tests.pages.browsing import HTML, get_text, list_elements, visit
from tests.pages.computing import complete, make_sql_insight


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Quarter", description="for all\nof us", filters={"date_from": "-7d"})
    make_sql_insight(alice, created)
    return created


def read_preview(page: Any) -> dict[str | None, str | None]:
    metas = [attrs for tag, attrs in list_elements(page) if tag == "meta"]
    found = {attrs.get("property") or attrs.get("name"): attrs.get("content") for attrs in metas}
    return {name: content for name, content in found.items() if name and ("og:" in name or "twitter:" in name)}


def test_preview_has_title_and_description(alice: Person, board: Dashboard) -> None:
    assert read_preview(visit(f"/shared/{share(alice, board)}")) == {
        "og:type": "website",
        "og:title": "Quarter",
        "og:description": "for all of us",
        "og:site_name": "dashboards-api",
        "twitter:card": "summary",
    }


def test_preview_has_no_text_that_the_page_hides(alice: Person, board: Dashboard) -> None:
    plain = {"og:type": "website", "twitter:card": "summary"}
    hidden = share(alice, board, settings={"noHeader": True, "whitelabel": True})
    assert read_preview(visit(f"/shared/{hidden}")) == {**plain, "og:title": "A dashboard"}
    locked = Client(headers=HTML).get(f"/shared/{share(alice, board, password_required=True)}")
    assert locked.status_code == 401
    assert read_preview(locked) == {**plain, "og:title": "A dashboard"}
    assert "Quarter" not in get_text(locked)
    assert read_preview(visit(f"/shared/{'a' * 30}")) == {}


def test_long_description_is_cut_in_the_preview(alice: Person) -> None:
    board = make_dashboard(alice, "Long", description="word " * 100)
    shown = read_preview(visit(f"/shared/{share(alice, board)}"))["og:description"]
    assert shown is not None
    assert len(shown) == 200
    assert shown.endswith("\u2026")


def test_page_shows_its_range_and_the_time_of_its_oldest_result(alice: Person, board: Dashboard) -> None:
    path = f"/shared/{share(alice, board)}"
    assert "Data as of" not in get_text(visit(path))
    complete([["2026-11-29", 1]])
    QueryResult.objects.update(computed_at="2026-11-29T14:05:10Z")
    text = get_text(visit(path))
    assert '<p class="facts"><span>Last 7 days</span><span>Data as of 29 Nov 2026, 14:05 UTC</span></p>' in text
    assert f'<p class="printed">Data as of 29 Nov 2026, 14:05 UTC · http://testserver{path}</p>' in text


@pytest.mark.parametrize(
    ("given", "seconds", "words"),
    [
        ("5m", 300, "5 minutes"),
        ("90", 90, "90 seconds"),
        ("1s", 30, "30 seconds"),
        ("1h", 3600, "hour"),
        ("99999h", 86400, "24 hours"),
    ],
)
def test_page_loads_itself_again(alice: Person, given: str, seconds: int, words: str) -> None:
    path = f"/shared/{share(alice, make_dashboard(alice))}"
    text = get_text(visit(f"{path}?refresh_every={given}"))
    assert f'<meta http-equiv="refresh" content="{seconds};url={path}?refresh_every={given}">' in text
    assert f'This page reloads every {words}. <a href="{path}">Stop</a>' in text
    assert "http-equiv" not in get_text(visit(path))


def test_page_with_queued_results_has_one_reload_at_a_time(alice: Person, board: Dashboard) -> None:
    path = f"/embedded/{share(alice, board)}"
    text = get_text(visit(f"{path}?refresh_every=5m"))
    assert text.count("http-equiv") == 1
    assert 'content="2;' in text
    later = get_text(visit(f"{path}?refresh_every=5m&reload=4"))
    assert f'<meta http-equiv="refresh" content="300;url={path}?refresh_every=5m">' in later


@pytest.mark.parametrize("given", ["soon", "-5m", "1d", "5m;url=https://a.example", "\u0665m"])
def test_time_that_cannot_be_read_is_400(alice: Person, board: Dashboard, given: str) -> None:
    page = Client(headers=HTML).get(f"/shared/{share(alice, board)}", {"refresh_every": given})
    assert page.status_code == 400
    assert "Quarter" not in get_text(page)


@pytest.mark.parametrize(
    "path", ["/shared/cut", "/embedded/", "/shared", f"/shared_dashboard/{'a' * 30}", "/shared/a/b"]
)
def test_dead_link_has_a_page_without_a_way_to_sign_in(db: None, path: str) -> None:
    page = visit(path)
    assert page.status_code == 404
    assert "This link no longer works" in get_text(page)
    assert "Ask the person who sent it" in get_text(page)
    assert not [attrs for tag, attrs in list_elements(page) if tag in ("a", "form")]
    assert "X-Frame-Options" not in page
    assert page["X-Robots-Tag"] == "noindex"
