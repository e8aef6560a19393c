"""GET /api/organizations/… and /api/personal_api_keys/@current/: discovery."""

from tests.builders import Person, make_key, make_project
from tests.client import Api
from users.models import MembershipLevel, PersonalAPIKey
from users.services.api_keys import get_expiry
from users.services.projects import add_member


def test_the_list_contains_organizations_of_own_projects(alice: Person, carol: Person) -> None:
    add_member(make_project("Second", "Home"), user=alice.user, level=MembershipLevel.OWNER)
    add_member(make_project("Third", "Else"), user=alice.user)
    page = alice.api.get("/api/organizations/").json
    assert page["count"] == 2
    assert [(row["name"], row["slug"], row["membership_level"]) for row in page["results"]] == [
        ("Home", "home", 15),
        ("Else", "else", 1),
    ]
    page = alice.api.get("/api/organizations/", limit=1, offset=1).json
    assert ([row["name"] for row in page["results"]], page["next"]) == (["Else"], None)


def test_one_organization_by_its_id_and_as_current(alice: Person, carol: Person) -> None:
    organization = alice.membership.project.organization
    for reference in (organization.pk, str(organization.pk).upper(), "@current"):
        assert alice.api.get(f"/api/organizations/{reference}/").json["name"] == "Home"
    foreign = carol.membership.project.organization_id
    for reference in (foreign, "00000000-0000-4000-8000-000000000000", "abc", "1"):
        answer = alice.api.get(f"/api/organizations/{reference}/")
        assert answer.error == (404, "invalid_request", "not_found", None)


def test_the_projects_of_an_organization(alice: Person, carol: Person) -> None:
    make_project("Not joined", "Home")
    organization = alice.membership.project.organization_id
    page = alice.api.get(f"/api/organizations/{organization}/projects/").json
    assert [(row["id"], row["name"]) for row in page["results"]] == [(alice.membership.project_id, "Home")]
    path = f"/api/organizations/{organization}/projects/{alice.membership.project_id}/"
    assert alice.api.get(path).json["api_token"].startswith("phc_")
    for project in (carol.membership.project_id, 999999, "abc"):
        assert alice.api.get(f"/api/organizations/{organization}/projects/{project}/").error[0] == 404


def test_a_key_scoped_to_an_organization_sees_no_other(alice: Person) -> None:
    other = make_project("Other", "Else")
    add_member(other, user=alice.user)
    api = Api(make_key(alice.user, organization_ids=[str(other.organization_id)]), 0)
    assert [row["name"] for row in api.get("/api/organizations/").json["results"]] == ["Else"]
    assert api.get(f"/api/organizations/{alice.membership.project.organization_id}/").status == 404
    assert api.get(f"/api/organizations/{other.organization_id}/").status == 200


def test_any_key_may_read_itself(alice: Person) -> None:
    project_id = alice.membership.project_id
    value = make_key(alice.user, "annotation:read", project_ids=[project_id], expires_at=get_expiry(3))
    answer = Api(value, 0).get("/api/personal_api_keys/@current")
    row = PersonalAPIKey.objects.get(scopes=["annotation:read"])
    shown = answer.json
    assert (shown["id"], shown["label"], shown["value"]) == (row.pk, "test", None)
    assert (shown["scopes"], shown["scoped_teams"], shown["scoped_organizations"]) == (
        ["annotation:read"],
        [project_id],
        [],
    )
    assert shown["mask_value"] == f"{value[:4]}...{value[-4:]}"
    assert (shown["user_id"], shown["expires_at"] is None) == (alice.user.pk, False)
    assert value not in answer.text
    assert row.secret_hash not in answer.text
