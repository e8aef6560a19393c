"""Results on the page of a dashboard in the console: their age, and the reasons for missing results."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from dashboards.models import Dashboard
from events.services.data_version import increment_data_version
from queries.models import QueryResult
from tests.builders import PASSWORD, Person, make_dashboard, make_insight, set_password
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text, sign_in
from tests.pages.computing import complete, fail, make_sql_insight
from users.models import Project

REFRESH_TAG = re.compile(r'<meta http-equiv="refresh" content="(\d+);url=([^"]+)">')


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, "Weekly")


def find_reload(text: str) -> tuple[str, ...]:
    found = REFRESH_TAG.search(text)
    return found.groups() if found else ()


def test_opening_a_dashboard_queues_missing_results_once(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board, display="BoldNumber")
    path = get_dashboard_path(board)
    for _ in range(2):
        text = get_text(browser.get(path))
        assert '<p class="no-result">Being computed</p>' in text
        assert f'1 result is being computed. <a href="{path}">Reload</a>' in text
        assert QueryResult.objects.queued().count() == 1
    complete([["2026-11-29", 12345]])
    text = get_text(browser.get(path))
    assert '<p class="number n6">12,345</p>' in text
    assert "Computed <time datetime=" in text
    assert ">just now</time>" in text
    assert "eing computed" not in text
    assert find_reload(text) == ()


def test_page_reloads_itself_four_times(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board)
    path = get_dashboard_path(board)
    seconds, following = [], path
    while found := find_reload(get_text(browser.get(following))):
        seconds.append(found[0])
        following = found[1]
    assert seconds == ["2", "3", "5", "10"]
    assert following == f"{path}?reload=4"
    assert find_reload(get_text(browser.get(f"{path}?panel=share"))) == ()  # a form is open
    assert find_reload(get_text(browser.get(f"{path}?reload=x"))) == ("2", f"{path}?reload=1")


def test_age_is_shown_with_the_time_in_the_zone_of_the_project(
    alice: Person, board: Dashboard, browser: Client
) -> None:
    Project.objects.filter(pk=board.project_id).update(timezone="Europe/Berlin")
    make_sql_insight(alice, board)
    browser.get(get_dashboard_path(board))
    complete([["2026-11-29", 7]])
    moment = now() - timedelta(minutes=5, seconds=10)
    QueryResult.objects.update(computed_at=moment)
    text = get_text(browser.get(get_dashboard_path(board)))
    found = re.search(r'Computed <time datetime="([^"]+)" title="([^"]+)">([^<]+)</time></p>', text)
    assert found is not None
    assert found[1].startswith(f"{moment:%Y-%m-%dT%H:%M:%S}")
    assert re.fullmatch(r"\d+ \w{3} \d{4}, \d\d:\d\d (CET|CEST)", found[2])
    assert found[3] == "5\xa0minutes ago"


def test_old_results_are_stale_or_computed_again(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board)
    path = get_dashboard_path(board)
    browser.get(path)
    complete([["2026-11-29", 7]])
    QueryResult.objects.update(stale_at=now() - timedelta(minutes=1))
    assert '<span class="age__stale">stale</span>' in get_text(browser.get(path))
    assert not QueryResult.objects.queued().exists()
    increment_data_version(board.project_id)
    text = get_text(browser.get(path))
    assert QueryResult.objects.queued().count() == 1
    assert "</time> · being computed again</p>" in text
    assert "<td>2026-11-29</td>" in text
    assert "1 result is being computed." in text
    assert find_reload(text) == ()  # a reload would close the forms of the page


def test_failure_shows_the_reason_and_an_earlier_result(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board)
    path = get_dashboard_path(board)
    browser.get(path)
    fail("unknown_table", "There is no table <secret_table>.")
    text = get_text(browser.get(path))
    assert '<p class="no-result no-result--failed">There is no table &lt;secret_table&gt;.</p>' in text
    assert "Computed" not in text
    refresh(browser, path)
    complete([["2026-11-29", 7]])
    refresh(browser, path)
    fail("query_timeout", "Too slow.")
    text = get_text(browser.get(path))
    assert '<span class="error">not computed again: Too slow.</span>' in text
    assert "<td>2026-11-29</td>" in text


def refresh(browser: Client, path: str) -> Any:
    token = get_csrf_token(browser.get(path))
    return browser.post(path, {"csrfmiddlewaretoken": token, "action": "compute"})


def test_refresh_computes_results_again(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board)
    path = get_dashboard_path(board)
    browser.get(path)
    complete([["2026-11-29", 7]])
    assert browser.post(path, {"action": "compute"}).status_code == 403  # without a CSRF token
    assert not QueryResult.objects.queued().exists()
    response = refresh(browser, path)
    assert (response.status_code, response["Location"]) == (303, f"{path}?reload=0")
    assert QueryResult.objects.queued().count() == 1
    assert find_reload(get_text(browser.get(response["Location"]))) == ("2", f"{path}?reload=1")
    complete([["2026-11-30", 8]])
    assert "<td>2026-11-30</td>" in get_text(browser.get(f"{path}?reload=1"))


def test_every_member_may_refresh_and_nobody_else(
    alice: Person, bob: Person, carol: Person, board: Dashboard, browser: Client
) -> None:
    make_sql_insight(alice, board)
    board.restriction_level = 37
    board.save()
    for person, status, queued in ((carol, 403, 0), (bob, 303, 1)):
        client = Client()
        set_password(person)
        assert sign_in(client, person.user.email, PASSWORD).status_code == 303
        assert client.post(get_dashboard_path(board), {"action": "compute"}).status_code == status
        assert QueryResult.objects.queued().count() == queued


def test_reasons_without_a_result(alice: Person, board: Dashboard, browser: Client, settings: Settings) -> None:
    path = get_dashboard_path(board)
    make_insight(alice, board, name="Old", query={"kind": "PathsQuery"})
    make_insight(alice, board, name="Empty", query=None)
    text = get_text(browser.get(path))
    assert "This insight has no query." in text
    assert re.search(r'no-result--failed">[^<]*PathsQuery', text)
    make_sql_insight(alice, board)
    assert "Being computed" in get_text(browser.get(path))
    settings.ENGINE = False
    QueryResult.objects.all().delete()
    assert "The engine is turned off: ENGINE=off." in get_text(browser.get(path))


def test_project_without_data_says_so(alice: Person, board: Dashboard, browser: Client) -> None:
    make_insight(alice, board, query={"kind": "HogQLQuery", "query": "select 1"})
    assert "No events have been imported yet" in get_text(browser.get(get_dashboard_path(board)))


def test_results_beyond_the_limit_of_a_page_are_named(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board)
    browser.get(get_dashboard_path(board))
    complete([["x" * 4_000_001, 1]])
    text = get_text(browser.get(get_dashboard_path(board)))
    assert "too large in total" in text
    assert len(text) < 100_000


def test_result_has_links_to_files_that_the_session_opens(alice: Person, board: Dashboard, browser: Client) -> None:
    make_sql_insight(alice, board, name="Visits")
    path = get_dashboard_path(board)
    assert "/export/" not in get_text(browser.get(path))  # no result exists yet
    complete([["2026-11-29", 12345]])
    links = re.findall(
        r'<a href="([^"]+/export/[^"]+)" download aria-label="Visits as (\w+)">', get_text(browser.get(path))
    )
    assert [name for _, name in links] == ["CSV", "SVG", "PNG"]
    table = browser.get(links[0][0].replace("&amp;", "&"))
    assert get_text(table) == "day,visitors\r\n2026-11-29,12345\r\n"
    assert table["Content-Disposition"] == 'attachment; filename="Visits.csv"'
