"""Undoing revokes the access that an API key granted, and never grants access."""

import pytest

from dashboards.models import Collaborator, Dashboard, SharePassword, SharingConfiguration, Text, Tile
from dashboards.services.undo import CHANGED_SINCE, GIVES_RIGHTS, LOST
from tests.api.test_undo import get_skipped, get_undone_paths, robot, undo
from tests.builders import Person, make_dashboard, make_session
from tests.client import Api

__all__ = ["robot"]


def enable_sharing(person: Person, board: Dashboard, **more: object) -> str:
    answer = person.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True, **more})
    token: str = answer.json["access_token"]
    return token


def test_added_password_is_deleted_and_protection_is_restored(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    enable_sharing(alice, board, password_required=True)
    kept = alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {}).json["id"]
    path = f"dashboards/{board.pk}/sharing/"
    added = robot.post(f"{path}passwords/", {"note": "back door"}).json["id"]
    robot.patch(path, {"password_required": False})
    answer = undo(alice)
    assert get_undone_paths(answer) == {
        f"Dashboard {board.pk}": ["sharing__password_required", f"sharing__passwords__{added}"]
    }
    assert get_skipped(answer) == []
    assert list(SharePassword.objects.values_list("pk", flat=True)) == [kept]
    assert SharingConfiguration.objects.get().password_required is True
    [latest, *_] = alice.api.get(f"dashboards/{board.pk}/activity/").json["results"]
    assert latest["activity"] == "undone"
    assert [each["field"] for each in latest["detail"]["changes"]] == get_undone_paths(answer)[f"Dashboard {board.pk}"]
    assert undo(alice).json["undone"] == []


def test_removed_passwords_and_replaced_tokens_are_reported(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    enable_sharing(alice, board, password_required=True)
    removed = alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {}).json["id"]
    robot.delete(f"dashboards/{board.pk}/sharing/passwords/{removed}/")
    robot.post(f"dashboards/{board.pk}/sharing/refresh/", {})
    answer = undo(alice)
    assert answer.json["undone"] == []
    assert get_skipped(answer) == [
        (str(board.pk), [f"sharing__passwords__{removed}"], GIVES_RIGHTS),
        (str(board.pk), ["sharing__access_token"], LOST),
    ]


def test_added_collaborator_is_removed(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice, restriction_level=37)
    uuid = str(bob.user.uuid)
    alice.api.post(f"dashboards/{board.pk}/collaborators/", {"user_uuid": uuid, "level": 37})
    answer = undo(alice, "test")
    assert get_undone_paths(answer)[f"Dashboard {board.pk}"] == [f"collaborators__{uuid}"]
    assert Collaborator.objects.count() == 0


@pytest.mark.parametrize("deleted_by", ["robot", "alice"])
@pytest.mark.parametrize("made_by", ["robot", "alice"])
def test_link_of_a_deleted_dashboard_stays_disabled_after_its_restore(
    alice: Person, robot: Api, made_by: str, deleted_by: str
) -> None:
    api = {"robot": robot, "alice": alice.api}
    board = api[made_by].post("dashboards/", {"name": "new"}).json["id"]
    token = robot.patch(f"dashboards/{board}/sharing/", {"enabled": True}).json["access_token"]
    api[deleted_by].patch(f"dashboards/{board}/", {"deleted": True})
    assert "sharing__enabled" in get_undone_paths(undo(alice))[f"Dashboard {board}"]
    alice.api.patch(f"dashboards/{board}/", {"deleted": False})
    assert SharingConfiguration.objects.get().enabled is False
    assert alice.api.get(f"/shared/{token}.json").status == 404


def test_changes_that_cancel_out_have_no_effect(alice: Person) -> None:
    board = make_dashboard(alice, "Weekly")
    for level in (37, 21):
        alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": level, "name": str(level)})
    for enabled in (True, False):
        alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": enabled})
    answer = undo(alice, "test")
    assert (get_undone_paths(answer), get_skipped(answer)) == ({f"Dashboard {board.pk}": ["name"]}, [])
    assert (Dashboard.objects.get().restriction_level, SharingConfiguration.objects.get().enabled) == (21, False)


