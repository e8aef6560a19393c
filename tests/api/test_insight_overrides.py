"""GET …/insights/:id/ with filters_override, variables_override and from_dashboard."""

import json
from typing import Any

import pytest

from dashboards.models import Dashboard, Insight
from tests.builders import Person, make_dashboard, make_insight

STRICT = {"Prefer": "handling=strict"}
TRENDS = {"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "dateRange": {"date_from": "-7d"}}}
OWN = {"code_name": "country", "variableId": "v1", "value": "own"}
SQL = {"kind": "HogQLQuery", "query": "SELECT {variables.country}", "variables": {"v1": OWN}}


def read_insight(person: Person, insight: Insight, **query: Any) -> tuple[dict[str, Any], str | None]:
    """Return the insight and the ignored fields, after checking that nothing was stored."""
    asked = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in query.items()}
    answer = person.api.get(f"insights/{insight.short_id}/", **asked)
    assert answer.status == 200, answer
    before = (insight.query, insight.filters, insight.last_modified_at)
    insight.refresh_from_db()
    assert (insight.query, insight.filters, insight.last_modified_at) == before
    return answer.json, answer.headers.get("Ignored-Fields")


def read_date_from(person: Person, insight: Insight, **query: Any) -> str:
    shown, ignored = read_insight(person, insight, **query)
    assert ignored is None
    found: str = shown["query"]["source"]["dateRange"]["date_from"]
    return found


def set_tile_filters(insight: Insight, board: Dashboard, person: Person, **filters_overrides: Any) -> None:
    [tile] = person.api.get(f"dashboards/{board.pk}/").json["tiles"]
    item = {"id": tile["id"], "filters_overrides": filters_overrides}
    assert person.api.patch(f"dashboards/{board.pk}/", {"tiles": [item]}).status == 200


def test_filters_override_applies(alice: Person) -> None:
    insight = make_insight(alice, query=TRENDS)
    assert read_date_from(alice, insight) == "-7d"
    assert read_date_from(alice, insight, filters_override={"date_from": "-30d"}) == "-30d"
    shown, _ = read_insight(alice, insight, filters_override={"properties": [{"key": "a"}]})
    assert shown["query"]["source"]["properties"] == [{"key": "a"}]
    of_result = ("query", "result_state", "query_status", "filters_hash")
    stored = alice.api.get(f"insights/{insight.pk}/").json
    assert shown == stored | {name: shown[name] for name in of_result}


def test_variables_override_applies(alice: Person) -> None:
    insight = make_insight(alice, query=SQL)
    for override in ({"v1": "FR"}, {"country": {"value": "FR"}}, {"new": {"code_name": "country", "value": "FR"}}):
        shown, ignored = read_insight(alice, insight, variables_override=override)
        assert (shown["query"]["variables"]["v1"], ignored) == ({**OWN, "value": "FR"}, None)


def test_from_dashboard_applies_the_dashboard_overrides(alice: Person) -> None:
    board = make_dashboard(
        alice, filters={"date_from": "-30d"}, variables={"new": {"code_name": "country", "value": 1}}
    )
    insight = make_insight(alice, board, query=TRENDS)
    assert read_date_from(alice, insight, from_dashboard=board.pk) == "-30d"
    assert read_date_from(alice, insight, from_dashboard=board.pk, filters_override={"date_from": "-90d"}) == "-90d"
    assert read_date_from(alice, insight, from_dashboard=board.pk, filters_override={"date_from": None}) == "-7d"
    set_tile_filters(insight, board, alice, date_from="-1d")
    assert read_date_from(alice, insight, from_dashboard=board.pk) == "-1d"
    [tile] = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    assert read_insight(alice, insight, from_dashboard=board.pk)[0] == tile["insight"]


def test_variables_of_the_dashboard_apply(alice: Person) -> None:
    board = make_dashboard(alice, variables={"new": {"code_name": "country", "value": "DE"}})
    insight = make_insight(alice, board, query=SQL)
    shown, _ = read_insight(alice, insight, from_dashboard=board.pk)
    assert shown["query"]["variables"]["v1"]["value"] == "DE"
    shown, ignored = read_insight(alice, insight, from_dashboard=board.pk, variables_override={"country": "FR"})
    assert (shown["query"]["variables"]["v1"]["value"], ignored) == ("FR", None)


def test_dashboard_that_does_not_show_the_insight_is_400(alice: Person, carol: Person) -> None:
    board, gone, theirs = make_dashboard(alice), make_dashboard(alice), make_dashboard(carol)
    insight = make_insight(alice, board, gone)
    other = make_dashboard(alice)
    alice.api.patch(f"dashboards/{gone.pk}/", {"deleted": True})
    for id_ in (gone.pk, other.pk, theirs.pk, 999999):
        answer = alice.api.get(f"insights/{insight.pk}/", from_dashboard=id_)
        assert answer.error == (400, "validation_error", "does_not_exist", "from_dashboard")
    assert alice.api.get(f"insights/{insight.pk}/", from_dashboard="x").error[3] == "from_dashboard"
    alice.api.patch(f"insights/{insight.pk}/", {"dashboards": []})
    assert alice.api.get(f"insights/{insight.pk}/", from_dashboard=board.pk).status == 400
    assert alice.api.get("insights/999999/", from_dashboard=board.pk).status == 404


@pytest.mark.parametrize(
    ("content", "override", "ignored"),
    [
        ({"query": TRENDS}, {"filters_override": {"other": 1}}, "filters_override__other"),
        ({"query": SQL}, {"filters_override": {"breakdown_filter": {}}}, "filters_override__breakdown_filter"),
        ({"query": {"kind": "Other"}}, {"filters_override": {"date_from": "-1d"}}, "filters_override__date_from"),
        ({"query": None}, {"filters_override": {"date_from": "-1d"}}, "filters_override__date_from"),
        ({"query": None, "filters": {"insight": "TRENDS"}}, {"filters_override": {"date_from": "-1d"}}, None),
        ({"query": SQL}, {"variables_override": {"v2": "x"}}, "variables_override__v2"),
        ({"query": TRENDS}, {"variables_override": {"v1": "x"}}, "variables_override__v1"),
        ({"query": SQL}, {"variables_override": {"v1": {"code_name": "country"}}}, "variables_override__v1"),
    ],
)
def test_override_without_effect_is_reported(
    alice: Person, content: dict[str, Any], override: dict[str, Any], ignored: str | None
) -> None:
    insight = make_insight(alice, **content)
    shown, named = read_insight(alice, insight, **override)
    assert named == ignored
    if ignored:
        assert shown["query"] == insight.query
        [(name, value)] = override.items()
        path = f"insights/{insight.pk}/?{name}={json.dumps(value).replace(' ', '%20')}"
        assert alice.api.call("GET", path, headers=STRICT).error[2:] == ("unknown_field", ignored)


def test_value_that_the_tile_overrides_is_reported(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, query=TRENDS)
    set_tile_filters(insight, board, alice, date_from="-1d")
    shown, named = read_insight(alice, insight, from_dashboard=board.pk, filters_override={"date_from": "-90d"})
    assert (shown["query"]["source"]["dateRange"]["date_from"], named) == ("-1d", "filters_override__date_from")


@pytest.mark.parametrize("name", ["filters_override", "variables_override"])
@pytest.mark.parametrize("value", ["{oops", "[]", "5", "null"])
def test_override_other_than_an_object_is_400(alice: Person, name: str, value: str) -> None:
    answer = alice.api.get(f"insights/{make_insight(alice).pk}/", **{name: value})
    assert answer.error[:2] == (400, "validation_error")
    assert answer.json["attr"] == name
