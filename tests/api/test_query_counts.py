"""The number of database queries of a request is small and does not depend on the number of rows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard, make_insight

BUTTON = {"button_tile": {"url": "/a", "text": "b"}}


def count_queries(person: Person, path: str) -> int:
    person.api.get(path)  # the first use of a key is recorded
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert person.api.get(path).status == 200
    return len(captured)


def test_list_takes_the_same_queries_for_0_1_and_20_rows(alice: Person, bob: Person) -> None:
    path = "dashboards/?search=board"
    empty = count_queries(alice, path)
    make_dashboard(alice, tags=["a"])
    one = count_queries(alice, path)
    for number in range(19):
        make_dashboard(bob, f"board {number}", tags=["a", str(number)], tiles=[{"text": {"body": "t"}}])
    assert (empty, one, count_queries(alice, path)) == (3, 4, 4)


@pytest.mark.parametrize("tiles", [1, 20, 100])
def test_retrieve_takes_the_same_queries_for_any_number_of_tiles(alice: Person, tiles: int) -> None:
    board = make_dashboard(alice, tags=["a"], tiles=[{"text": {"body": "t"}}, BUTTON] * tiles)
    for number in range(tiles):
        make_insight(alice, board, name=str(number), tags=["a"])
    assert count_queries(alice, f"dashboards/{board.pk}/") == 4  # no results are read, because the project has none


def test_retrieve_of_an_empty_dashboard_takes_fewer_queries(alice: Person) -> None:
    assert count_queries(alice, f"dashboards/{make_dashboard(alice).pk}/") == 3


def test_sharing_and_projects_take_few_queries(alice: Person) -> None:
    board = make_dashboard(alice)
    assert count_queries(alice, f"dashboards/{board.pk}/sharing/") == 3
    assert count_queries(alice, "/api/projects/") == 3
    assert count_queries(alice, "/api/users/@me/") == 3


def test_query_count_of_a_write_does_not_depend_on_other_tiles(alice: Person) -> None:
    small, large = (make_dashboard(alice, tiles=[{"text": {"body": "t"}}] * number) for number in (1, 50))

    def cost(dashboard: Dashboard) -> int:
        with CaptureQueriesContext(connection) as captured:
            body = {"tiles": [{"text": {"body": "new"}}] * 10}
            assert alice.api.patch(f"dashboards/{dashboard.pk}/", body).status == 200
        return len(captured)

    cost(small)
    assert cost(small) == cost(large)


def test_changing_many_tiles_takes_one_statement_for_each_kind_of_change(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}, BUTTON] * 25)
    tiles = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]

    def cost(number: int, y: int) -> int:
        items = [{"id": tile["id"], "layouts": {"sm": {"y": y}}} for tile in tiles[:number]]
        with CaptureQueriesContext(connection) as captured:
            assert alice.api.patch(f"dashboards/{board.pk}/", {"tiles": items}).status == 200
        return len(captured)

    assert cost(1, 1) == cost(50, 2)


def test_insights_take_the_same_queries_for_1_and_20_rows(alice: Person) -> None:
    insight = make_insight(alice, make_dashboard(alice), tags=["a"])
    one = count_queries(alice, "insights/")
    for number in range(19):
        make_insight(alice, make_dashboard(alice), name=str(number), tags=["a", str(number)])
    assert (one, count_queries(alice, "insights/"), count_queries(alice, f"insights/{insight.pk}/")) == (7, 7, 5)


def test_project_takes_few_queries(alice: Person) -> None:
    assert count_queries(alice, "/api/projects/@current/") == 3
    assert count_queries(alice, f"/api/projects/{alice.membership.project_id}/") == 2


def test_writes_take_few_queries(alice: Person) -> None:
    def cost(method: str, path: str, body: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = alice.api.call(method, path, body)
        assert answer.status in (200, 201), answer
        return len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}, BUTTON] * 15)
    for number in range(20):
        make_insight(alice, board, name=str(number), tags=["a", "b"])
    alice.api.get("dashboards/")
    assert cost("POST", "dashboards/", {"name": "new"}) == 8
    assert cost("PATCH", f"dashboards/{make_dashboard(alice).pk}/", {"name": "new", "description": "d"}) == 8
    assert cost("POST", "dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True}) == 18
