"""`include_dashboards` on what answers insights, and `exclude_generated` on the list of dashboards."""

from typing import Any

import pytest

from dashboards.models import Insight
from tests.builders import Person, make_dashboard, make_insight


@pytest.mark.parametrize(("value", "is_there"), [("true", True), ("", True), ("false", False), ("0", False)])
def test_dashboards_are_there_unless_they_are_not_wanted(alice: Person, value: str, is_there: bool) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    made = make_insight(alice, board)
    query = f"?include_dashboards={value}"
    one = f"insights/{made.pk}/{query}"
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


def test_anything_but_a_boolean_is_400_and_changes_nothing(alice: Person) -> None:
    board = make_dashboard(alice)
    made = make_insight(alice, board, name="old")
    for path in (f"dashboards/{board.pk}/", f"insights/{made.pk}/", "insights/"):
        answer = alice.api.get(path, include_dashboards="maybe")
        assert answer.error == (400, "validation_error", "invalid_input", "include_dashboards")
    assert alice.api.patch(f"insights/{made.pk}/?include_dashboards=maybe", {"name": "new"}).status == 400
    assert Insight.objects.get().name == "old"


def test_generated_dashboards_can_be_left_out(alice: Person) -> None:
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
