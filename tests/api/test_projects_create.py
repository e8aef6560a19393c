"""POST /api/organizations/:id/projects/"""

import logging
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from dashboards_api.limits import MAX_PROJECTS
from tests.builders import Person, make_key, make_person, make_project, make_session
from tests.client import Answer, Api
from users.models import Membership, MembershipLevel, Project, User
from users.services.projects import add_member


def get_path(person: Person) -> str:
    return f"/api/organizations/{person.membership.project.organization_id}/projects/"


def create(person: Person, api: Api | None = None, **body: Any) -> Answer:
    return (api or person.api).post(get_path(person), body)


def test_project_is_created_with_its_creator_as_admin(alice: Person, bob: Person) -> None:
    answer = create(alice, name=" Growth ", timezone="Europe/Berlin")
    row = Project.objects.exclude(pk=alice.membership.project_id).get()
    shown = answer.json
    assert (answer.status, shown["id"], shown["name"], shown["timezone"]) == (201, row.pk, "Growth", "Europe/Berlin")
    assert (shown["organization"], shown["api_token"]) == (str(alice.membership.project.organization_id), row.api_token)
    assert (row.name, row.timezone, row.week_start_day, row.test_account_filters) == ("Growth", "Europe/Berlin", 0, [])
    assert row.organization_id == alice.membership.project.organization_id
    [membership] = row.memberships.all()
    assert (membership.user_id, membership.level) == (alice.user.pk, MembershipLevel.ADMIN)
    assert User.objects.get(pk=alice.user.pk).current_project_id == alice.membership.project_id
    assert alice.api.get(f"{get_path(alice)}{row.pk}/").json == shown
    assert alice.api.post(f"/api/projects/{row.pk}/dashboards/", {"name": "First"}).status == 201
    assert bob.api.get(f"/api/projects/{row.pk}/").error[0] == 403


def test_project_is_created_with_all_settings(alice: Person) -> None:
    filters = [{"key": "email", "value": "@example.com", "operator": "not_icontains", "type": "person"}]
    answer = create(alice, name="Growth", week_start_day=1, test_account_filters=filters)
    row = Project.objects.get(pk=answer.json["id"])
    assert (row.timezone, row.week_start_day, row.test_account_filters) == ("UTC", 1, filters)
    assert (answer.json["week_start_day"], answer.json["test_account_filters"]) == (1, filters)


def test_current_organization_is_accepted(alice: Person) -> None:
    answer = alice.api.post("/api/organizations/@current/projects/", {"name": "Growth"})
    assert (answer.status, answer.json["organization"]) == (201, str(alice.membership.project.organization_id))


def test_owner_becomes_owner(alice: Person) -> None:
    owned = make_project("Owned", "Home")
    add_member(owned, user=alice.user, level=MembershipLevel.OWNER)
    created = create(alice, name="Growth").json["id"]
    assert Membership.objects.get(project=created).level == MembershipLevel.OWNER


def test_only_admins_of_the_organization_create_projects(alice: Person, bob: Person, carol: Person) -> None:
    add_member(carol.membership.project, user=bob.user, level=MembershipLevel.ADMIN)  # of another organization
    for api in (bob.api, make_session(bob)):
        answer = create(alice, api, name="Growth")
        assert answer.error == (403, "authentication_error", "permission_denied", None)
        assert answer.json["detail"] == "Only admins of a project in this organization may create projects."
    assert create(alice, carol.api, name="Growth").error == (404, "invalid_request", "not_found", None)
    assert Project.objects.count() == 2
    second = make_project("Second", "Home")
    add_member(second, user=bob.user, level=MembershipLevel.ADMIN)
    assert create(alice, bob.api, name="Growth").status == 201
    assert create(alice, make_session(bob), name="Growth").status == 201
    assert Project.objects.filter(name="Growth", memberships__user=bob.user).count() == 2


