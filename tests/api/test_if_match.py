"""Optimistic locking with If-Match."""

from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

import pytest
from django.test import override_settings

from dashboards.changelog.tracking import IfMatchVersions, write_transaction
from dashboards.models import (
    Dashboard,
    Insight,
    Revision,
    RevisionKind,
    SharePassword,
    SharingConfiguration,
    Text,
    Tile,
)
from dashboards.services.dashboards import update_dashboard
from dashboards_api.errors import VersionConflict
from tests.api.test_write_conflicts import on_postgresql
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer
from tests.concurrency import run_concurrently


def get_version(dashboard: Dashboard) -> int:
    return Revision.objects.get(kind=RevisionKind.DASHBOARD, object_id=dashboard.pk).number


def patch_if_match(person: Person, dashboard: Dashboard, version: str, **body: Any) -> Answer:
    return person.api.call("PATCH", f"dashboards/{dashboard.pk}/", body, headers={"If-Match": version})


def test_outdated_if_match_is_412_with_the_current_version(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice)
    path = f"dashboards/{board.pk}/"
    seen_version = bob.api.get(path).headers["ETag"]
    newer = alice.api.patch(path, {"name": "Alice's"}).headers["ETag"]
    outdated = patch_if_match(bob, board, seen_version, name="Bob's")
    assert (outdated.status, outdated.json["type"], outdated.json["code"]) == (
        412,
        "invalid_request",
        "precondition_failed",
    )
    assert "version 2" in outdated.json["detail"]
    assert outdated.headers["ETag"] == 'W/"2"'
    assert Dashboard.objects.get().name == "Alice's"
    assert patch_if_match(bob, board, outdated.headers["ETag"], name="Bob's").status == 200
    assert patch_if_match(alice, board, newer, name="again").status == 412
    assert bob.api.get(path).json["name"] == "Bob's"


def test_etag_of_any_response_about_the_dashboard_matches(alice: Person) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    path = f"dashboards/{board.pk}/"
    override = quote('{"date_from":"-1d"}')
    tags = [alice.api.get(path).headers["ETag"], alice.api.get(f"{path}?filters_override={override}").headers["ETag"]]
    assert len(set(tags)) == 2
    for tag in tags:
        assert patch_if_match(alice, board, tag).status == 200
    tag = patch_if_match(alice, board, tags[0], name="new").headers["ETag"]
    tag = patch_if_match(alice, board, tag, name="newer").headers["ETag"]
    assert alice.api.call("GET", path, headers={"If-None-Match": tag}).status == 304
    created = alice.api.post("dashboards/", {"name": "other"})
    assert (
        patch_if_match(alice, Dashboard.objects.get(pk=created.json["id"]), created.headers["ETag"], name="x").status
        == 200
    )


@pytest.mark.parametrize("form", ["{}", '"{}"', 'W/"{}"', '"other", "{}"', "*", " {} "])
def test_matching_header_formats(alice: Person, form: str) -> None:
    board = make_dashboard(alice)
    assert patch_if_match(alice, board, form.format(get_version(board)), name="new").status == 200


@pytest.mark.parametrize("form", ["0", '"99"', '"other"', "", "-1", '"1"x', "x" * 5000, "9" * 40, '"1.zz"'])
def test_header_formats_that_do_not_match(alice: Person, form: str) -> None:
    board = make_dashboard(alice)
    assert patch_if_match(alice, board, form, name="new").status == 412
    assert Dashboard.objects.get().name == "Board"


def test_etag_of_the_list_does_not_match_a_dashboard(alice: Person) -> None:
    board = make_dashboard(alice)
    assert patch_if_match(alice, board, alice.api.get("dashboards/").headers["ETag"], name="new").status == 412


