"""GET /api/users/@me/"""

from typing import Any

from tests.builders import Person, make_key, make_project
from tests.client import Api
from users.models import MembershipLevel
from users.readers import MAX_TEAMS
from users.services.projects import add_member


def test_response_is_the_user_of_the_key(alice: Person) -> None:
    me = alice.api.get("/api/users/@me/").json
    project = alice.membership.project
    assert (me["id"], me["email"], me["first_name"]) == (alice.user.pk, "alice@example.com", "Alice")
    assert (me["team"]["id"], me["team"]["name"]) == (project.pk, "Home")
    assert me["team"]["organization"] == str(project.organization_id)
    assert (me["organization"]["id"], me["organization"]["name"]) == (str(project.organization_id), "Home")
    assert (me["organization"]["slug"], me["organization"]["membership_level"]) == ("home", 8)
    assert [each["id"] for each in me["organizations"]] == [str(project.organization_id)]


def test_response_contains_no_secrets(alice: Person) -> None:
    answer = alice.api.get("/api/users/@me/")
    assert alice.key not in answer.text
    assert "password" not in answer.json


def test_a_scoped_key_may_read_it(alice: Person) -> None:
    api = Api(make_key(alice.user, "user:read", project_ids=[alice.membership.project_id]), "@current")
    assert api.get("/api/users/@me/").json["team"]["id"] == alice.membership.project_id


def test_a_user_without_projects_has_no_team(alice: Person) -> None:
    alice.membership.delete()
    me = alice.api.get("/api/users/@me/").json
    assert (me["team"], me["organization"], me["organizations"]) == (None, None, [])


def test_the_organization_contains_accessible_projects(alice: Person) -> None:
    home = alice.membership.project
    second = make_project("Second", "Home")
    make_project("Not joined", "Home")
    elsewhere = make_project("Elsewhere")
    for project in (elsewhere, second):
        add_member(project, user=alice.user, level=MembershipLevel.MEMBER)
    organization = alice.api.get("/api/users/@me/").json["organization"]
    assert [each["id"] for each in organization["teams"]] == [home.pk, second.pk]
    team = organization["teams"][1]
    assert (team["name"], team["api_token"], team["timezone"]) == ("Second", second.api_token, "UTC")
    assert team["organization"] == organization["id"] == str(home.organization_id)
    assert organization["projects"] == organization["teams"]


def test_a_scoped_key_sees_its_teams(alice: Person) -> None:
    second = make_project("Second", "Home")
    add_member(second, user=alice.user, level=MembershipLevel.MEMBER)
    to_second = Api(make_key(alice.user, "user:read", project_ids=[second.pk]), "@current")
    assert [each["id"] for each in to_second.get("/api/users/@me/").json["organization"]["teams"]] == [second.pk]
    organization_id = str(second.organization_id)
    to_home = Api(make_key(alice.user, "user:read", organization_ids=[organization_id]), "@current")
    assert [each["id"] for each in to_home.get("/api/users/@me/").json["organization"]["teams"]] == [
        alice.membership.project_id,
        second.pk,
    ]


def test_an_organization_contains_at_most_100_projects(alice: Person) -> None:
    for number in range(MAX_TEAMS):
        add_member(make_project(f"Project {number}", "Home"), user=alice.user, level=MembershipLevel.MEMBER)
    teams = alice.api.get("/api/users/@me/").json["organization"]["teams"]
    assert len(teams) == MAX_TEAMS == 100
    assert teams[0]["id"] == alice.membership.project_id
    assert alice.api.get("/api/organizations/@current/projects/").json["count"] == MAX_TEAMS + 1


def test_a_scoped_key_sees_nothing_else(alice: Person) -> None:
    second, secret = make_project("Second", "Home"), make_project("Secret", "Secret organization")
    for project in (second, secret):
        add_member(project, user=alice.user, level=MembershipLevel.ADMIN)
    organization_id = str(alice.membership.project.organization_id)
    scope_options: list[dict[str, Any]] = [
        {"project_ids": [second.pk]},
        {"organization_ids": [organization_id]},
        {"project_ids": [second.pk], "organization_ids": [organization_id]},
    ]
    for options in scope_options:
        answer = Api(make_key(alice.user, "user:read", **options), "@current").get("/api/users/@me/")
        assert [each["id"] for each in answer.json["organizations"]] == [organization_id]
        assert answer.json["organization"]["id"] == organization_id
        assert "Secret" not in answer.text
        assert secret.api_token not in answer.text
    assert [each["name"] for each in alice.api.get("/api/users/@me/").json["organizations"]] == [
        "Home",
        "Secret organization",
    ]


def test_the_level_is_that_of_the_projects_the_key_allows(alice: Person) -> None:
    second = make_project("Second", "Home")
    add_member(second, user=alice.user, level=MembershipLevel.MEMBER)
    me = Api(make_key(alice.user, "user:read", project_ids=[second.pk]), "@current").get("/api/users/@me/").json
    assert (me["organization"]["membership_level"], me["organizations"][0]["membership_level"]) == (1, 1)
