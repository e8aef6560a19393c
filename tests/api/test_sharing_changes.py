"""PATCH …/sharing/ and POST …/sharing/refresh/"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboards.models import Dashboard, ReplacedAccessToken, SharingConfiguration
from tests.builders import Person, make_dashboard, make_key
from tests.client import Api


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


@pytest.fixture
def path(board: Dashboard) -> str:
    return f"dashboards/{board.pk}/sharing/"


def read_sharing(board: Dashboard) -> SharingConfiguration:
    return SharingConfiguration.objects.get(dashboard=board)


def test_enabling_is_shown_everywhere_and_keeps_the_token(alice: Person, board: Dashboard, path: str) -> None:
    before = read_sharing(board)
    answer = alice.api.patch(path, {"enabled": True})
    row = read_sharing(board)
    assert (answer.status, row.enabled, row.access_token) == (200, True, before.access_token)
    assert row.created_at is not None
    assert answer.json == alice.api.get(path).json
    assert (answer.json["enabled"], answer.json["access_token"]) == (True, row.access_token)
    assert alice.api.get(f"dashboards/{board.pk}/").json["is_shared"] is True
    assert alice.api.get("dashboards/").json["results"][0]["is_shared"] is True
    assert alice.api.patch(path, {"enabled": True}).json == answer.json


def test_disabling_invalidates_every_token(alice: Person, board: Dashboard, path: str) -> None:
    first = alice.api.patch(path, {"enabled": True}).json
    second = alice.api.post(f"{path}refresh/").json
    assert ReplacedAccessToken.objects.count() == 1
    off = alice.api.patch(path, {"enabled": False}).json
    assert (off["enabled"], off["created_at"]) == (False, first["created_at"])
    assert ReplacedAccessToken.objects.count() == 0
    on = alice.api.patch(path, {"enabled": True}).json
    assert on["access_token"] == read_sharing(board).access_token
    assert len({first["access_token"], second["access_token"], on["access_token"]}) == 3


def test_refresh_changes_only_the_token(alice: Person, board: Dashboard, path: str) -> None:
    before = alice.api.patch(path, {"enabled": True, "settings": {"noHeader": True}}).json
    answer = alice.api.post(f"{path}refresh/")
    assert answer.status == 200
    assert answer.json == {**before, "access_token": read_sharing(board).access_token}
    assert answer.json["access_token"] != before["access_token"]
    [replaced] = ReplacedAccessToken.objects.all()
    assert replaced.access_token == before["access_token"]
    assert timedelta(minutes=4) < replaced.expires_at - timezone.now() <= timedelta(minutes=5)


def test_token_of_a_disabled_link_gets_no_grace_period(alice: Person, path: str) -> None:
    before = alice.api.get(path).json["access_token"]
    assert alice.api.post(f"{path}refresh/").json["access_token"] != before
    assert ReplacedAccessToken.objects.count() == 0


def test_refresh_keeps_only_tokens_within_the_grace_period(alice: Person, path: str) -> None:
    tokens = [alice.api.patch(path, {"enabled": True}).json["access_token"]]
    tokens.append(alice.api.post(f"{path}refresh/").json["access_token"])
    alice.api.post(f"{path}refresh/")
    assert set(ReplacedAccessToken.objects.values_list("access_token", flat=True)) == set(tokens)
    ReplacedAccessToken.objects.update(expires_at=timezone.now())
    alice.api.post(f"{path}refresh/")
    assert ReplacedAccessToken.objects.count() == 1


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        {"noHeader": True, "theme": "dark"},
        {"hideQueries": True, "allow_overrides": ["date_from", "country"]},
        {"whitelabel": False, "showInspector": True, "legend": True, "detailed": True, "hideExtraDetails": True},
    ],
)
def test_settings_are_stored_as_sent(alice: Person, board: Dashboard, path: str, settings: Any) -> None:
    alice.api.patch(path, {"settings": {"legend": True}})
    answer = alice.api.patch(path, {"settings": settings})
    assert answer.json["settings"] == settings == read_sharing(board).settings
    assert answer.json["access_token"] == alice.api.get(path).json["access_token"]


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({"settings": "text"}, "settings", "invalid_input"),
        ({"settings": 5}, "settings", "invalid_input"),
        ({"settings": ["noHeader"]}, "settings", "invalid_input"),
        ({"settings": {"noHeader": "perhaps"}}, "settings__noHeader", "invalid_input"),
        ({"settings": {"noHeader": None}}, "settings__noHeader", "null"),
        ({"settings": {"theme": "pink"}}, "settings__theme", "invalid_choice"),
        ({"settings": {"allow_overrides": "date_from"}}, "settings__allow_overrides", "not_a_list"),
        ({"enabled": "perhaps"}, "enabled", "invalid_input"),
        ({"enabled": None}, "enabled", "null"),
        ({"password_required": 7}, "password_required", "invalid_input"),
    ],
)
def test_invalid_values_are_reported_and_change_nothing(
    alice: Person, board: Dashboard, path: str, body: dict[str, Any], attr: str, code: str
) -> None:
    before = alice.api.get(path).json
    answer = alice.api.patch(path, {"enabled": True, **body})
    assert answer.error == (400, "validation_error", code, attr)
    assert alice.api.get(path).json == before


def test_unknown_keys_are_reported_and_read_only_ones_ignored(alice: Person, board: Dashboard, path: str) -> None:
    before = alice.api.patch(path, {"enabled": True}).json
    answer = alice.api.patch(path, {"settings": {"noHeader": True, "madeUp": "x"}, "other": 1})
    assert answer.headers["Ignored-Fields"] == "settings__madeUp, other"
    assert answer.json["settings"] == {"noHeader": True}
    again = alice.api.patch(path, {**before, "access_token": "chosen-by-me", "share_passwords": [{"id": 1}]})
    assert again.json == before
    assert "Ignored-Fields" not in again.headers


def test_password_can_be_required(alice: Person, board: Dashboard, path: str) -> None:
    answer = alice.api.patch(path, {"enabled": True, "password_required": True})
    assert answer.json["password_required"] is True
    assert read_sharing(board).password_required is True


def test_edit_right_is_required(alice: Person, bob: Person, board: Dashboard, path: str) -> None:
    Dashboard.objects.filter(pk=board.pk).update(restriction_level=37)
    before = alice.api.get(path).json
    for answer in (bob.api.patch(path, {"enabled": True}), bob.api.post(f"{path}refresh/")):
        assert answer.error == (403, "authentication_error", "permission_denied", None)
        assert answer.json["detail"] == "You don't have edit permissions for this dashboard."
    assert alice.api.get(path).json == before


def test_read_scope_cannot_change_sharing(alice: Person, board: Dashboard, path: str) -> None:
    key = make_key(alice.user, "sharing_configuration:read", "dashboard:write")
    reader = Api(key, alice.membership.project_id)
    for answer in (reader.patch(path, {"enabled": True}), reader.post(f"{path}refresh/")):
        assert answer.json["detail"] == "API key missing required scope 'sharing_configuration:write'"
    assert read_sharing(board).enabled is False


def test_deleted_foreign_or_unknown_dashboard_is_404(alice: Person, carol: Person) -> None:
    numbers = [make_dashboard(alice, deleted=True).pk, make_dashboard(carol).pk, 999999999]
    for number in numbers:
        assert alice.api.patch(f"dashboards/{number}/sharing/", {"enabled": True}).error[0] == 404
        assert alice.api.post(f"dashboards/{number}/sharing/refresh/").error[0] == 404
    assert not SharingConfiguration.objects.filter(enabled=True).exists()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_405(alice: Person, path: str, method: str) -> None:
    assert alice.api.call(method, path, None if method == "DELETE" else {}).status == 405


def test_restored_dashboard_is_shared_as_before(alice: Person, board: Dashboard, path: str) -> None:
    before = alice.api.patch(path, {"enabled": True}).json
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert alice.api.get(path).status == 404
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": False})
    assert alice.api.get(path).json == before
