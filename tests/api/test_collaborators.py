"""…/dashboards/:id/collaborators/: the right to edit a restricted dashboard."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from dashboards.models import Collaborator, Dashboard, Insight, Tile
from tests.builders import Person, make_dashboard, make_insight, make_person, make_text_tile
from tests.client import Answer
from users.models import MembershipLevel
from users.services.projects import add_member


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, restriction_level=37)


@pytest.fixture
def path(board: Dashboard) -> str:
    return f"dashboards/{board.pk}/collaborators/"


def build_body(person: Person, **more: Any) -> dict[str, Any]:
    return {"user_uuid": str(person.user.uuid), "level": 37, **more}


def test_collaborator_is_added_listed_and_removed(alice: Person, bob: Person, board: Dashboard, path: str) -> None:
    added = alice.api.post(path, build_body(bob))
    row = Collaborator.objects.get()
    assert added.status == 201
    assert (row.dashboard_id, row.membership_id, row.level) == (board.pk, bob.membership.pk, 37)
    assert added.json["id"] == str(row.pk)
    assert (added.json["dashboard_id"], added.json["level"]) == (board.pk, 37)
    assert (added.json["user"]["uuid"], added.json["user"]["email"]) == (str(bob.user.uuid), bob.user.email)
    assert alice.api.get(path).json == bob.api.get(path).json == [added.json]
    removed = alice.api.delete(f"{path}{bob.user.uuid}/")
    assert (removed.status, removed.text, alice.api.get(path).json) == (204, "", [])
    assert Collaborator.objects.count() == 0


def test_collaborator_sees_and_has_the_edit_right(alice: Person, bob: Person, board: Dashboard, path: str) -> None:
    url = f"dashboards/{board.pk}/"
    insight = make_insight(alice, board)

    def levels() -> list[tuple[int, str]]:
        [listed] = bob.api.get("dashboards/").json["results"]
        shown = bob.api.get(url).json
        rows = [listed, shown, shown["tiles"][0]["insight"], bob.api.get(f"insights/{insight.pk}/").json]
        return [(row["effective_privilege_level"], row["user_access_level"]) for row in rows]

    assert levels() == [(21, "viewer")] * 4
    assert bob.api.get(f"{url}sharing/").json["user_access_level"] == "viewer"
    alice.api.post(path, build_body(bob))
    assert levels() == [(37, "editor")] * 4
    assert bob.api.get(f"{url}sharing/").json["user_access_level"] == "editor"
    assert bob.api.patch(url, {"name": "together"}).json["name"] == "together"
    # The right to edit does not include the right to remove the restriction.
    assert bob.api.patch(url, {"restriction_level": 21}).error[0] == 403
    alice.api.delete(f"{path}{bob.user.uuid}/")
    assert bob.api.patch(url, {"name": "alone"}).error == (403, "authentication_error", "permission_denied", None)
    assert Dashboard.objects.get().name == "together"
    assert levels() == [(21, "viewer")] * 4


Write = Callable[[Person, Dashboard, Dashboard, Tile, int], Answer]
WRITES: dict[str, tuple[Write, int]] = {
    "rename": (lambda p, b, o, t, i: p.api.patch(f"dashboards/{b.pk}/", {"name": "n"}), 200),
    "delete": (lambda p, b, o, t, i: p.api.patch(f"dashboards/{b.pk}/", {"deleted": True}), 200),
    "duplicate": (
        lambda p, b, o, t, i: p.api.patch(f"dashboards/{b.pk}/", {"duplicate_tiles": [{"id": t.pk}]}),
        200,
    ),
    "text": (lambda p, b, o, t, i: p.api.post(f"dashboards/{b.pk}/create_text_tile/", {"body": "b"}), 201),
    "tile": (lambda p, b, o, t, i: p.api.post(f"dashboards/{b.pk}/tiles/", {"insight": i}), 201),
    "move": (
        lambda p, b, o, t, i: p.api.patch(
            f"dashboards/{b.pk}/move_tile/", {"tile": {"id": t.pk}, "to_dashboard": o.pk}
        ),
        200,
    ),
    "copy": (
        lambda p, b, o, t, i: p.api.post(
            f"dashboards/{b.pk}/copy_tile/", {"fromDashboardId": o.pk, "tileId": _first_tile(o).pk}
        ),
        200,
    ),
    "reorder": (lambda p, b, o, t, i: p.api.post(f"dashboards/{b.pk}/reorder_tiles/", {"tile_order": [t.pk]}), 200),
    "insight": (lambda p, b, o, t, i: p.api.post("insights/", {"dashboards": [b.pk]}), 201),
    "membership": (lambda p, b, o, t, i: p.api.patch(f"insights/{i}/", {"dashboards": [b.pk]}), 200),
    "share": (lambda p, b, o, t, i: p.api.patch(f"dashboards/{b.pk}/sharing/", {"enabled": True}), 200),
    "invite": (lambda p, b, o, t, i: p.api.delete(f"dashboards/{b.pk}/collaborators/{p.user.uuid}/"), 204),
}


def _first_tile(dashboard: Dashboard) -> Tile:
    return Tile.objects.filter(dashboard=dashboard).earliest("pk")


@pytest.mark.parametrize("write", WRITES)
def test_every_write_requires_the_edit_right(
    alice: Person, bob: Person, board: Dashboard, path: str, write: str
) -> None:
    other = make_dashboard(alice, "Other")
    tile = make_text_tile(alice, board)
    make_text_tile(alice, other)
    insight = make_insight(alice).pk
    act, allowed = WRITES[write]
    before = alice.api.get(f"dashboards/{board.pk}/").json
    refused = act(bob, board, other, tile, insight)
    assert refused.error == (403, "authentication_error", "permission_denied", None)
    assert alice.api.get(f"dashboards/{board.pk}/").json == before
    alice.api.post(path, build_body(bob))
    assert act(bob, board, other, tile, insight).status == allowed


def test_bulk_update_of_tags_requires_the_edit_right(alice: Person, bob: Person, board: Dashboard, path: str) -> None:
    request = {"ids": [board.pk], "action": "add", "tags": ["a"]}
    assert bob.api.post("dashboards/bulk_update_tags/", request).json["updated"] == []
    alice.api.post(path, build_body(bob))
    answer = bob.api.post("dashboards/bulk_update_tags/", request)
    assert answer.json == {"updated": [{"id": board.pk, "tags": ["a"]}], "skipped": []}


def test_edit_right_is_limited_to_one_dashboard_and_one_member(
    alice: Person, bob: Person, board: Dashboard, path: str
) -> None:
    dora = make_person("dora", alice.membership.project)
    other = make_dashboard(alice, restriction_level=37)
    alice.api.post(path, build_body(bob))
    assert bob.api.patch(f"dashboards/{other.pk}/", {"name": "x"}).status == 403
    assert dora.api.patch(f"dashboards/{board.pk}/", {"name": "x"}).status == 403
    assert dora.api.post(path, build_body(dora)).status == 403
    # Collaborators can add collaborators.
    assert bob.api.post(path, build_body(dora)).status == 201
    assert dora.api.patch(f"dashboards/{board.pk}/", {"name": "three"}).status == 200


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"level": 21}, "invalid_input", "level"),
        ({"level": 1}, "invalid_choice", "level"),
        ({"level": None}, "null", "level"),
        ({"user_uuid": "alice"}, "invalid_input", "user_uuid"),
        ({"user_uuid": str(uuid4())}, "does_not_exist", "user_uuid"),
    ],
)
def test_invalid_bodies_are_400_at_their_path(
    alice: Person, bob: Person, path: str, body: dict[str, Any], code: str, attr: str
) -> None:
    assert alice.api.post(path, build_body(bob, **body)).error == (400, "validation_error", code, attr)
    assert Collaborator.objects.count() == 0


@pytest.mark.parametrize("missing", ["user_uuid", "level"])
def test_both_fields_are_required(alice: Person, bob: Person, path: str, missing: str) -> None:
    body = build_body(bob)
    del body[missing]
    assert alice.api.post(path, body).error == (400, "validation_error", "required", missing)


def test_invalid_collaborators_are_refused(
    alice: Person, bob: Person, carol: Person, path: str, board: Dashboard
) -> None:
    admin = make_person("ada", alice.membership.project, MembershipLevel.ADMIN)
    for person in (alice, admin):
        assert alice.api.post(path, build_body(person)).error == (400, "validation_error", "invalid_input", "user_uuid")
    assert alice.api.post(path, build_body(carol)).error == (400, "validation_error", "does_not_exist", "user_uuid")
    alice.api.post(path, build_body(bob))
    assert alice.api.post(path, build_body(bob)).error == (400, "validation_error", "unique", "user_uuid")
    assert Collaborator.objects.count() == 1


def test_unrestricted_dashboard_keeps_collaborators_and_accepts_no_new_ones(
    alice: Person, bob: Person, board: Dashboard, path: str
) -> None:
    alice.api.post(path, build_body(bob))
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 21})
    dora = make_person("dora", alice.membership.project)
    assert alice.api.post(path, build_body(dora)).error == (400, "validation_error", "invalid_input", None)
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    assert bob.api.patch(f"dashboards/{board.pk}/", {"name": "again"}).status == 200


def test_removed_member_loses_the_edit_right(alice: Person, bob: Person, board: Dashboard, path: str) -> None:
    alice.api.post(path, build_body(bob))
    bob.membership.delete()
    assert alice.api.get(path).json == []
    add_member(board.project, user=bob.user)
    assert bob.api.patch(f"dashboards/{board.pk}/", {"name": "back"}).status == 403


def test_deleted_foreign_and_unknown_dashboards_are_404(alice: Person, bob: Person, carol: Person, path: str) -> None:
    boards = [make_dashboard(alice, restriction_level=37, deleted=True), make_dashboard(carol, restriction_level=37)]
    for number in [board.pk for board in boards] + [999999999, "x"]:
        url = f"dashboards/{number}/collaborators/"
        answers = [alice.api.get(url), alice.api.post(url, build_body(bob)), alice.api.delete(f"{url}{bob.user.uuid}/")]
        assert [answer.error[:3] for answer in answers] == [(404, "invalid_request", "not_found")] * 3
    for user in (bob.user.uuid, uuid4(), "x"):
        assert alice.api.delete(f"{path}{user}/").error == (404, "invalid_request", "not_found", None)


def test_form_body_is_accepted(alice: Person, bob: Person, path: str) -> None:
    assert alice.api.send_form("POST", path, build_body(bob)).status == 201
    assert Collaborator.objects.get().membership_id == bob.membership.pk


def test_restricted_dashboard_cannot_be_edited_through_shared_content(
    alice: Person, bob: Person, board: Dashboard
) -> None:
    insight = make_insight(alice, board, name="orig")
    text = make_text_tile(alice, board, "orig")
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"button_tile": {"url": "/orig", "text": "orig"}}]})
    before = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    mine = make_dashboard(bob, "mine")
    # Bob may not edit the insight, so he cannot add it to a dashboard that he may edit.
    for answer in (
        bob.api.post(f"dashboards/{mine.pk}/tiles/", {"insight": insight.pk}),
        bob.api.patch(f"dashboards/{mine.pk}/", {"tiles": [{"insight": {"id": insight.pk}}]}),
        bob.api.post("dashboards/", {"tiles": [{"insight": insight.pk}]}),
        bob.api.patch(f"insights/{insight.pk}/", {"dashboards": [board.pk, mine.pk]}),
        bob.api.patch(f"insights/{insight.pk}/", {"deleted": True}),
    ):
        assert answer.error == (403, "authentication_error", "permission_denied", None)
    # A copy belongs to the user who makes it.
    copied = bob.api.post(f"dashboards/{mine.pk}/copy_tile/", {"fromDashboardId": board.pk, "tileId": text.pk}).json
    shallow = bob.api.post("dashboards/", {"use_dashboard": board.pk}).json
    assert [tile["text"]["body"] for tile in copied["tiles"]] == ["orig"]
    assert len(shallow["tiles"]) == 3
    for created in (copied, shallow):
        items = [
            {
                "id": tile["id"],
                **({"text": {**tile["text"], "body": "bob"}} if tile["text"] else {}),
                **({"button_tile": {"id": tile["button_tile"]["id"], "url": "/bob"}} if tile["button_tile"] else {}),
            }
            for tile in created["tiles"]
        ]
        assert bob.api.patch(f"dashboards/{created['id']}/", {"tiles": items}, documented=False).status == 200
    [copy] = [tile["insight"]["id"] for tile in shallow["tiles"] if tile["insight"]]
    assert bob.api.patch(f"insights/{copy}/", {"name": "bob"}).status == 200
    assert alice.api.get(f"dashboards/{board.pk}/").json["tiles"] == before


def test_deleted_dashboard_keeps_its_restriction(alice: Person, bob: Person, board: Dashboard) -> None:
    alone, along = make_insight(alice, board, name="alone"), make_insight(alice, board, name="along")
    alice.api.patch(f"insights/{alone.pk}/", {"deleted": True})
    assert bob.api.patch(f"insights/{alone.pk}/", {"deleted": False, "name": "bob"}).status == 403
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    for insight in (alone, along):
        assert bob.api.patch(f"insights/{insight.pk}/", {"deleted": False, "name": "bob"}).status == 403
    assert alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False}).status == 200
    assert alice.api.patch(f"insights/{alone.pk}/", {"deleted": False}).status == 200
    assert sorted(Insight.objects.values_list("name", flat=True)) == ["alone", "along"]
