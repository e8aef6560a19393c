"""Management commands. With --json, the last line of the output is one JSON object."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from dashboards_api.addresses import store_address
from dashboards_api.environment_reader import SettingError
from tests.builders import Person
from tests.client import Api
from users.models import Membership, MembershipLevel, Organization, PersonalAPIKey, Project, User, WeekStartDay
from users.services.setup import get_setup_user

pytestmark = pytest.mark.django_db


def run_command(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue().strip().splitlines()[-1])
    return answer


def test_commands_create_a_user_a_project_and_a_working_key() -> None:
    user = run_command("create_user", "eve@example.com", "--name", "Eve van Dyk", "--staff")
    project = run_command("create_project", "Board room", "--organization", "Org", "--admin", "eve@example.com")
    key = run_command(
        "create_api_key",
        "eve@example.com",
        "--label",
        "CI",
        "--scope",
        "dashboard:write",
        "--project",
        str(project["id"]),
        "--expires-in",
        "30",
    )
    row = User.objects.get(pk=user["id"])
    assert (row.first_name, row.last_name, row.is_staff) == ("Eve", "van Dyk", True)
    assert Membership.objects.get().level == MembershipLevel.ADMIN
    assert key["scopes"] == ["dashboard:write"]
    assert PersonalAPIKey.objects.get().scoped_projects == [project["id"]]
    assert Api(key["value"], project["id"]).post("dashboards/").status == 201
    rolled = run_command("roll_api_key", key["id"])
    assert Api(key["value"], project["id"]).get("dashboards/").status == 401
    assert Api(rolled["value"], project["id"]).get("dashboards/").status == 200
    assert run_command("revoke_api_key", key["id"]) == {"id": key["id"], "revoked": True}
    assert Api(rolled["value"], project["id"]).get("dashboards/").status == 401


def test_project_is_created_with_its_settings(db: None) -> None:
    created = run_command("create_project", "Growth", "--timezone", "Europe/Berlin", "--week-start", "monday")
    row = Project.objects.get()
    assert (created["timezone"], created["week_start_day"]) == ("Europe/Berlin", 1)
    assert (row.timezone, row.week_start_day) == ("Europe/Berlin", WeekStartDay.MONDAY)
    created = run_command("create_project", "Defaults")
    assert (created["timezone"], created["week_start_day"]) == ("UTC", 0)


@pytest.mark.parametrize(
    ("arguments", "detail"),
    [
        (["Growth", "--timezone", "Europe/Berlyn"], 'not a known time zone. Did you mean "Europe/Berlin"?'),
        (["Growth", "--week-start", "friday"], "invalid choice: 'friday'"),
        ([" "], "may not be blank"),
    ],
)
def test_project_with_an_invalid_setting_is_not_created(arguments: list[str], detail: str) -> None:
    with pytest.raises(CommandError, match=re.escape(detail)):
        run_command("create_project", *arguments, "--organization", "Org")
    assert (Project.objects.count(), Organization.objects.count()) == (0, 0)


def test_a_deactivated_user_is_refused_until_reactivated(alice: Person) -> None:
    assert run_command("deactivate_user", "ALICE@example.com") == {
        "id": alice.user.pk,
        "email": "alice@example.com",
        "is_active": False,
    }
    assert User.objects.get(pk=alice.user.pk).is_active is False
    assert alice.api.get("dashboards/").status == 401
    assert run_command("deactivate_user", "alice@example.com", "--undo")["is_active"] is True
    assert alice.api.get("dashboards/").status == 200


def test_setup_link_prints_a_valid_link(alice: Person) -> None:
    link = run_command("setup_link", "alice@example.com", "--base", "https://boards.example.com/")["link"]
    assert link.startswith("https://boards.example.com/setup/")
    assert get_setup_user(link.rpartition("/")[2]) == alice.user


@pytest.mark.parametrize(
    ("public_url", "remembered", "base"),
    [
        ("https://boards.example.com", "http://[::1]:8180", "https://boards.example.com"),
        ("", "http://[::1]:8180", "http://[::1]:8180"),
        ("", None, "http://127.0.0.1:8000"),
    ],
)
def test_setup_link_uses_the_address_of_the_service(
    alice: Person, settings: Any, tmp_path: Path, public_url: str, remembered: str | None, base: str
) -> None:
    settings.PUBLIC_URL, settings.DATA_DIR = public_url, tmp_path
    if remembered:
        store_address(remembered)
    assert run_command("setup_link", "alice@example.com")["link"].startswith(f"{base}/setup/")


def test_setup_link_refuses_a_malformed_base(alice: Person) -> None:
    with pytest.raises(SettingError, match=r"--base must look like https://dashboards\.example\.com"):
        run_command("setup_link", "alice@example.com", "--base", "boards.example.com/path")


def test_the_password_can_be_read_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    run_command("create_user", "eve@example.com", "--password-stdin")
    assert User.objects.get().check_password("correct horse battery")


def test_without_json_the_value_is_the_last_line(alice: Person) -> None:
    out = io.StringIO()
    call_command("create_api_key", alice.user.email, "--label", "CI", "--scope", "*", stdout=out)
    value = out.getvalue().strip().splitlines()[-1]
    assert Api(value, alice.membership.project_id).get("dashboards/").status == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ("create_user", "alice@example.com"),
        ("create_user", "nobody"),
        ("create_api_key", "nobody@example.com", "--label", "x", "--scope", "*"),
        ("create_api_key", "alice@example.com", "--label", "x", "--scope", "nonsense"),
        ("create_project", "P", "--admin", "nobody@example.com"),
        ("roll_api_key", "unknown"),
        ("revoke_api_key", "unknown"),
        ("deactivate_user", "nobody@example.com"),
        ("setup_link", "nobody@example.com"),
    ],
)
def test_domain_errors_become_command_errors(alice: Person, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command(*arguments)
