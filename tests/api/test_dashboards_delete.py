"""DELETE, and deleting and restoring by PATCH."""

import pytest

from dashboards.models import Dashboard, Tile
from tests.builders import Person, make_dashboard, make_text_tile


@pytest.mark.parametrize("id_", ["", "999999999", "abc"])
def test_delete_is_405_without_a_body_for_any_id(alice: Person, id_: str) -> None:
    board = make_dashboard(alice)
    answer = alice.api.delete(f"dashboards/{id_ or board.pk}/")
    assert (answer.status, answer.text) == (405, "")
    assert answer.headers["Allow"] == "GET, PUT, PATCH, HEAD, OPTIONS"
    assert Dashboard.objects.get(pk=board.pk).deleted is False


def test_deleted_dashboard_and_its_tiles_are_not_shown(alice: Person) -> None:
    board = make_dashboard(alice)
    tile = make_text_tile(alice, board)
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True, "name": "last words"})
    assert (answer.status, answer.json["deleted"], answer.json["tiles"]) == (200, True, [])
    assert answer.json["name"] == "last words"
    assert alice.api.get(f"dashboards/{board.pk}/").status == 404
    assert alice.api.get("dashboards/").json["count"] == 0
    assert Tile.objects.get(pk=tile.pk).deleted is True


@pytest.mark.parametrize(
    "body", [{}, {"name": "x"}, {"name": []}, {"deleted": True}, {"deleted": "maybe"}, {"deleted": None}]
)
def test_deleted_dashboard_accepts_only_a_restore(alice: Person, bob: Person, body: dict[str, object]) -> None:
    board = make_dashboard(alice, deleted=True, restriction_level=37)
    for person in (alice, bob):
        assert person.api.patch(f"dashboards/{board.pk}/", body).error == (404, "invalid_request", "not_found", None)


def test_restore_returns_exactly_what_the_deletion_removed(alice: Person) -> None:
    board = make_dashboard(alice)
    keep, gone = make_text_tile(alice, board, "keep"), make_text_tile(alice, board, "gone")
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": gone.pk, "deleted": True}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False, "name": "back"})
    assert answer.status == 200
    assert (answer.json["deleted"], answer.json["name"]) == (False, "back")
    assert [tile["id"] for tile in answer.json["tiles"]] == [keep.pk]
    assert Tile.objects.get(pk=gone.pk).deleted is True
    row = Dashboard.objects.get(pk=board.pk)
    assert (row.deletion_id, Tile.objects.get(pk=keep.pk).deletion_id) == (None, None)


def test_second_deletion_forgets_the_first(alice: Person) -> None:
    board = make_dashboard(alice)
    tile = make_text_tile(alice, board)
    for _ in range(2):
        alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
        alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False}).json["tiles"] == []


def test_restoring_a_live_dashboard_has_no_effect(alice: Person) -> None:
    board = make_dashboard(alice)
    make_text_tile(alice, board)
    before = alice.api.get(f"dashboards/{board.pk}/").json
    assert alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False}).json == before


def test_form_can_restore(alice: Person) -> None:
    board = make_dashboard(alice, deleted=True)
    assert alice.api.send_form("PATCH", f"dashboards/{board.pk}/", {"deleted": "false"}).json["deleted"] is False


def test_response_shows_whether_insights_were_deleted(alice: Person) -> None:
    board = make_dashboard(alice)
    path = f"dashboards/{board.pk}/"
    assert alice.api.patch(path, {"delete_insights": True}).json["delete_insights"] is False
    assert alice.api.patch(path, {"deleted": True, "delete_insights": True}).json["delete_insights"] is True
    assert alice.api.patch(path, {"deleted": False, "delete_insights": True}).json["delete_insights"] is False


def test_restricted_dashboard_cannot_be_deleted_or_restored_without_the_edit_right(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice, restriction_level=37)
    assert bob.api.patch(f"dashboards/{board.pk}/", {"deleted": True}).status == 403
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert bob.api.patch(f"dashboards/{board.pk}/", {"deleted": False}).status == 403
    assert Dashboard.objects.get(pk=board.pk).deleted is True
