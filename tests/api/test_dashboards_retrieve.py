"""GET /api/projects/:id/dashboards/:id/"""

import pytest

from tests.builders import Person, make_dashboard


def test_response_shows_the_rights_of_the_member(alice: Person, bob: Person) -> None:
    open_board = make_dashboard(alice)
    closed = make_dashboard(alice, restriction_level=37)
    response = bob.api.get(f"dashboards/{open_board.pk}/").json
    assert (response["effective_privilege_level"], response["user_access_level"]) == (37, "editor")
    response = bob.api.get(f"dashboards/{closed.pk}/").json
    assert (response["restriction_level"], response["effective_restriction_level"]) == (37, 37)
    assert (response["effective_privilege_level"], response["user_access_level"]) == (21, "viewer")
    assert response["access_control_version"] == "v1"


def test_admin_can_edit_a_dashboard_restricted_by_a_member(alice: Person, bob: Person) -> None:
    closed = make_dashboard(bob, restriction_level=37)
    response = alice.api.get(f"dashboards/{closed.pk}/").json
    assert (response["effective_privilege_level"], response["user_access_level"]) == (37, "manager")


@pytest.mark.parametrize("id_", ["999999999", "9" * 30, str(2**63), "abc", "-1", "1.0", "٣"])
def test_unknown_id_is_404(alice: Person, id_: str) -> None:
    assert alice.api.get(f"dashboards/{id_}/").error == (404, "invalid_request", "not_found", None)


def test_deleted_or_foreign_dashboard_is_404(alice: Person, carol: Person) -> None:
    deleted, theirs = make_dashboard(alice, deleted=True), make_dashboard(carol)
    missing = alice.api.get("dashboards/999999999/")
    for dashboard in (deleted, theirs):
        answer = alice.api.get(f"dashboards/{dashboard.pk}/")
        assert (answer.status, answer.json) == (missing.status, missing.json)


def test_dashboard_remains_after_its_creator_is_deleted(alice: Person, bob: Person) -> None:
    board = make_dashboard(bob, tiles=[{"text": {"body": "b"}}])
    bob.user.delete()
    response = alice.api.get(f"dashboards/{board.pk}/").json
    assert response["created_by"] is None
    assert response["tiles"][0]["text"]["created_by"] is None