def test_later_decisions_of_others_are_kept(alice: Person, robot: Api) -> None:
    board, shared = make_dashboard(alice, "A"), make_dashboard(alice)
    robot.patch(f"dashboards/{shared.pk}/sharing/", {"enabled": True})
    for enabled in (False, True):
        alice.api.patch(f"dashboards/{shared.pk}/sharing/", {"enabled": enabled})
    robot.patch(f"dashboards/{board.pk}/", {"deleted": True})
    for deleted in (False, True):
        alice.api.patch(f"dashboards/{board.pk}/", {"deleted": deleted})
    answer = undo(alice)
    assert get_skipped(answer) == [
        (str(board.pk), ["deleted"], CHANGED_SINCE),
        (str(shared.pk), ["sharing__enabled"], CHANGED_SINCE),
    ]
    assert Dashboard.objects.get(pk=board.pk).deleted is True
    assert SharingConfiguration.objects.get(dashboard=shared).enabled is True


@pytest.mark.parametrize("way", ["patch", "restore"])
@pytest.mark.parametrize("content", [{"text": {"body": "ours"}}, {"button_tile": {"url": "/a", "text": "ours"}}])
def test_restoring_a_tile_requires_the_edit_right_of_its_text_or_button(
    alice: Person, bob: Person, way: str, content: dict[str, dict[str, str]]
) -> None:
    board = make_dashboard(alice, tiles=[content])
    closed = alice.api.post("dashboards/", {"use_dashboard": board.pk}).json["id"]
    tile = Tile.objects.get(dashboard=board)
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": True}]})
    alice.api.patch(f"dashboards/{closed}/", {"restriction_level": 37})
    if way == "patch":
        body = {"tiles": [{"id": tile.pk, "deleted": False}]}
        assert bob.api.patch(f"dashboards/{board.pk}/", body).status == 403
    else:
        answer = bob.api.post(f"dashboards/{board.pk}/versions/1/restore/")
        assert (answer.status, answer.headers["Ignored-Fields"]) == (200, f"tiles__{tile.pk}")
    assert Tile.objects.get(pk=tile.pk).deleted is True
    assert alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "deleted": False}]}).status == 200
    assert Text.objects.filter(body="ours").count() == (1 if "text" in content else 0)


def test_link_of_a_dashboard_without_the_edit_right_stays_enabled(alice: Person, bob: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    robot.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True})
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    [(item, fields, reason)] = get_skipped(undo(bob))
    assert (item, fields) == (str(board.pk), ["sharing__enabled"])
    assert "edit permissions" in reason
    assert SharingConfiguration.objects.get().enabled is True


def test_granted_and_revoked_right_has_nothing_to_undo(alice: Person, bob: Person) -> None:
    board = make_dashboard(alice, restriction_level=37)
    path, uuid = f"dashboards/{board.pk}/collaborators/", str(bob.user.uuid)
    make_session(alice).post(path, {"user_uuid": uuid, "level": 37})
    alice.api.delete(f"{path}{uuid}/")
    alice.api.post(path, {"user_uuid": uuid, "level": 37})
    enable_sharing(alice, board, password_required=True)
    password = alice.api.post(f"dashboards/{board.pk}/sharing/passwords/", {}).json["id"]
    alice.api.delete(f"dashboards/{board.pk}/sharing/passwords/{password}/")
    answer = undo(alice, "test")
    assert get_undone_paths(answer) == {f"Dashboard {board.pk}": ["sharing__enabled"]}
    assert get_skipped(answer) == [(str(board.pk), ["sharing__password_required"], GIVES_RIGHTS)]
    assert Collaborator.objects.count() == 1


def test_link_disabled_and_enabled_again_has_a_new_token(alice: Person, robot: Api) -> None:
    board = make_dashboard(alice)
    enable_sharing(alice, board)
    for enabled in (False, True):
        robot.patch(f"dashboards/{board.pk}/sharing/", {"enabled": enabled})
    assert get_skipped(undo(alice)) == [(str(board.pk), ["sharing__access_token"], LOST)]


def test_link_is_disabled_even_if_the_rest_is_refused(
    alice: Person, robot: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.changelog.limits.MAX_TILES_PER_DASHBOARD", 2)
    full = make_dashboard(alice, tiles=[{"text": {"body": "gone"}}])
    gone = Tile.objects.get().pk
    robot.patch(f"dashboards/{full.pk}/", {"tiles": [{"id": gone, "deleted": True}]})
    robot.patch(f"dashboards/{full.pk}/sharing/", {"enabled": True})
    alice.api.patch(f"dashboards/{full.pk}/", {"tiles": [{"text": {"body": "a"}}, {"text": {"body": "b"}}]})
    answer = undo(alice)
    assert get_undone_paths(answer) == {f"Dashboard {full.pk}": ["sharing__enabled"]}
    assert get_skipped(answer) == [(str(full.pk), [f"tiles__{gone}"], "A dashboard has at most 2 tiles.")]
    assert SharingConfiguration.objects.get().enabled is False
