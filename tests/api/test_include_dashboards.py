"""`include_dashboards` in responses with insights, and `exclude_generated` in the list of dashboards."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight
from tests.builders import Person, make_dashboard, make_insight


@pytest.mark.parametrize(("value", "is_there"), [("true", True), ("", True), ("false", False), ("0", False)])
def test_insights_include_dashboards_unless_false(alice: Person, value: str, is_there: bool) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    insight = make_insight(alice, board)
    query = f"?include_dashboards={value}"
    one = f"insights/{insight.pk}/{query}"
    answers: list[dict[str, Any]] = [
        alice.api.call("GET", one).json,
        alice.api.call("GET", f"{one}&from_dashboard={board.pk}").json,
        *alice.api.call("GET", f"insights/{query}").json["results"],
        alice.api.patch(one, {"name": "new"}).json,
        alice.api.put(one, {"name": "new"}).json,
        *[
            tile["insight"]
            for tile in alice.api.call("GET", f"dashboards/{board.pk}/{query}").json["tiles"]
            if tile["insight"]
        ],
    ]
    assert len(answers) == 6
    for each in answers:
        assert each.get("dashboards") == ([board.pk] if is_there else None)
        assert [tile["dashboard_id"] for tile in each["dashboard_tiles"]] == [board.pk]
    created = alice.api.post(f"insights/{query}", {"dashboards": [board.pk]}).json
    assert ("dashboards" in created) == is_there
    events = alice.api.call("GET", f"dashboards/{board.pk}/stream_tiles/{query}").text
    assert ('"dashboards":' in events) == is_there


def get_tile_id(person: Person, board: Dashboard, kind: str) -> int:
    """Return the id of the only tile of the given kind."""
    [found] = [tile["id"] for tile in person.api.get(f"dashboards/{board.pk}/").json["tiles"] if tile[kind]]
    return int(found)


@pytest.mark.parametrize(("value", "is_there"), [("true", True), ("", True), ("false", False)])
def test_dashboard_and_tile_writes_include_dashboards_unless_false(alice: Person, value: str, is_there: bool) -> None:
    query = f"?include_dashboards={value}"
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    insight, other = make_insight(alice, board), make_insight(alice)
    path = f"dashboards/{board.pk}/"
    version = alice.api.get(f"{path}versions/").json["results"][0]["version"]
    tile, text = get_tile_id(alice, board, "insight"), get_tile_id(alice, board, "text")
    source = make_dashboard(alice)
    make_insight(alice, source)
    from_source = {"fromDashboardId": source.pk, "tileId": get_tile_id(alice, source, "insight")}
    added = alice.api.post(f"{path}tiles/{query}", {"insight": other.pk})
    changed = alice.api.post(f"{path}update_tile/{query}", {"tile_id": tile, "color": "red"})
    boards = [
        alice.api.post(f"dashboards/{query}", {"tiles": [{"insight": {"id": insight.pk}}]}),
        alice.api.patch(f"{path}{query}", {"name": "new"}),
        alice.api.put(f"{path}{query}", {"name": "newer"}),
        alice.api.post(f"{path}reorder_tiles/{query}", {"tile_order": [tile, text, added.json["id"]]}),
        alice.api.post(f"{path}copy_tile/{query}", from_source),
        alice.api.patch(f"{path}move_tile/{query}", {"tile": {"id": text}, "to_dashboard": source.pk}),
        alice.api.post(f"{path}versions/{version}/restore/{query}", {}),
    ]
    assert [answer.status for answer in boards] == [201, *[200] * 6]
    answered = [tile for answer in boards for tile in answer.json["tiles"]]
    answered += [added.json, changed.json]
    insights = [each["insight"] for each in answered if each["insight"]]
    assert len(insights) >= 10
    assert {"dashboards" in each for each in insights} == {is_there}
    assert all(each["dashboard_tiles"] for each in insights)


def test_invalid_value_is_400_and_changes_nothing(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, name="old")
    for path in (f"dashboards/{board.pk}/", f"insights/{insight.pk}/", "insights/"):
        answer = alice.api.get(path, include_dashboards="maybe")
        assert answer.error == (400, "validation_error", "invalid_input", "include_dashboards")
    assert alice.api.patch(f"insights/{insight.pk}/?include_dashboards=maybe", {"name": "new"}).status == 400
    assert Insight.objects.get().name == "old"
    for method, path in (
        ("POST", "dashboards/"),
        ("PATCH", f"dashboards/{board.pk}/"),
        ("PUT", f"dashboards/{board.pk}/"),
    ):
        answer = alice.api.call(method, f"{path}?include_dashboards=maybe", {"name": "changed"})
        assert answer.error == (400, "validation_error", "invalid_input", "include_dashboards")
    assert not Dashboard.objects.filter(name="changed").exists()


def test_generated_dashboards_can_be_excluded(alice: Person) -> None:
    for name in ("Generated Dashboard: signups", "generated dashboard", "A Generated Dashboard", "other"):
        make_dashboard(alice, name)

    def names(**query: Any) -> set[str]:
        answer = alice.api.get("dashboards/", **query)
        assert answer.json["count"] == len(answer.json["results"])
        return {row["name"] for row in answer.json["results"]}

    assert names(exclude_generated="true") == {"A Generated Dashboard", "other"}
    assert names(exclude_generated="true", search="generated") == {"A Generated Dashboard"}
    assert len(names(exclude_generated="false")) == len(names()) == 4
    assert alice.api.get("dashboards/", exclude_generated="x").error[3] == "exclude_generated"
