"""GET /api/projects/, /api/projects/:id/ and /api/projects/@current/"""

from tests.builders import Person, make_key, make_project
from tests.client import Api
from users.services.projects import add_member


def test_the_list_contains_own_projects(alice: Person, carol: Person) -> None:
    page = alice.api.get("/api/projects/").json
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    [row] = page["results"]
    project = alice.membership.project
    assert (row["id"], row["name"], row["organization"]) == (project.pk, "Home", str(project.organization_id))
    assert (row["project_id"], row["timezone"]) == (project.pk, "UTC")
    assert row["api_token"].startswith("phc_")


def test_the_list_is_paged(alice: Person) -> None:
    for number in range(3):
        add_member(make_project(f"Project {number}"), user=alice.user)
    page = alice.api.get("/api/projects/", limit=2).json
    assert (page["count"], len(page["results"])) == (4, 2)
    assert page["next"].startswith("http://testserver/api/projects/?")


def test_one_project_by_its_id(alice: Person) -> None:
    project = alice.membership.project
    assert alice.api.get(f"/api/projects/{project.pk}/").json["name"] == "Home"
    assert alice.api.get(f"/api/environments/{project.pk}/").json["id"] == project.pk


def test_current_is_the_first_project_joined_unless_another_is_set(alice: Person) -> None:
    second = make_project("Second")
    add_member(second, user=alice.user)
    assert alice.api.get("/api/projects/@current/").json["name"] == "Home"
    alice.user.current_project = second
    alice.user.save()
    assert alice.api.get("/api/projects/@current/").json["name"] == "Second"
    second.memberships.all().delete()
    assert alice.api.get("/api/projects/@current/").json["name"] == "Home"


def test_current_is_the_only_scoped_project_of_a_key(alice: Person) -> None:
    second = make_project("Second")
    add_member(second, user=alice.user)
    api = Api(make_key(alice.user, project_ids=[second.pk]), "@current")
    assert api.get("/api/projects/@current/").json["name"] == "Second"
    assert api.get("dashboards/").status == 200


def test_current_outside_the_organizations_of_a_key_is_404(alice: Person) -> None:
    second = make_project("Second", "Elsewhere")
    add_member(second, user=alice.user)
    api = Api(make_key(alice.user, organization_ids=[str(second.organization_id)]), second.pk)
    assert api.get("/api/projects/@current/").error[0] == 404
    assert api.get("dashboards/").status == 200
    assert [row["name"] for row in api.get("/api/projects/").json["results"]] == ["Second"]


def test_current_without_projects_is_404(alice: Person) -> None:
    alice.membership.delete()
    assert alice.api.get("/api/projects/@current/").error[0] == 404
    assert alice.api.get("/api/projects/").json["results"] == []
