"""`/shared/:token/tiles/:id.csv`, `.svg` and `.png`: files of a shared dashboard that shows its details."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from dashboards.models import Dashboard, Tile
from queries.models import QueryResult
from queries.refresh import Freshness
from tests.api.stored_results import complete, count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_text_tile
from tests.pages.browsing import HTML, get_text, list_elements
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
SQL = "select name, count() from secret_table group by name"
DETAILS = {"columns": ["name", "count()"], "types": [["name", "String"], ["count()", "UInt64"]], "hogql": SQL}
SHOWN = {"detailed": True}
PASSWORD = "correct horse 1"


@pytest.fixture
def board(alice: Person, home: Project) -> Dashboard:
    created = make_dashboard(alice, "Quarter")
    make_sql_insight(alice, created, sql=SQL, name="Visits")
    store_result(home, wrap(SQL), [["é", 1], ["=1+1", 2]], details=DETAILS)
    return created


def get_tile_id(board: Dashboard) -> int:
    return Tile.objects.get(dashboard=board, insight__isnull=False).pk


def get_file(token: str, board: Dashboard, format: str = "csv", client: Client | None = None, **query: str) -> Any:
    address = f"/shared/{token}/tiles/{get_tile_id(board)}.{format}?{urlencode(query)}"
    return (client or Client()).get(address)


def test_table_is_a_download(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings=SHOWN)
    for step in ("shared", "embedded", "shared_dashboard"):
        response = Client().get(f"/{step}/{token}/tiles/{get_tile_id(board)}.csv")
        assert response.content.decode() == "name,count()\r\né,1\r\n'=1+1,2\r\n"
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"] == 'attachment; filename="Visits.csv"'
        assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
        assert response["X-Content-Type-Options"] == "nosniff"


def test_chart_is_a_picture(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings=SHOWN)
    assert get_file(token, board, "svg").content.startswith(b"<svg ")
    png = get_file(token, board, "png", width="400", height="300")
    assert png.content.startswith(b"\x89PNG"), png.content
    assert get_file(token, board, "png", width="99999").status_code == 400


@pytest.mark.parametrize("format", ["csv", "svg", "png"])
@pytest.mark.parametrize("stored", [None, {}, {"detailed": False}, {"whitelabel": True}])
def test_page_without_its_details_offers_no_files(
    alice: Person, board: Dashboard, stored: dict[str, Any] | None, format: str
) -> None:
    response = get_file(share(alice, board, settings=stored), board, format)
    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"


def test_hidden_queries_hide_names_of_columns(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={**SHOWN, "hideQueries": True})
    assert get_file(token, board).content.decode().splitlines()[0] == "name,column_2"
    for format in ("csv", "svg"):
        assert "count()" not in get_file(token, board, format).content.decode()


def test_error_is_neutral_where_queries_are_hidden(alice: Person, board: Dashboard, home: Project) -> None:
    QueryResult.objects.all().delete()
    store_failure(home, wrap(SQL), "unknown_table", "There is no table secret_table.")
    for settings, detail in (
        ({**SHOWN, "hideQueries": True}, "This insight could not be computed."),
        (SHOWN, "There is no table secret_table."),
    ):
        response = get_file(share(alice, board, settings=settings), board)
        assert (response.status_code, response.json()["detail"]) == (400, detail)


def test_locked_link_opens_with_its_password_only(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings=SHOWN, password_required=True)
    password = f"dashboards/{board.pk}/sharing/passwords/"
    assert alice.api.post(password, {"raw_password": PASSWORD}).status == 201
    locked = get_file(token, board)
    assert (locked.status_code, locked.json()["code"]) == (401, "password_required")
    browser = Client(headers=HTML)
    assert browser.post(f"/shared/{token}", {"password": PASSWORD}).status_code == 303
    assert get_file(token, board, client=browser).status_code == 200
    other = make_dashboard(alice)
    make_sql_insight(alice, other, sql=SQL)
    elsewhere = share(alice, other, settings=SHOWN, password_required=True)
    assert get_file(elsewhere, other, client=browser).status_code == 401


def test_tile_of_another_dashboard_or_without_an_insight_is_404(alice: Person, board: Dashboard) -> None:
    token, other = share(alice, board, settings=SHOWN), make_dashboard(alice)
    make_sql_insight(alice, other, sql=SQL)
    text = make_text_tile(alice, board, "x")
    for tile_id in (get_tile_id(other), text.pk, 99999999, "9" * 30):
        assert Client().get(f"/shared/{token}/tiles/{tile_id}.csv").status_code == 404
    assert get_file("a" * 30, board).status_code == 404
    assert alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": False}).status == 200
    assert get_file(token, board).status_code == 404


def test_file_has_the_overrides_that_the_link_allows(alice: Person, home: Project) -> None:
    created = make_dashboard(alice)
    make_sql_insight(alice, created, sql="select count() from events where {filters}")
    token = share(alice, created, settings={**SHOWN, "allow_overrides": ["date_from"]})
    assert get_file(token, created, filters_override='{"date_to": "-1d"}').status_code == 403
    waiting = get_file(token, created, filters_override='{"date_from": "-30d"}')
    assert (waiting.status_code, waiting.json()["code"]) == (409, "queued")
    [queued] = QueryResult.objects.queued()
    assert queued.query["filters"]["dateRange"]["date_from"] == "-30d"


def test_files_cause_one_computation_for_each_staleness_period(alice: Person, board: Dashboard, home: Project) -> None:
    token = share(alice, board, settings=SHOWN)
    for refresh in ("force_blocking", "blocking", "force_async", ""):
        assert get_file(token, board, refresh=refresh).status_code == 200
    assert count_queued() == 0
    QueryResult.objects.all().delete()
    store_result(home, wrap(SQL), [["a", 1]], state=Freshness.LAZILY_STALE, details=DETAILS)
    for _ in range(3):
        get_file(token, board, refresh="force_blocking")
    assert count_queued() == 1


def test_page_links_to_its_files(alice: Person, board: Dashboard) -> None:
    def list_links(step: str, token: str, query: str = "") -> list[str]:
        page = Client(headers=HTML).get(f"/{step}/{token}{query}")
        assert page.status_code == 200, get_text(page)
        return [
            str(attrs["href"]) for tag, attrs in list_elements(page) if tag == "a" and "/tiles/" in str(attrs["href"])
        ]

    assert list_links("shared", share(alice, board)) == []
    token = share(alice, board, settings={**SHOWN, "allow_overrides": ["date_from"]})
    path = f"/embedded/{token}/tiles/{get_tile_id(board)}"
    assert list_links("embedded", token) == [f"{path}.{format}" for format in ("csv", "svg", "png")]
    assert {Client().get(link).status_code for link in list_links("shared", token)} == {200}
    QueryResult.objects.all().delete()
    assert list_links("shared", token, "?range=-30d") == []


def test_links_carry_the_overrides_of_the_page(alice: Person, home: Project) -> None:
    created = make_dashboard(alice)
    make_sql_insight(alice, created, sql="select 1 where {filters}")
    token = share(alice, created, settings={**SHOWN, "allow_overrides": ["date_from"]})
    Client(headers=HTML).get(f"/shared/{token}?range=-30d")
    [queued] = QueryResult.objects.queued()
    complete(queued, [[1]])
    page = Client(headers=HTML).get(f"/shared/{token}?range=-30d")
    [link, *_] = [
        str(attrs["href"]) for tag, attrs in list_elements(page) if tag == "a" and ".csv" in str(attrs["href"])
    ]
    assert Client().get(link).status_code == 200


def test_frame_of_a_locked_link_has_no_links(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings=SHOWN, password_required=True)
    assert alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {"raw_password": PASSWORD}).status == 201
    page = Client(headers=HTML).post(f"/embedded/{token}", {"password": PASSWORD})
    assert "Visits" in get_text(page)
    assert "/tiles/" not in get_text(page)
