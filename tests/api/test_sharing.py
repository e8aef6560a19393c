"""GET /api/projects/:id/dashboards/:id/sharing/"""

import pytest

from dashboards.models import SharingConfiguration
from tests.builders import Person, make_dashboard, make_key
from tests.client import Api


def test_sharing_is_disabled_by_default_and_its_token_is_stable(alice: Person) -> None:
    board = make_dashboard(alice)
    answer = alice.api.get(f"dashboards/{board.pk}/sharing/")
    row = SharingConfiguration.objects.get(dashboard=board)
    assert answer.json == {
        "created_at": None,
        "enabled": False,
        "access_token": row.access_token,
        "settings": None,
        "password_required": False,
        "share_passwords": [],
        "user_access_level": "manager",
    }
    assert alice.api.get(f"dashboards/{board.pk}/sharing").json == answer.json


def test_each_dashboard_has_its_own_token(alice: Person) -> None:
    tokens = {alice.api.get(f"dashboards/{make_dashboard(alice).pk}/sharing/").json["access_token"] for _ in range(3)}
    assert len(tokens) == 3


def test_dashboard_shows_that_it_is_shared(alice: Person) -> None:
    board = make_dashboard(alice)
    SharingConfiguration.objects.filter(dashboard=board).update(enabled=True)
    assert alice.api.get(f"dashboards/{board.pk}/sharing/").json["enabled"] is True
    assert alice.api.get(f"dashboards/{board.pk}/").json["is_shared"] is True
    assert alice.api.get("dashboards/").json["results"][0]["is_shared"] is True


@pytest.mark.parametrize("id_", ["999999999", "abc"])
def test_unknown_dashboard_is_404(alice: Person, id_: str) -> None:
    assert alice.api.get(f"dashboards/{id_}/sharing/").error == (404, "invalid_request", "not_found", None)


def test_deleted_or_foreign_dashboard_is_404(alice: Person, carol: Person) -> None:
    for dashboard in (make_dashboard(alice, deleted=True), make_dashboard(carol)):
        assert alice.api.get(f"dashboards/{dashboard.pk}/sharing/").error[0] == 404


def test_dashboard_scope_does_not_grant_access(alice: Person) -> None:
    board = make_dashboard(alice)
    api = Api(make_key(alice.user, "dashboard:write"), alice.membership.project_id)
    answer = api.get(f"dashboards/{board.pk}/sharing/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == "API key missing required scope 'sharing_configuration:read'"
