"""GET /api/projects/, /api/projects/:id/ and /api/projects/@current/"""

from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from tests.builders import Person, make_key, make_project
from tests.client import Api
from users.auth.api_key_lookup import get_valid_api_key
from users.auth.credentials import BrowserSession, get_project_membership
from users.models import Membership
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


def test_settings_are_shown_in_one_project_and_not_in_lists(alice: Person) -> None:
    project = alice.membership.project
    filters = [{"key": "email", "operator": "not_icontains", "value": "@example.com", "type": "person"}]
    project.timezone, project.week_start_day, project.test_account_filters = "Europe/Berlin", 1, filters
    project.save()
    one = {"timezone": "Europe/Berlin", "week_start_day": 1, "test_account_filters": filters}
    for path in (f"projects/{project.pk}/", f"environments/{project.pk}/", "organizations/@current/projects/1/"):
        shown = alice.api.get(f"/api/{path.replace('/1/', f'/{project.pk}/')}").json
        assert {name: shown[name] for name in one} == one
    for path in ("/api/projects/", "/api/organizations/@current/projects/"):
        [row] = alice.api.get(path).json["results"]
        assert row["timezone"] == "Europe/Berlin"
        assert "test_account_filters" not in row


def test_settings_are_loaded_with_the_credential(
    alice: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    filters = [{"key": "email", "value": ["a@example.com"]}]
    alice.membership.project.test_account_filters = filters
    alice.membership.project.save()
    project_id = alice.membership.project_id

    def read_settings(membership: Membership | None) -> tuple[object, ...]:
        assert membership is not None
        project = membership.project
        return project.pk, project.timezone, project.week_start_day, project.test_account_filters

    expected = (project_id, "UTC", 0, filters)
    with django_assert_num_queries(1):
        key = get_valid_api_key(alice.key, project_id=project_id, now=now())
        assert key is not None
        assert read_settings(get_project_membership(alice.user, key, str(project_id))) == expected
    for reference in (str(project_id), "@current"):
        with django_assert_num_queries(1):
            assert read_settings(get_project_membership(alice.user, BrowserSession(), reference)) == expected


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
