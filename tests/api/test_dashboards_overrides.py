"""GET …/dashboards/:id/?filters_override=…&variables_override=…, and the time of the last retrieval."""

import json
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dashboards.models import Dashboard, Insight
from dashboards_api.db.best_effort import best_effort_write
from tests.builders import Person, make_dashboard, make_insight
from tests.concurrency import locked_row


def test_filters_override_applies_to_one_response(alice: Person) -> None:
    stored = {"date_from": "-7d", "properties": [], "n": 1.0}
    board = make_dashboard(alice, filters=stored)
    answer = alice.api.get(f"dashboards/{board.pk}/", filters_override='{"date_from": "-1d", "x": 2.0}')
    assert json.dumps(answer.json["filters"]) == '{"date_from": "-1d", "properties": [], "n": 1.0, "x": 2.0}'
    assert answer.json["persisted_filters"] == stored
    assert alice.api.get(f"dashboards/{board.pk}/").json["filters"] == stored
    board.refresh_from_db()
    assert board.filters == stored


def test_variables_override_applies_to_one_response(alice: Person) -> None:
    stored = {"v1": {"code_name": "country", "value": "x"}, "v2": {"code_name": "plan", "value": "y"}}
    board = make_dashboard(alice, variables=stored)
    override = {"v2": {"code_name": "plan", "value": "z"}}
    answer = alice.api.get(f"dashboards/{board.pk}/", variables_override=json.dumps(override))
    assert answer.json["variables"] == {**stored, **override}
    assert answer.json["persisted_variables"] == stored
    board.refresh_from_db()
    assert board.variables == stored


@pytest.mark.parametrize("name", ["filters_override", "variables_override"])
@pytest.mark.parametrize("value", ["{oops", "[]", "5", '"text"', "null", "NaN", '{"a": 1e999}'])
def test_override_other_than_an_object_is_400(alice: Person, name: str, value: str) -> None:
    board = make_dashboard(alice)
    status, type_, _, attr = alice.api.get(f"dashboards/{board.pk}/", **{name: value}).error
    assert (status, type_, str(attr).split("__")[0]) == (400, "validation_error", name)


def test_empty_override_has_no_effect(alice: Person) -> None:
    board = make_dashboard(alice, filters={"a": 1})
    for value in ("", "{}"):
        assert alice.api.get(f"dashboards/{board.pk}/", filters_override=value).json["filters"] == {"a": 1}


def test_retrieval_is_recorded_at_most_once_a_minute(alice: Person) -> None:
    board = make_dashboard(alice)
    assert alice.api.get("dashboards/").json["results"][0]["last_accessed_at"] is None
    first = alice.api.get(f"dashboards/{board.pk}/").json
    board.refresh_from_db()
    noted = board.last_accessed_at
    assert noted is not None
    assert timezone.now() - noted < timedelta(seconds=30)
    alice.api.get(f"dashboards/{board.pk}/")
    board.refresh_from_db()
    assert board.last_accessed_at == noted
    for answer in (
        first,
        alice.api.get(f"dashboards/{board.pk}/").json,
        alice.api.get("dashboards/").json["results"][0],
    ):
        assert answer["last_accessed_at"] == noted.isoformat().replace("+00:00", "Z")
    Dashboard.objects.update(last_accessed_at=noted - timedelta(seconds=61))
    alice.api.get(f"dashboards/{board.pk}/")
    board.refresh_from_db()
    assert board.last_accessed_at is not None
    assert board.last_accessed_at >= noted


def test_list_and_write_are_not_recorded_as_retrieval(alice: Person) -> None:
    board = make_dashboard(alice)
    alice.api.get("dashboards/")
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "other"})
    assert alice.api.get(f"dashboards/{board.pk}/", filters_override="[]").status == 400
    board.refresh_from_db()
    assert board.last_accessed_at is None


