"""Variables of a dashboard and of a request, in the SQL of insights: by id and by code name."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.builders import Person, make_dashboard, make_insight

STRICT = {"Prefer": "handling=strict"}
OWN = {"code_name": "country", "variableId": "v1", "value": "own"}
SQL = {
    "kind": "DataVisualizationNode",
    "source": {"kind": "HogQLQuery", "query": "SELECT {variables.country}", "variables": {"v1": OWN}},
}
STORED = {"code_name": "country", "value": "DE"}


def read_variable(person: Person, variables: dict[str, Any], override: Any = None) -> dict[str, Any]:
    """Return the variable in the SQL of an insight on a dashboard with the given variables."""
    board = make_dashboard(person, variables=variables)
    make_insight(person, board, query=SQL)
    query = {} if override is None else {"variables_override": json.dumps(override)}
    answer = person.api.get(f"dashboards/{board.pk}/", **query)
    assert answer.status == 200, answer
    assert answer.json["persisted_variables"] == (variables or None)
    found: dict[str, Any] = answer.json["tiles"][0]["insight"]["query"]["source"]["variables"]["v1"]
    return found


@pytest.mark.parametrize("id_", ["v1", "made-anew"])
def test_stored_value_applies_to_sql_by_id_and_code_name(alice: Person, id_: str) -> None:
    assert read_variable(alice, {id_: STORED}) == {**OWN, "value": "DE"}


@pytest.mark.parametrize("saved", [{"v1": STORED}, {"made-anew": STORED}, {"v1": {"value": "DE"}}, {}])
@pytest.mark.parametrize(
    "override",
    [
        {"v1": {"value": "FR"}},
        {"v1": "FR"},
        {"country": {"value": "FR"}},
        {"country": "FR"},
        {"other-id": {"code_name": "country", "value": "FR"}},
        {"v1": {"code_name": "country", "variableId": "v1", "value": "FR", "isNull": False}},
    ],
)
def test_override_applies_under_any_key(alice: Person, saved: Any, override: Any) -> None:
    found = read_variable(alice, saved, override)
    assert (found["value"], found["code_name"], found.get("isNull", False)) == ("FR", "country", False)


@pytest.mark.parametrize("value", [0, False, [], "", 1.5, ["a"]])
def test_bare_value_is_accepted(alice: Person, value: Any) -> None:
    assert read_variable(alice, {"v1": STORED}, {"v1": value})["value"] == value


def test_null_is_expressed_by_is_null(alice: Person) -> None:
    assert read_variable(alice, {"v1": STORED}, {"v1": {"isNull": True}}) == {**OWN, "isNull": True}
    board = make_dashboard(alice, variables={"v1": STORED})
    answer = alice.api.get(f"dashboards/{board.pk}/", variables_override='{"v1": null}')
    assert answer.error == (400, "validation_error", "null", "variables_override__v1")


def test_keys_missing_from_the_override_are_kept(alice: Person) -> None:
    board = make_dashboard(alice, variables={"v1": {**STORED, "free": [1.0]}})
    path = f"dashboards/{board.pk}/"
    answer = alice.api.get(path, variables_override='{"country": "FR"}')
    assert json.dumps(answer.json["variables"]) == json.dumps(
        {"v1": {"code_name": "country", "free": [1.0], "value": "FR"}}
    )
    assert answer.json["persisted_variables"] == {"v1": {**STORED, "free": [1.0]}}
    board.refresh_from_db()
    assert board.variables == {"v1": {**STORED, "free": [1.0]}}


def test_override_without_a_value_is_reported_and_ignored(alice: Person) -> None:
    board = make_dashboard(alice, variables={"v1": STORED})
    path = f"dashboards/{board.pk}/"
    override = json.dumps({"v1": {"code_name": "country"}})
    answer = alice.api.get(path, variables_override=override)
    assert (answer.json["variables"], answer.headers["Ignored-Fields"]) == ({"v1": STORED}, "variables_override__v1")
    refused = alice.api.call("GET", f"{path}?variables_override=%7B%22v1%22:%7B%7D%7D", headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "variables_override__v1")


@pytest.mark.parametrize("tiles", [1, 3])
def test_value_for_many_variables_of_many_queries_is_limited(alice: Person, tiles: int) -> None:
    """In a query with 1,000 variables of the same code name, the value is written 1,000 times."""
    variables = {f"v{number}": {"code_name": "country"} for number in range(100)}
    board = make_dashboard(alice, variables={"v": {"code_name": "country", "value": "x" * 3_000}})
    for number in range(tiles):
        make_insight(alice, board, name=str(number), query={"kind": "HogQLQuery", "query": "", "variables": variables})
    path = f"dashboards/{board.pk}/"
    assert len(alice.api.get(path).text) < tiles * 100 * 3_500
    value = "y" * (24_000 // tiles)
    answer = alice.api.get(path, variables_override=json.dumps({"country": value}))
    assert answer.error == (400, "validation_error", "too_large", "variables_override")
    read_variable = alice.api.get(path, variables_override=json.dumps({"country": "FR"})).json["tiles"]
    assert {tile["insight"]["query"]["variables"]["v7"]["value"] for tile in read_variable} == {"FR"}


def test_too_large_stored_variables_leave_queries_unchanged(alice: Person) -> None:
    variables = {f"v{number}": {"code_name": "country"} for number in range(1_000)}
    board = make_dashboard(alice, variables={"v": {"code_name": "country", "value": "x" * 3_000}})
    query = {"kind": "HogQLQuery", "query": "", "variables": variables}
    make_insight(alice, board, query=query)
    [tile] = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    assert tile["insight"]["query"] == query


def test_two_overrides_of_one_variable_are_400(alice: Person) -> None:
    board = make_dashboard(alice, variables={"v1": STORED})
    answer = alice.api.get(f"dashboards/{board.pk}/", variables_override='{"v1": "FR", "country": "NL"}')
    assert answer.error == (400, "validation_error", "unique", "variables_override__country")


@pytest.mark.parametrize(
    "filters",
    [
        {"date_from": 5},
        {"date_to": ["-7d"]},
        {"date_from": "yesterday"},
        {"date_to": "2026-02-30"},
        {"date_from": "-7x"},
        {"properties": "x"},
        {"breakdown_filter": []},
    ],
)
@pytest.mark.parametrize("route", ["", "stream_tiles/"])
def test_filter_that_cannot_have_an_effect_is_400(alice: Person, filters: dict[str, Any], route: str) -> None:
    board = make_dashboard(alice)
    answer = alice.api.get(f"dashboards/{board.pk}/{route}", filters_override=json.dumps(filters))
    [name] = filters
    assert answer.error == (400, "validation_error", "invalid_input", f"filters_override__{name}")


@pytest.mark.parametrize("date", ["-7d", "mStart", "-1mEnd", "2026-01-31", "2026-01-31T12:00:00Z", "all", "", None])
def test_every_date_format_is_accepted(alice: Person, date: str | None) -> None:
    board = make_dashboard(alice)
    answer = alice.api.get(f"dashboards/{board.pk}/", filters_override=json.dumps({"date_from": date, "date_to": date}))
    assert (answer.status, answer.json["filters"]) == (200, {"date_from": date, "date_to": date})


@pytest.mark.parametrize("route", ["", "stream_tiles/"])
def test_unknown_filters_are_reported(alice: Person, route: str) -> None:
    board = make_dashboard(alice)
    path = f"dashboards/{board.pk}/{route}"
    given = json.dumps({"date_form": "-7d", "date_from": "-7d", "other": 1})
    answer = alice.api.call("GET", f"{path}?{urlencode({'filters_override': given})}")
    assert answer.headers["Ignored-Fields"] == "filters_override__date_form, filters_override__other"
    refused = alice.api.call("GET", f"{path}?{urlencode({'filters_override': given})}", headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "filters_override__date_form")
