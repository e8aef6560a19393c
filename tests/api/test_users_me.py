"""GET /api/users/@me/"""

from tests.builders import Person, make_key
from tests.client import Api


def test_it_tells_who_the_key_acts_as(alice: Person) -> None:
    me = alice.api.get("/api/users/@me/").json
    project = alice.membership.project
    assert (me["id"], me["email"], me["first_name"]) == (alice.user.pk, "alice@example.com", "Alice")
    assert (me["team"]["id"], me["team"]["name"]) == (project.pk, "Home")
    assert me["team"]["organization"] == str(project.organization_id)
    assert (me["organization"]["id"], me["organization"]["name"]) == (str(project.organization_id), "Home")
    assert (me["organization"]["slug"], me["organization"]["membership_level"]) == ("home", 8)
    assert [each["id"] for each in me["organizations"]] == [str(project.organization_id)]


def test_it_shows_no_secret(alice: Person) -> None:
    answer = alice.api.get("/api/users/@me/")
    assert alice.key not in answer.text
    assert "password" not in answer.json


def test_a_narrowed_key_may_ask(alice: Person) -> None:
    api = Api(make_key(alice.user, "user:read", project_ids=[alice.membership.project_id]), "@current")
    assert api.get("/api/users/@me/").json["team"]["id"] == alice.membership.project_id


def test_without_a_project_there_is_no_team(alice: Person) -> None:
    alice.membership.delete()
    me = alice.api.get("/api/users/@me/").json
    assert (me["team"], me["organization"], me["organizations"]) == (None, None, [])
