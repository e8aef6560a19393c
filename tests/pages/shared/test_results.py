"""Results on shared pages: times instead of ages, because browsers cache the pages, and neutral errors."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils.timezone import now

from dashboards.models import Dashboard
from queries.models import QueryResult
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard
from tests.pages.browsing import HTML, get_text, list_elements, visit
from tests.pages.computing import SQL, complete, fail, make_sql_insight
from users.models import Project

DAYS = [["2026-11-28", 5], ["2026-11-29", 12345]]
PASSWORD = "correct horse 1"


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Quarter")
    make_sql_insight(alice, created, display="ActionsLineGraph")
    return created


@pytest.mark.parametrize("step", ["shared", "embedded"])
def test_page_shows_results_without_scripts_and_sql(alice: Person, board: Dashboard, step: str) -> None:
    path = f"/{step}/{share(alice, board)}"
    text = get_text(visit(path))
    assert "Being computed" in text
    assert f'<a href="{path}">Reload</a>' in text
    assert f'<meta http-equiv="refresh" content="2;url={path}?reload=1">' in text
    complete(DAYS)
    response = visit(path)
    text = get_text(response)
    assert '<path class="line c0" d="M0 200l1-165"/>' in text
    assert '<th scope="row">29 Nov</th><td class="grid__number c0">12,345</td>' in text
    assert "http-equiv" not in text
    assert SQL not in text
    assert "secret_table" not in text
    for tag, attrs in list_elements(response):
        assert tag not in ("script", "form")
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_time_is_absolute_and_in_the_zone_of_the_project(alice: Person, board: Dashboard) -> None:
    Project.objects.filter(pk=board.project_id).update(timezone="Europe/Berlin")
    path = f"/shared/{share(alice, board)}"
    visit(path)
    complete(DAYS)
    QueryResult.objects.update(computed_at=datetime(2026, 11, 29, 14, 5, 10, tzinfo=ZoneInfo("UTC")))
    found = re.search(r'Computed <time datetime="([^"]+)" title="([^"]+)">([^<]+)</time>', get_text(visit(path)))
    assert found is not None
    assert found.groups() == ("2026-11-29T14:05:10+00:00", *["29 Nov 2026, 15:05 CET"] * 2)


def test_page_is_unchanged_until_its_results_become_stale(alice: Person, board: Dashboard) -> None:
    path = f"/shared/{share(alice, board)}"
    visit(path)
    complete(DAYS)

    def revisit(etag: str) -> Any:
        return visit(path, **{"If-None-Match": etag})

    etag = visit(path)["ETag"]
    assert revisit(etag).status_code == 304
    QueryResult.objects.update(stale_at=now() - timedelta(minutes=1))
    stale = revisit(etag)
    assert stale.status_code == 200
    assert '<span class="age__stale">stale</span>' in get_text(stale)
    assert revisit(stale["ETag"]).status_code == 304
    QueryResult.objects.update(lazily_stale_at=now() - timedelta(minutes=1))
    queued = revisit(stale["ETag"])
    assert queued.status_code == 200
    assert "being computed again" in get_text(queued)
    assert QueryResult.objects.queued().count() == 1
    assert revisit(queued["ETag"]).status_code == 304
    complete([["2026-11-30", 1]])
    assert "30 Nov" in get_text(revisit(queued["ETag"]))


def test_failure_is_neutral_without_details(alice: Person, board: Dashboard) -> None:
    visit(f"/shared/{share(alice, board)}")
    fail("unknown_table", "There is no table secret_table.")
    text = get_text(visit(f"/shared/{share(alice, board)}"))
    assert '<p class="no-result no-result--failed">This insight could not be computed.</p>' in text
    assert "secret_table" not in text
    assert "There is no table secret_table." in get_text(
        visit(f"/shared/{share(alice, board, settings={'detailed': True})}")
    )


def test_hidden_queries_are_still_drawn(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"hideQueries": True, "detailed": True})
    visit(f"/shared/{token}")
    complete(DAYS)
    text = get_text(visit(f"/shared/{token}"))
    assert '<path class="line' in text
    assert "<summary>Data</summary>" in text
    for hidden in ("SQL</p>", "HogQL", "secret_table", "<summary>Query</summary>"):
        assert hidden not in text
    assert visit(f"/shared/{token}.json").json()["dashboard"]["tiles"][0]["insight"]["query"] is None


def test_page_behind_a_password_does_not_reload_itself_after_the_form(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, password_required=True)
    alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {"raw_password": PASSWORD})
    response = Client(headers=HTML).post(f"/embedded/{token}", {"password": PASSWORD})
    assert "Being computed" in get_text(response)
    assert "http-equiv" not in get_text(response)  # a reload in a frame without cookies would show the form again
