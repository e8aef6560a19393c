"""GET …/activity_log/ and …/dashboards/:id/activity/: changes with their user, time and API key."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Activity, Collaborator, Dashboard, Revision, RevisionKind, Tile
from dashboards.readers import activity as reader
from tests.builders import Person, make_dashboard, make_insight, make_session
from users.models import PersonalAPIKey
from users.services.members import remove_member


def list_activities(person: Person, dashboard_id: int) -> list[dict[str, Any]]:
    answer = person.api.get(f"dashboards/{dashboard_id}/activity/")
    assert answer.status == 200
    results: list[dict[str, Any]] = answer.json["results"]
    return results


def latest_changes(person: Person, dashboard_id: int) -> dict[str, tuple[str, str, Any, Any]]:
    """Return the changes of the latest activity by field."""
    latest = list_activities(person, dashboard_id)[0]["detail"]["changes"]
    return {each["field"]: (each["type"], each["action"], each["before"], each["after"]) for each in latest}


def test_activity_has_user_time_and_key(alice: Person) -> None:
    board = make_dashboard(alice, "Weekly")
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Monthly", "pinned": True})
    [latest, first] = list_activities(alice, board.pk)
    key = PersonalAPIKey.objects.get(user=alice.user)
    assert (first["activity"], first["detail"]["changes"]) == ("created", [])
    assert latest["activity"] == "updated"
    assert UUID(latest["id"]).int == Activity.objects.latest("pk").pk
    assert (latest["scope"], latest["item_id"], latest["user"]["email"]) == (
        "Dashboard",
        str(board.pk),
        alice.user.email,
    )
    assert latest["detail"] == {
        "name": "Monthly",
        "short_id": None,
        "changes": [
            {"type": "Dashboard", "action": "changed", "field": "name", "before": "Weekly", "after": "Monthly"},
            {"type": "Dashboard", "action": "changed", "field": "pinned", "before": False, "after": True},
        ],
        "trigger": {"job_type": "personal_api_key", "job_id": key.pk, "payload": {"label": "test"}},
    }
    assert (latest["is_system"], latest["was_impersonated"], latest["unread"]) == (False, False, False)
    assert latest["version"] == Revision.objects.get(kind=RevisionKind.DASHBOARD, object_id=board.pk).number


def test_activity_of_a_session_has_no_key(alice: Person) -> None:
    board = make_dashboard(alice)
    make_session(alice).patch(f"dashboards/{board.pk}/", {"name": "new"})
    assert list_activities(alice, board.pk)[0]["detail"]["trigger"] is None


def test_activity_log_records_tile_changes_by_field(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    [tile] = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    path = f"tiles__{tile['id']}"
    item = {"id": tile["id"], "text": {"body": "new"}, "layouts": {"sm": {"x": 1.0, "y": 2}}, "color": "blue"}
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [item]})
    text_id = tile["text"]["id"]
    assert latest_changes(alice, board.pk) == {
        f"{path}__text": ("Tile", "changed", {"id": text_id, "body": "old"}, {"id": text_id, "body": "new"}),
        f"{path}__layouts": ("Tile", "changed", {}, {"sm": {"x": 1.0, "y": 2}}),
        f"{path}__color": ("Tile", "created", None, "blue"),
    }
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile["id"], "deleted": True}]})
    [(kind, action, before, after)] = latest_changes(alice, board.pk).values()
    assert (kind, action, before["text"]["body"], after) == ("Tile", "deleted", "new", None)


def test_moved_tile_is_recorded_on_both_dashboards(alice: Person) -> None:
    source, target = make_dashboard(alice, tiles=[{"button_tile": {"url": "/a", "text": "b"}}]), make_dashboard(alice)
    tile = Tile.objects.get()
    alice.api.patch(f"dashboards/{source.pk}/move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": target.pk})
    [left], [came] = latest_changes(alice, source.pk).items(), latest_changes(alice, target.pk).items()
    assert left[0] == came[0] == f"tiles__{tile.pk}"
    assert (left[1][1], came[1][1]) == ("deleted", "created")
    assert left[1][2] == came[1][3]
    assert came[1][3]["button_tile"]["id"] == str(tile.button_id)


def test_write_without_changes_is_not_recorded(alice: Person) -> None:
    board = make_dashboard(alice, tags=["a"], tiles=[{"text": {"body": "t"}}], filters={"date_from": "-7d"})
    read = alice.api.get(f"dashboards/{board.pk}/").json
    count = Activity.objects.count()
    assert alice.api.patch(f"dashboards/{board.pk}/", read).status == 200
    assert alice.api.patch(f"dashboards/{board.pk}/", {}).status == 200
    assert alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": False}).status == 200
    assert Activity.objects.count() == count


def test_refused_write_is_not_recorded(alice: Person) -> None:
    board = make_dashboard(alice)
    count = Activity.objects.count()
    body = {"name": "new", "tiles": [{"id": 99999, "text": {"body": "t"}}]}
    assert alice.api.patch(f"dashboards/{board.pk}/", body).status == 400
    assert Activity.objects.count() == count


def test_deletion_and_restoration_have_their_own_activities(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    [latest, _] = alice.api.get(f"activity_log/?scope=Dashboard&item_id={board.pk}").json["results"]
    assert latest["activity"] == "deleted"
    assert [each["field"] for each in latest["detail"]["changes"]] == ["deleted"]
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert [act["activity"] for act in list_activities(alice, board.pk)] == ["restored", "deleted", "created"]


def test_sharing_changes_are_recorded_without_secrets(alice: Person) -> None:
    board = make_dashboard(alice)
    sharing = f"dashboards/{board.pk}/sharing/"
    alice.api.patch(sharing, {"enabled": True, "password_required": True, "settings": {"theme": "dark"}})
    first = alice.api.get(sharing).json["access_token"]
    second = alice.api.post(f"{sharing}refresh/").json["access_token"]
    password = alice.api.post(f"{sharing}passwords/", {"raw_password": "open sesame"}).json["id"]
    alice.api.delete(f"{sharing}passwords/{password}/")
    alice.api.patch(sharing, {"enabled": False})
    assert [act["activity"] for act in list_activities(alice, board.pk)] == [
        "sharing disabled",
        "share password removed",
        "share password added",
        "access token refreshed",
        "sharing enabled",
        "created",
    ]
    assert list_activities(alice, board.pk)[4]["detail"]["changes"][1] == {
        "type": "SharingConfiguration",
        "action": "created",
        "field": "sharing__settings",
        "before": None,
        "after": {"theme": "dark"},
    }
    text = alice.api.get("activity_log/").text + str(list(Activity.objects.values_list("state", flat=True)))
    assert all(secret not in text for secret in (first, second, "open sesame"))


def test_activity_log_records_access_changes(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice, restriction_level=37)
    uuid = str(bob.user.uuid)
    alice.api.post(f"dashboards/{board.pk}/collaborators/", {"user_uuid": uuid, "level": 37})
    assert latest_changes(alice, board.pk) == {f"collaborators__{uuid}": ("Collaborator", "created", None, uuid)}
    alice.api.delete(f"dashboards/{board.pk}/collaborators/{uuid}/")
    assert list_activities(alice, board.pk)[0]["activity"] == "collaborator removed"
    assert latest_changes(alice, board.pk) == {f"collaborators__{uuid}": ("Collaborator", "deleted", uuid, None)}


def test_activity_log_records_access_of_a_removed_member(alice: Person, bob: Person) -> None:
    boards = [make_dashboard(alice, restriction_level=37) for _ in range(2)]
    uuid = str(bob.user.uuid)
    for created in boards:
        alice.api.post(f"dashboards/{created.pk}/collaborators/", {"user_uuid": uuid, "level": 37})
    remove_member(alice.membership, membership_id=bob.membership.pk)
    assert Collaborator.objects.count() == 0
    for created in boards:
        latest = list_activities(alice, created.pk)[0]
        assert (latest["activity"], latest["user"]["email"]) == ("collaborator removed", alice.user.email)
        assert latest_changes(alice, created.pk) == {f"collaborators__{uuid}": ("Collaborator", "deleted", uuid, None)}


def test_text_changes_are_recorded_on_each_dashboard_that_shows_it(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    other = alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"]
    tile = Tile.objects.get(dashboard=board)
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "text": {"body": "new"}}]})
    [(field, logged)] = latest_changes(alice, other).items()
    assert field == f"tiles__{Tile.objects.get(dashboard=other).pk}__text"
    assert (logged[2]["body"], logged[3]["body"]) == ("old", "new")
    alice.api.patch(f"dashboards/{other}/", {"name": "mine"})
    assert set(latest_changes(alice, other)) == {"name"}


def test_insight_changes_are_recorded_with_earlier_values(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, name="Visits")
    alice.api.patch(f"insights/{insight.pk}/", {"name": "Views", "query": {"kind": "HogQLQuery"}, "tags": ["a"]})
    alice.api.patch(f"insights/{insight.pk}/", {"name": "Views"})
    log = alice.api.get(f"activity_log/?scope=Insight&item_id={insight.pk}").json["results"]
    assert [act["activity"] for act in log] == ["updated", "created"]
    logged = {each["field"]: (each["before"], each["after"]) for each in log[0]["detail"]["changes"]}
    assert logged["name"] == ("Visits", "Views")
    assert logged["query"][1] == {"kind": "HogQLQuery"}
    assert logged["tags"] == ([], ["a"])
    assert log[0]["detail"]["short_id"] == insight.short_id
    assert set(latest_changes(alice, board.pk)) == {f"tiles__{Tile.objects.get().pk}"}  # its first layouts


def test_activity_log_can_be_filtered(alice: Person, bob: Person) -> None:
    mine, theirs = make_dashboard(alice), make_dashboard(bob)
    bob.api.patch(f"dashboards/{mine.pk}/", {"name": "new"})
    key = PersonalAPIKey.objects.get(user=bob.user)

    def found(query: str) -> list[tuple[str, str]]:
        results = alice.api.get(f"activity_log/?{query}").json["results"]
        return [(act["item_id"], act["activity"]) for act in results]

    assert found(f"user={bob.user.pk}") == [(str(mine.pk), "updated"), (str(theirs.pk), "created")]
    assert found(f"key_id={key.pk}") == [(str(mine.pk), "updated")]
    assert found(f"item_id={theirs.pk}") == [(str(theirs.pk), "created")]
    assert found("scope=Insight") == []
    assert alice.api.get("activity_log/?scope=Dashbord").json["attr"] == "scope"
    assert alice.api.get("activity_log/?item_id=x").json["attr"] == "item_id"


def test_activity_log_is_limited_to_the_project(alice: Person, carol: Person) -> None:
    board = make_dashboard(alice)
    assert carol.api.get("activity_log/").json["results"] == []
    assert carol.api.get(f"activity_log/?item_id={board.pk}").json["results"] == []
    assert carol.api.get(f"dashboards/{board.pk}/activity/").status == 404


def test_pages_are_contiguous(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGE_ROWS", 3)
    board = make_dashboard(alice)
    for number in range(7):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    path: str | None = f"dashboards/{board.pk}/activity/"
    versions, sizes = [], []
    while path:
        page = alice.api.get(path).json
        sizes.append(len(page["results"]))
        versions += [act["version"] for act in page["results"]]
        path = page["next"] and page["next"].removeprefix("http://testserver")
    assert (sizes, versions) == ([3, 3, 2], [8, 7, 6, 5, 4, 3, 2, 1])


def test_page_of_large_changes_ends_early(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_PAGE_SIZE", 5000)
    board = make_dashboard(alice)
    for number in range(3):
        alice.api.patch(f"dashboards/{board.pk}/", {"filters": {"a": str(number) * 3000}})
    page = alice.api.get(f"dashboards/{board.pk}/activity/").json
    assert [len(act["detail"]["changes"]) for act in page["results"]] == [1]
    following = alice.api.get(page["next"].removeprefix("http://testserver")).json
    assert [act["version"] for act in following["results"]] == [3]


def test_query_count_does_not_depend_on_the_number_of_activities(alice: Person) -> None:
    board = make_dashboard(alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice.api.get("activity_log/").status == 200
        return len(captured)

    cost()
    one = cost()
    for number in range(20):
        alice.api.patch(f"dashboards/{board.pk}/", {"name": str(number)})
    assert one == cost() == 3


def test_first_change_records_a_baseline_version(alice: Person) -> None:
    board = make_dashboard(alice, "old", tiles=[{"text": {"body": "t"}}])
    Activity.objects.all().delete()  # as in a database of an earlier release
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "new"})
    [latest, first] = list_activities(alice, board.pk)
    assert (first["activity"], first["is_system"], first["user"], first["version"]) == ("recorded", True, None, 1)
    assert [each["before"] for each in latest["detail"]["changes"]] == ["old"]
    assert alice.api.get(f"dashboards/{board.pk}/versions/1/").json["state"]["name"] == "old"


def test_dashboard_has_at_most_1000_tiles(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}] * 999)
    path = f"dashboards/{board.pk}/"
    two = {"tiles": [{"text": {"body": "t"}}] * 2}
    answer = alice.api.patch(path, {"name": "new", **two})
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, "too_many", "tiles")
    assert "1000" in answer.json["detail"]
    assert (Dashboard.objects.get().name, Tile.objects.count()) == ("Board", 999)
    assert alice.api.post(f"{path}tiles/", {"text": {"body": "t"}}).status == 201
    assert alice.api.post(f"{path}tiles/", {"text": {"body": "t"}}).json["code"] == "too_many"
    assert alice.api.patch(path, {"name": "full"}).status == 200