def test_failed_best_effort_write_does_not_fail_the_retrieval(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE no_such_table SET a = 1")

    assert best_effort_write(write) is False
    assert "best-effort write skipped" in caplog.text
    board = make_dashboard(alice)
    assert alice.api.get(f"dashboards/{board.pk}/").status == 200


@pytest.mark.django_db(transaction=True)
def test_retrieval_does_not_wait_for_a_writer(alice: Person) -> None:
    board = make_dashboard(alice)
    alice.api.get("dashboards/")  # records the use of the key
    with locked_row(board, name="other"):
        started = time.monotonic()
        answer = alice.api.get(f"dashboards/{board.pk}/")
        took = time.monotonic() - started
    assert (answer.status, answer.json["last_accessed_at"]) == (200, None)
    assert took < 2  # with the default timeout, SQLite would wait ten seconds for the writer


SOURCE = {"kind": "TrendsQuery", "dateRange": {"date_from": "-7d"}}


def get_date_from(row: dict[str, Any]) -> Any:
    return row["query"]["source"]["dateRange"]["date_from"]


def test_dashboard_overrides_apply_to_queries_of_tiles(alice: Person) -> None:
    board = make_dashboard(alice, filters={"date_from": "-30d"})
    plain = make_dashboard(alice)
    insight = make_insight(alice, board, plain, query={"kind": "InsightVizNode", "source": SOURCE})
    path = f"dashboards/{board.pk}/"

    def shown(**query: str) -> Any:
        [tile] = alice.api.get(path, **query).json["tiles"]
        return get_date_from(tile["insight"])

    assert shown() == "-30d"
    assert shown(filters_override='{"date_from": "-90d"}') == "-90d"
    assert shown(filters_override='{"date_from": null}') == "-7d"
    [tile] = alice.api.get(path).json["tiles"]
    [changed] = alice.api.patch(path, {"tiles": [{"id": tile["id"], "filters_overrides": {"date_from": "-1d"}}]}).json[
        "tiles"
    ]
    assert get_date_from(changed["insight"]) == shown() == "-1d"
    # The insight itself is unchanged, even after its tiles are sent back.
    [elsewhere] = alice.api.get(f"dashboards/{plain.pk}/").json["tiles"]
    assert get_date_from(elsewhere["insight"]) == get_date_from(alice.api.get(f"insights/{insight.pk}/").json) == "-7d"
    whole = alice.api.get(path).json
    assert alice.api.patch(path, whole, documented=False).json["tiles"] == whole["tiles"]
    stored = Insight.objects.get()
    assert (stored.query, stored.last_modified_at) == (insight.query, insight.last_modified_at)


def test_large_filters_are_not_applied_to_many_queries(alice: Person) -> None:
    properties = [{"key": "k", "value": "x" * 100_000}]
    board = make_dashboard(alice, filters={"properties": properties})
    for number in range(2):
        make_insight(alice, board, name=str(number), query={"kind": "TrendsQuery"})
    path = f"dashboards/{board.pk}/"
    assert {len(str(tile["insight"]["query"])) > 100_000 for tile in alice.api.get(path).json["tiles"]} == {True}
    for number in range(19):
        make_insight(alice, board, name=str(number), query={"kind": "TrendsQuery"})
    answer = alice.api.get(path)
    assert {str(tile["insight"]["query"]) for tile in answer.json["tiles"]} == {"{'kind': 'TrendsQuery'}"}
    assert len(answer.text) < 400_000


@pytest.mark.parametrize("route", ["", "stream_tiles/"])
def test_large_override_is_400_for_many_tiles_but_not_for_one(alice: Person, route: str) -> None:
    board = make_dashboard(alice)
    override = json.dumps({"properties": [{"key": "k", "value": "x" * 20_000}]})
    make_insight(alice, board, query={"kind": "TrendsQuery"})
    path = f"dashboards/{board.pk}/{route}"
    assert "x" * 20_000 in alice.api.get(path, filters_override=override).text
    add_texts(alice, board, 110)
    answer = alice.api.get(path, filters_override=override)
    assert answer.error == (400, "validation_error", "too_large", "filters_override")
    assert "2 MB" in answer.json["detail"]


def add_texts(person: Person, board: Dashboard, tiles: int) -> None:
    """Add text tiles, which count against the limit like other tiles."""
    items = [{"text": {"body": str(number)}} for number in range(tiles)]
    assert person.api.patch(f"dashboards/{board.pk}/", {"tiles": items}).status == 200


def test_single_tile_response_has_the_same_overrides(alice: Person) -> None:
    board = make_dashboard(alice, filters={"date_from": "-30d"})
    insight = make_insight(alice, query={"kind": "InsightVizNode", "source": SOURCE})
    added = alice.api.post(f"dashboards/{board.pk}/tiles/", {"insight": insight.pk})
    assert get_date_from(added.json["insight"]) == "-30d"