@pytest.mark.parametrize(
    ("scopes", "options", "status"),
    [
        (["project:write"], {}, 201),
        (["project:read", "organization:write"], {}, 403),
        (["project:write"], {"project_ids": "home"}, 403),
        (["project:write"], {"organization_ids": "home"}, 201),
        (["project:write"], {"organization_ids": "other"}, 404),
    ],
)
def test_keys_create_projects_within_their_scopes(
    alice: Person, scopes: list[str], options: dict[str, str], status: int
) -> None:
    other = make_project("Other")
    add_member(other, user=alice.user, level=MembershipLevel.ADMIN)
    home = alice.membership.project
    ids: dict[str, dict[str, list[Any]]] = {
        "project_ids": {"home": [home.pk]},
        "organization_ids": {"home": [str(home.organization_id)], "other": [str(other.organization_id)]},
    }
    limits = {name: ids[name][value] for name, value in options.items()}
    answer = create(alice, Api(make_key(alice.user, *scopes, **limits), 0), name="Growth")
    assert answer.status == status
    assert Project.objects.filter(name="Growth").count() == (1 if status == 201 else 0)


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "name"),
        ({"name": ""}, "blank", "name"),
        ({"name": "a" * 201}, "max_length", "name"),
        ({"name": "a\0"}, "null_characters_not_allowed", "name"),
        ({"name": "Growth", "timezone": "Mars"}, "invalid_choice", "timezone"),
        ({"name": "Growth", "week_start_day": 7}, "invalid_choice", "week_start_day"),
        ({"name": "Growth", "test_account_filters": [{}]}, "required", "test_account_filters__0__key"),
    ],
)
def test_invalid_project_is_not_created(alice: Person, body: dict[str, Any], code: str, attr: str) -> None:
    answer = alice.api.post(get_path(alice), body, documented=False)
    assert answer.error == (400, "validation_error", code, attr)
    assert Project.objects.count() == 1


def test_unknown_fields_are_named(alice: Person) -> None:
    answer = alice.api.post(get_path(alice), {"name": "Growth", "is_demo": True, "color": "red"}, documented=False)
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "color")
    assert answer.json["is_demo"] is False


def test_repeated_request_creates_one_project(alice: Person) -> None:
    headers = {"Idempotency-Key": "apply-1"}
    answers = [alice.api.post(get_path(alice), {"name": "Growth"}, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert Project.objects.filter(name="Growth").count() == 1


def test_response_is_not_repeated_to_callers_outside_of_the_organization(alice: Person) -> None:
    headers = {"Idempotency-Key": "apply-1"}
    assert alice.api.post(get_path(alice), {"name": "Growth"}, headers=headers).status == 201
    other = make_project("Other")
    add_member(other, user=alice.user, level=MembershipLevel.ADMIN)
    limited = Api(make_key(alice.user, organization_ids=[str(other.organization_id)]), 0)
    for api in (limited, alice.api):
        answer = api.post(get_path(alice), {"name": "Growth"}, headers=headers)
        assert answer.status == (404 if api is limited else 201)
    alice.user.memberships.exclude(project=other).delete()
    assert alice.api.post(get_path(alice), {"name": "Growth"}, headers=headers).status == 404


def test_key_in_the_body_is_no_unknown_field(alice: Person) -> None:
    body = {"name": "Growth", "personal_api_key": alice.key}
    headers = {"Prefer": "handling=strict"}
    answer = Api(None, 0).post(get_path(alice), body, headers=headers, documented=False)
    assert (answer.status, answer.json["name"]) == (201, "Growth")
    answer = Api(None, 0).patch(f"/api/projects/{answer.json['id']}/", body, headers=headers, documented=False)
    assert answer.status == 200


def test_organization_has_at_most_100_projects(alice: Person) -> None:
    organization = alice.membership.project.organization
    Project.objects.bulk_create(Project(name="p", organization=organization) for _ in range(MAX_PROJECTS - 2))
    assert create(alice, name="Last").status == 201
    answer = create(alice, name="Growth")
    assert answer.error == (400, "validation_error", "invalid_input", None)
    assert "at most 100 projects" in answer.json["detail"]
    assert organization.projects.count() == MAX_PROJECTS


def test_first_project_of_a_user_becomes_their_current_one(alice: Person) -> None:
    User.objects.filter(pk=alice.user.pk).update(current_project=None)
    created = create(alice, name="Growth").json["id"]
    assert User.objects.get(pk=alice.user.pk).current_project_id == created


def test_members_of_other_projects_do_not_see_the_new_one(alice: Person) -> None:
    admin = make_person("dora", alice.membership.project, MembershipLevel.ADMIN)
    created = create(alice, name="Growth").json["id"]
    assert [row["name"] for row in admin.api.get(get_path(alice)).json["results"]] == ["Home"]
    assert admin.api.patch(f"{get_path(alice)}{created}/", {"name": "Mine"}).error[0] == 404
    assert admin.api.patch(f"/api/projects/{created}/", {"name": "Mine"}).error[0] == 403


def test_creation_is_logged_without_values(
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level(logging.INFO, "users.projects")
    with django_capture_on_commit_callbacks(execute=True):
        created = create(alice, make_session(alice), name="Secret growth").json["id"]
    [record] = [each for each in caplog.records if each.name == "users.projects"]
    logged: dict[str, Any] = record.__dict__
    assert (record.getMessage(), logged["project"], logged["user"], logged["key"]) == (
        "project created",
        created,
        alice.user.pk,
        None,
    )
    assert "Secret" not in str(logged)