def test_change_of_shared_content_changes_the_version(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    seen_version = get_version(board)
    alice.api.patch(f"insights/{insight.pk}/", {"name": "renamed"})
    assert patch_if_match(alice, board, str(seen_version), name="new").status == 412


def test_every_write_accepts_if_match(alice: Person, bob: Person) -> None:
    board, other = make_dashboard(alice, tiles=[{"text": {"body": "t"}}]), make_dashboard(alice)
    tile = Tile.objects.get()
    theirs = make_insight(alice, other).tiles.get()
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True, "password_required": True})
    password = alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {}).json["id"]
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    before = (
        get_version(board),
        Dashboard.objects.values().get(pk=board.pk),
        SharingConfiguration.objects.values().first(),
    )
    user = str(bob.user.uuid)
    for method, path, body in (
        ("PATCH", "", {"name": "x"}),
        ("PUT", "", {"name": "x"}),
        ("PATCH", "move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": other.pk}),
        ("POST", "move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": other.pk}),
        ("POST", "tiles/", {"text": {"body": "x"}}),
        ("POST", "create_text_tile/", {"body": "x"}),
        ("POST", "update_text_tile/", {"tile_id": tile.pk, "body": "x"}),
        ("POST", "update_tile/", {"tile_id": tile.pk, "color": "x"}),
        ("POST", "delete_tile/", {"tile_id": tile.pk}),
        ("POST", "copy_tile/", {"fromDashboardId": other.pk, "tileId": theirs.pk}),
        ("POST", "reorder_tiles/", {"tile_order": [tile.pk], "layout": "full_width"}),
        ("PATCH", "sharing/", {"enabled": False}),
        ("POST", "sharing/refresh/", {}),
        ("POST", "sharing/passwords/", {}),
        ("DELETE", f"sharing/passwords/{password}/", None),
        ("POST", "collaborators/", {"user_uuid": user, "level": 37}),
        ("DELETE", f"collaborators/{user}/", None),
        ("POST", "versions/1/restore/", {}),
    ):
        answer = alice.api.call(method, f"dashboards/{board.pk}/{path}", body, headers={"If-Match": '"1"'})
        assert answer.status == 412, (method, path, answer)
    now = (
        get_version(board),
        Dashboard.objects.values().get(pk=board.pk),
        SharingConfiguration.objects.values().first(),
    )
    assert now == before


def test_every_write_response_has_the_next_etag(alice: Person, bob: Person) -> None:
    board, other = make_dashboard(alice, tiles=[{"text": {"body": "t"}}]), make_dashboard(alice)
    tile = Tile.objects.get()
    theirs = make_insight(alice, other).tiles.get()
    shown = make_insight(alice, board).tiles.get()
    user = str(bob.user.uuid)
    root = f"dashboards/{board.pk}/"
    tag = alice.api.get(root).headers["ETag"]
    for method, path, body, status in (
        ("PATCH", "", {"name": "x"}, 200),
        ("PUT", "", {"name": "y"}, 200),
        ("POST", "tiles/", {"text": {"body": "x"}}, 201),
        ("POST", "create_text_tile/", {"body": "x"}, 201),
        ("POST", "update_text_tile/", {"tile_id": tile.pk, "body": "x"}, 200),
        ("POST", "update_tile/", {"tile_id": shown.pk, "color": "red"}, 200),
        ("POST", "delete_tile/", {"tile_id": shown.pk}, 204),
        ("POST", "copy_tile/", {"fromDashboardId": other.pk, "tileId": theirs.pk}, 200),
        ("POST", "reorder_tiles/", {"tile_order": [tile.pk], "layout": "full_width"}, 200),
        ("PATCH", "move_tile/", {"tile": {"id": tile.pk}, "to_dashboard": other.pk}, 200),
        ("PATCH", "sharing/", {"enabled": True, "password_required": True}, 200),
        ("POST", "sharing/refresh/", {}, 200),
        ("POST", "sharing/passwords/", {}, 201),
        ("DELETE", "sharing/passwords/{password}/", None, 204),
        ("PATCH", "", {"restriction_level": 37}, 200),
        ("POST", "collaborators/", {"user_uuid": user, "level": 37}, 201),
        ("DELETE", f"collaborators/{user}/", None, 204),
        ("POST", "versions/1/restore/", {}, 200),
        ("PATCH", "", {"deleted": True}, 200),
        ("PATCH", "", {"deleted": False}, 200),
    ):
        path = path.format(password=SharePassword.objects.values_list("pk", flat=True).first())
        before = get_version(board)
        answer = alice.api.call(method, root + path, body, headers={"If-Match": tag})
        assert (answer.status, get_version(board)) == (status, before + 1), (method, path, answer)
        tag = answer.headers["ETag"]
        assert tag.startswith(f'W/"{before + 1}.'), (method, path)


def test_dashboard_of_another_project_has_no_version(alice: Person, carol: Person) -> None:
    board = make_dashboard(alice)
    assert patch_if_match(carol, board, "1", name="x").status == 404
    assert patch_if_match(carol, board, "99", name="x").status == 404


def test_if_match_can_be_required_by_a_setting(alice: Person) -> None:
    board = make_dashboard(alice)
    path = f"dashboards/{board.pk}/"
    with override_settings(REQUIRE_IF_MATCH=True):
        answer = alice.api.patch(path, {"name": "new"})
        assert (answer.status, answer.json["code"]) == (428, "precondition_required")
        assert alice.api.patch(f"{path}sharing/", {"enabled": True}).status == 428
        assert patch_if_match(alice, board, "*", name="new").status == 200
        assert alice.api.get(path).status == 200
        assert alice.api.post("dashboards/", {"name": "other"}).status == 201


