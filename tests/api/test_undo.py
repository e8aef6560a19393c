"""POST …/activity_log/undo/: undoing the changes of an API key in a period, with a preview."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.models import Activity, Dashboard, Insight, SharingConfiguration, Tile
from dashboards.services.undo import GIVES_RIGHTS, LOST
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer, Api
from users.models import PersonalAPIKey
from users.services.api_keys import create_api_key

EARLIER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def robot(bob: Person) -> Api:
    """Return a client with another key of Bob."""
    return Api(create_api_key(bob.user, label="robot", scopes=["*"]).value, bob.membership.project_id)


def undo(person: Person, label: str = "robot", **body: Any) -> Answer:
    key = PersonalAPIKey.objects.filter(label=label).earliest("created_at")
    return person.api.post("activity_log/undo/", {"key_id": key.pk, "since": EARLIER.isoformat(), **body})


def get_undone_paths(answer: Answer) -> dict[str, list[str]]:
    return {f"{each['scope']} {each['item_id']}": each["paths"] for each in answer.json["undone"]}


def get_skipped(answer: Answer) -> list[tuple[str, list[str], str]]:
    return [(each["item_id"], each["paths"], each["reason"]) for each in answer.json["skipped"]]


def test_fields_and_tiles_are_restored(alice: Person, robot: Api) -> None:
    board = make_dashboard(
        alice, "Weekly", tags=["a"], filters={"n": 1.0}, tiles=[{"text": {"body": "kept"}}, {"text": {"body": "gone"}}]
    )
    kept, gone = Tile.objects.order_by("pk")
    robot.patch(f"dashboards/{board.pk}/", {"name": "X", "tags": ["b"], "filters": {}})
    items = [
        {"id": kept.pk, "text": {"body": "vandalized"}},
        {"id": gone.pk, "deleted": True},
        {"text": {"body": "ad"}},
    ]
    robot.patch(f"dashboards/{board.pk}/", {"tiles": items, "name": "Y"})
    answer = undo(alice)
    assert (answer.status, answer.json["preview"], answer.json["skipped"]) == (200, False, [])
    added = Tile.objects.latest("pk")
    assert get_undone_paths(answer) == {
        f"Dashboard {board.pk}": [
            "name",
            "tags",
            "filters",
            f"tiles__{kept.pk}__text",
            f"tiles__{gone.pk}",
            f"tiles__{added.pk}",
        ]
    }
    read = alice.api.get(f"dashboards/{board.pk}/").json
    assert (read["name"], read["tags"], read["filters"]) == ("Weekly", ["a"], {"n": 1.0})
    assert [(tile["id"], tile["text"]["body"]) for tile in read["tiles"]] == [(kept.pk, "kept"), (gone.pk, "gone")]
    assert Activity.objects.latest("pk").activity == "undone"
    assert undo(alice).json["undone"] == []  # no change remains to be undone


def test_fields_that_others_changed_since_are_skipped(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "Weekly", tiles=[{"text": {"body": "old"}}])
    tile = Tile.objects.get()
    item = {"id": tile.pk, "text": {"body": "robot"}, "color": "red"}
    robot.patch(f"dashboards/{board.pk}/", {"name": "robot", "description": "robot", "tiles": [item]})
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "mine", "tiles": [{"id": tile.pk, "text": {"body": "mine"}}]})
    answer = undo(alice)
    assert get_undone_paths(answer) == {f"Dashboard {board.pk}": ["description", f"tiles__{tile.pk}__color"]}
    assert get_skipped(answer) == [(str(board.pk), ["name", f"tiles__{tile.pk}__text"], "changed since")]
    read = alice.api.get(f"dashboards/{board.pk}/").json
    assert (read["name"], read["description"]) == ("mine", "")
    assert (read["tiles"][0]["text"]["body"], read["tiles"][0]["color"]) == ("mine", None)


def test_created_items_are_deleted_and_deleted_ones_restored(alice: Person, robot: Api) -> None:
    old = make_dashboard(alice, "old", tiles=[{"text": {"body": "t"}}])
    shown = make_insight(alice, old)
    new = robot.post("dashboards/", {"name": "new", "tiles": [{"text": {"body": "t"}}]}).json["id"]
    insight = robot.post("insights/", {"name": "new", "dashboards": [new]}).json["id"]
    robot.patch(f"dashboards/{old.pk}/", {"name": "renamed"})
    robot.patch(f"dashboards/{old.pk}/", {"deleted": True, "delete_insights": True})
    answer = undo(alice)
    assert answer.json["skipped"] == []
    assert [each["name"] for each in alice.api.get("dashboards/").json["results"]] == ["old"]
    assert Insight.objects.get(pk=shown.pk).deleted is False
    assert (Dashboard.objects.get(pk=new).deleted, Insight.objects.get(pk=insight).deleted) == (True, True)
    assert len(alice.api.get(f"dashboards/{old.pk}/").json["tiles"]) == 2


def test_created_items_that_others_changed_are_kept(alice: Person, robot: Api) -> None:
    new = robot.post("dashboards/", {"name": "new"}).json["id"]
    alice.api.patch(f"dashboards/{new}/", {"description": "mine"})
    assert get_skipped(undo(alice)) == [(str(new), ["deleted"], "changed since")]
    assert Dashboard.objects.get().deleted is False


def test_insights_are_restored(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, name="Visits", tags=["a"])
    robot.patch(f"insights/{insight.pk}/", {"name": "X", "query": None, "tags": [], "dashboards": []})
    answer = undo(alice)
    assert answer.json["skipped"] == []
    read = alice.api.get(f"insights/{insight.pk}/").json
    assert (read["name"], read["query"], read["tags"], read["dashboards"]) == (
        "Visits",
        insight.query,
        ["a"],
        [board.pk],
    )


def test_moved_tile_is_moved_back(alice: Person, robot: Api) -> None:
    source, target = make_dashboard(alice, tiles=[{"text": {"body": "t"}}]), make_dashboard(alice)
    tile = Tile.objects.get()
    robot.patch(f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    assert undo(alice).json["skipped"] == []
    assert [each["text"]["body"] for each in alice.api.get(f"dashboards/{source.pk}/").json["tiles"]] == ["t"]
    assert alice.api.get(f"dashboards/{target.pk}/").json["tiles"] == []


def test_link_is_disabled_but_never_enabled_again(alice: Person, robot: Api) -> None:
    enabled, disabled = make_dashboard(alice), make_dashboard(alice)
    alice.api.patch(f"dashboards/{disabled.pk}/sharing/", {"enabled": True})
    robot.patch(f"dashboards/{enabled.pk}/sharing/", {"enabled": True})
    robot.patch(f"dashboards/{disabled.pk}/sharing/", {"enabled": False})
    answer = undo(alice)
    assert get_undone_paths(answer) == {f"Dashboard {enabled.pk}": ["sharing__enabled"]}
    assert get_skipped(answer) == [
        (str(disabled.pk), ["sharing__enabled"], GIVES_RIGHTS),
        (str(disabled.pk), ["sharing__access_token"], LOST),
    ]
    assert list(SharingConfiguration.objects.values_list("enabled", flat=True)) == [False, False]


def test_preview_returns_the_result_and_changes_nothing(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "Weekly", tiles=[{"text": {"body": "t"}}])
    robot.patch(f"dashboards/{board.pk}/", {"name": "X", "deleted": True})
    new = robot.post("dashboards/", {"name": "new"}).json["id"]
    before = list(Activity.objects.values_list("pk", flat=True))
    preview = undo(alice, preview=True).json
    assert (Dashboard.objects.get(pk=board.pk).name, Dashboard.objects.get(pk=new).deleted) == ("X", False)
    assert list(Activity.objects.values_list("pk", flat=True)) == before
    assert preview == {**undo(alice).json, "preview": True}
    assert Dashboard.objects.get(pk=board.pk).name == "Weekly"


def test_undo_is_limited_to_the_time_range(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice, "Weekly")
    robot.patch(f"dashboards/{board.pk}/", {"name": "before"})
    robot.patch(f"dashboards/{board.pk}/", {"description": "within"})
    robot.patch(f"dashboards/{board.pk}/", {"pinned": True})
    before, within, after = Activity.objects.exclude(key_id="").order_by("pk")
    now = datetime.now(UTC)
    for act, minutes in ((before, 3), (within, 2), (after, 1)):
        Activity.objects.filter(pk=act.pk).update(created_at=now - timedelta(minutes=minutes))
    body = {"since": (now - timedelta(minutes=2)).isoformat(), "until": (now - timedelta(minutes=1)).isoformat()}
    assert get_undone_paths(undo(alice, **body)) == {f"Dashboard {board.pk}": ["description"]}
    assert alice.api.get(f"dashboards/{board.pk}/").json["name"] == "before"


def test_owner_of_the_key_and_admins_can_undo(alice: Person, bob: Person, robot: Api, carol: Person) -> None:
    board = make_dashboard(alice, "Weekly")
    robot.patch(f"dashboards/{board.pk}/", {"name": "X"})
    other = create_api_key(alice.user, label="other", scopes=["*"]).key.pk
    refused = bob.api.post("activity_log/undo/", {"key_id": other, "since": EARLIER.isoformat()})
    assert refused.status == 403
    unknown = undo(carol)  # no activity is visible in their own project
    assert (unknown.status, unknown.json["code"], unknown.json["attr"]) == (400, "does_not_exist", "key_id")
    assert get_undone_paths(undo(bob)) == {f"Dashboard {board.pk}": ["name"]}


def test_item_without_the_edit_right_is_skipped(alice: Person, bob: Person, robot: Api) -> None:
    board, disabled = make_dashboard(alice, "a"), make_dashboard(alice, "b")
    for each in (board, disabled):
        robot.patch(f"dashboards/{each.pk}/", {"name": "X"})
    alice.api.patch(f"dashboards/{disabled.pk}/", {"restriction_level": 37})
    answer = undo(bob)
    assert get_undone_paths(answer) == {f"Dashboard {board.pk}": ["name"]}
    assert [each[:2] for each in get_skipped(answer)] == [(str(disabled.pk), ["name"])]
    assert list(Dashboard.objects.order_by("pk").values_list("name", flat=True)) == ["a", "X"]


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": None}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "2019-01-01T00:00:00Z"}, "until"),
        ({"preview": "maybe"}, "preview"),
        ({"key_id": ["a"]}, "key_id"),
    ],
)
def test_invalid_body_is_400_at_its_field(alice: Person, robot: Api, body: dict[str, Any], attr: str) -> None:
    answer = undo(alice, **body)
    assert (answer.status, answer.json["attr"]) == (400, attr)


@pytest.mark.parametrize(("query", "body"), [("?preview=true", {}), ("", {"dry_run": True}), ("?x=", {})])
def test_misspelled_preview_undoes_nothing(alice: Person, robot: Api, query: str, body: dict[str, Any]) -> None:
    board = make_dashboard(alice, "Weekly")
    robot.patch(f"dashboards/{board.pk}/", {"name": "X"})
    key = PersonalAPIKey.objects.get(label="robot").pk
    body = {"key_id": key, "since": EARLIER.isoformat(), **body}
    answer = alice.api.call("POST", f"activity_log/undo/{query}", body, documented=False)
    assert (answer.status, answer.json["code"]) == (400, "unknown_field")
    assert answer.json["attr"] in ("preview", "dry_run", "x")
    assert Dashboard.objects.get().name == "X"


def test_more_than_1000_activities_are_undone_in_batches(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.services.undo_limits.MAX_ACTIVITIES", 1)
    board = make_dashboard(alice, "Weekly")
    robot.patch(f"dashboards/{board.pk}/", {"name": "X"})
    robot.patch(f"dashboards/{board.pk}/", {"name": "Y"})
    answer = undo(alice)
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, "too_many", "since")
    assert Dashboard.objects.get().name == "Y"