@pytest.mark.django_db(transaction=True)
def test_concurrent_writes_of_one_version_succeed_once(alice: Person) -> None:
    board = make_dashboard(alice)
    answers: list[Answer] = []
    jobs = [lambda each=each: answers.append(patch_if_match(alice, board, "1", name=str(each))) for each in range(6)]
    assert run_concurrently(*jobs) == []
    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412, 412]
    [written] = [answer.json["name"] for answer in answers if answer.status == 200]
    assert (Dashboard.objects.get().name, get_version(board)) == (written, 2)


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("body", "is_refused"), [("Alice's", True), ("Bob's", False)])
def test_concurrent_edit_of_shared_text_is_not_overwritten(
    alice: Person, bob: Person, body: str, is_refused: bool
) -> None:
    board = make_dashboard(alice, tiles=[{"text": {"body": "old"}}])
    other = alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"]
    mine, theirs = Tile.objects.get(dashboard=board), Tile.objects.get(dashboard=other)
    seen_version, project = get_version(board), board.project
    item: Any = {"id": theirs.pk, "text": {"body": "Bob's"}}
    content: Any = {"tiles": [{"id": mine.pk, "text": {"body": body}}]}
    with (
        pytest.raises(VersionConflict) if is_refused else nullcontext() as outdated,
        write_transaction(alice.membership, IfMatchVersions(board.pk, project, {seen_version})) as changes,
    ):
        assert run_concurrently(lambda: bob.api.patch(f"dashboards/{other}/", {"tiles": [item]})) == []
        update_dashboard(changes, board.pk, project=project, content=content)
    assert Text.objects.get().body == "Bob's"
    assert get_version(board) == seen_version + 1
    if outdated is not None:
        assert outdated.value.version == seen_version + 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_moves_in_both_directions_do_not_deadlock(alice: Person) -> None:
    boards = [make_dashboard(alice, tiles=[{"text": {"body": "t"}}]) for _ in range(2)]
    tiles = [Tile.objects.get(dashboard=board) for board in boards]
    answers: list[int] = []

    def move(index: int) -> None:
        body = {"tile": {"id": tiles[index].pk}, "to_dashboard": boards[1 - index].pk}
        path = f"dashboards/{boards[index].pk}/move_tile/"
        answers.append(
            alice.api.call("PATCH", path, body, headers={"If-Match": str(get_version(boards[index]))}).status
        )

    for _ in range(5):
        answers.clear()
        for board in boards:
            Tile.objects.filter(pk=tiles[boards.index(board)].pk).update(dashboard=board)
        assert run_concurrently(lambda: move(0), lambda: move(1)) == []
        # The request that is processed second gets a 412.
        assert sorted(answers) in ([200, 412], [200, 200])


def test_if_match_on_unversioned_resources_is_refused(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board)
    for method, path, body in (
        ("PATCH", f"insights/{insight.pk}/", {"name": "x"}),
        ("POST", "dashboards/", {"name": "x"}),
        ("POST", "dashboards/bulk_update_tags/", {"ids": [board.pk], "action": "add", "tags": ["x"]}),
        ("POST", "dashboards/bulk_restore/", {"ids": [board.pk]}),
        ("POST", "activity_log/undo/", {"key_id": "x", "since": "2020-01-01T00:00:00Z"}),
    ):
        answer = alice.api.call(method, path, body, headers={"If-Match": "1"}, documented=False)
        assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, "if_match_not_supported", "If-Match")
    assert (Dashboard.objects.get().tag_names, Insight.objects.get().name) == ([], "Insight")
    anything = alice.api.call("PATCH", f"insights/{insight.pk}/", {"name": "x"}, headers={"If-Match": "*"})
    assert (anything.status, Insight.objects.get().name) == (200, "x")


@pytest.mark.django_db(transaction=True)
def test_concurrent_changes_are_all_in_the_activity_log(alice: Person) -> None:
    board = make_dashboard(alice)
    bodies: list[dict[str, Any]] = [{"name": "n"}, {"description": "d"}, {"pinned": True}, {"tags": ["t"]}] * 2
    jobs = [lambda body=body: alice.api.patch(f"dashboards/{board.pk}/", body) for body in bodies]
    assert run_concurrently(*jobs) == []
    activities = alice.api.get(f"dashboards/{board.pk}/activity/").json["results"]
    logged = sorted(each["field"] for activity in activities for each in activity["detail"]["changes"])
    assert logged == ["description", "name", "pinned", "tags"]
    latest = alice.api.get(f"dashboards/{board.pk}/versions/{activities[0]['version']}/").json["state"]
    assert (latest["name"], latest["description"], latest["pinned"], latest["tags"]) == ("n", "d", True, ["t"])
