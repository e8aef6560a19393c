"""PATCH and PUT /api/projects/:id/, /api/environments/:id/ and /api/organizations/:id/projects/:id/"""

import logging
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from dashboards_api.limits import MAX_TEST_ACCOUNT_FILTERS, TEST_ACCOUNT_FILTERS_MAX_LENGTH
from tests.builders import Person, make_key, make_project, make_session
from tests.client import Answer, Api
from users.models import MembershipLevel, Project
from users.services.projects import add_member

FILTERS: list[dict[str, Any]] = [
    {"key": "email", "operator": "not_icontains", "value": "@example.com", "type": "person"},
    {"type": "hogql", "key": "properties.$host != 'localhost'", "value": None},
    {"value": [1.0, 1, True], "key": "plan"},
]
# Each value with the code and the path of its error.
INVALID_FILTERS: list[tuple[object, str, str]] = [
    (None, "null", ""),
    ({"key": "a"}, "not_a_list", ""),
    (["a"], "invalid_input", "__0"),
    ([{"key": "a"}, None], "null", "__1"),
    ([{"key": "a"}, {}], "required", "__1__key"),
    ([{"key": 5}], "invalid_input", "__0__key"),
    ([{"key": ""}], "invalid_input", "__0__key"),
    ([{"key": "a", "type": 1}], "invalid_input", "__0__type"),
    ([{"key": "a", "operator": []}], "invalid_input", "__0__operator"),
    ([{"key": "a\0"}], "null_characters_not_allowed", "__0__key"),
    ([{"key": "a"}] * (MAX_TEST_ACCOUNT_FILTERS + 1), "max_length", ""),
]


def get_paths(person: Person) -> list[str]:
    project_id = person.membership.project_id
    organization = f"organizations/{person.membership.project.organization_id}/projects"
    return [f"/api/{prefix}/{project_id}/" for prefix in ("projects", "environments", organization)]


def patch_project(person: Person, **body: Any) -> Answer:
    return person.api.patch(get_paths(person)[0], body)


def read_project(person: Person) -> Project:
    return Project.objects.get(pk=person.membership.project_id)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_settings_are_changed_and_others_stay(alice: Person, method: str) -> None:
    for number, path in enumerate(get_paths(alice)):
        answer = alice.api.call(method, path, {"name": f" Growth {number} "})
        assert (answer.status, answer.json["name"], answer.json["timezone"]) == (200, f"Growth {number}", "UTC")
        settings = {"timezone": "Asia/Kathmandu", "week_start_day": 1, "test_account_filters": FILTERS}
        answer = alice.api.call(method, path, settings)
        assert {name: answer.json[name] for name in settings} == settings
        assert "Ignored-Fields" not in answer.headers
        row = read_project(alice)
        assert (row.name, row.timezone, row.week_start_day) == (f"Growth {number}", "Asia/Kathmandu", 1)
        assert repr(row.test_account_filters) == repr(FILTERS)
        assert alice.api.get(path).json == answer.json
        alice.api.call(method, path, {"timezone": "UTC", "week_start_day": 0, "test_account_filters": []})
        assert read_project(alice).test_account_filters == []


def test_project_can_be_sent_back_as_it_was_read(alice: Person) -> None:
    read = alice.api.get(get_paths(alice)[0]).json
    answer = alice.api.put(get_paths(alice)[0], read)
    assert (answer.status, answer.json) == (200, read)
    assert "Ignored-Fields" not in answer.headers


def test_settings_of_other_products_are_ignored_and_named(alice: Person) -> None:
    body = {"week_start_day": 1, "heatmaps_opt_in": True, "app_urls": ["https://example.com"]}
    answer = alice.api.patch(get_paths(alice)[1], body, documented=False)
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, "heatmaps_opt_in, app_urls")
    answer = alice.api.patch(get_paths(alice)[1], body, documented=False, headers={"Prefer": "handling=strict"})
    assert answer.error == (400, "validation_error", "unknown_field", "heatmaps_opt_in")


@pytest.mark.parametrize(
    ("sent", "guess"),
    [
        ("Europe/Berlyn", ' Did you mean "Europe/Berlin"?'),
        ("europe/berlin", ' Did you mean "Europe/Berlin"?'),
        ("America/New York", ' Did you mean "America/New_York"?'),
        ("", ' Time zones have names such as "Europe/Berlin".'),
        ("../../etc/passwd", ' Time zones have names such as "Europe/Berlin".'),
        ("localtime", ' Time zones have names such as "Europe/Berlin".'),
    ],
)
def test_unknown_time_zone_is_refused_with_the_closest_one(alice: Person, sent: str, guess: str) -> None:
    answer = alice.api.patch(get_paths(alice)[0], {"timezone": sent}, documented=False)
    if sent:
        assert answer.error == (400, "validation_error", "invalid_choice", "timezone")
        assert answer.json["detail"] == f'"{sent}" is not a known time zone.{guess}'
    else:
        assert answer.error == (400, "validation_error", "blank", "timezone")
    assert read_project(alice).timezone == "UTC"


def test_error_shows_only_the_beginning_of_a_long_time_zone(alice: Person) -> None:
    answer = patch_project(alice, timezone="a" * 100_000)
    assert answer.error == (400, "validation_error", "invalid_choice", "timezone")
    assert len(answer.json["detail"]) < 200


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"name": " "}, "blank", "name"),
        ({"name": None}, "null", "name"),
        ({"name": "a" * 201}, "max_length", "name"),
        ({"name": 1}, "invalid_input", "name"),
        ({"name": "a\0"}, "null_characters_not_allowed", "name"),
        ({"timezone": None}, "null", "timezone"),
        ({"timezone": 1}, "invalid_input", "timezone"),
        ({"timezone": "UTC\0"}, "null_characters_not_allowed", "timezone"),
        ({"week_start_day": 2}, "invalid_choice", "week_start_day"),
        ({"week_start_day": True}, "invalid_choice", "week_start_day"),
        ({"week_start_day": 1.0}, "invalid_choice", "week_start_day"),
        ({"week_start_day": None}, "null", "week_start_day"),
        *(
            ({"test_account_filters": filters}, code, f"test_account_filters{path}")
            for filters, code, path in INVALID_FILTERS
        ),
    ],
)
def test_invalid_settings_are_refused(alice: Person, body: dict[str, Any], code: str, attr: str) -> None:
    for path in get_paths(alice):
        answer = alice.api.patch(path, {"week_start_day": 1, **body}, documented=False)
        assert answer.error == (400, "validation_error", code, attr)
    row = read_project(alice)
    assert (row.name, row.timezone, row.week_start_day, row.test_account_filters) == ("Home", "UTC", 0, [])


def test_filters_have_at_most_20_000_characters(alice: Person) -> None:
    longest = TEST_ACCOUNT_FILTERS_MAX_LENGTH - len('[{"key":""}]')
    assert patch_project(alice, test_account_filters=[{"key": "a" * longest}]).status == 200
    answer = patch_project(alice, test_account_filters=[{"key": "a" * (longest + 1)}])
    assert answer.error == (400, "validation_error", "max_length", "test_account_filters")
    assert "20,000 characters" in answer.json["detail"]
    assert len(read_project(alice).test_account_filters[0]["key"]) == longest


def test_form_changes_a_project(alice: Person) -> None:
    pairs = {"timezone": "Europe/Berlin", "week_start_day": "1", "test_account_filters": '[{"key": "a"}]'}
    assert alice.api.send_form("PATCH", get_paths(alice)[0], pairs).status == 200
    row = read_project(alice)
    assert (row.timezone, row.week_start_day, row.test_account_filters) == ("Europe/Berlin", 1, [{"key": "a"}])


def test_only_admins_change_a_project(alice: Person, bob: Person) -> None:
    callers = [bob.api, make_session(bob)]
    callers += [Api(make_key(alice.user, *scopes), 0) for scopes in (["project:read"], ["dashboard:write"])]
    for path in get_paths(alice):
        for caller in callers:
            answer = caller.patch(path, {"name": "Theirs"})
            assert answer.error == (403, "authentication_error", "permission_denied", None)
        assert bob.api.patch(path, {"name": 1}, documented=False).json["detail"] == (
            "Only admins of the project may change its settings."
        )
    assert read_project(alice).name == "Home"
    bob.membership.level = MembershipLevel.ADMIN
    bob.membership.save()
    for number, path in enumerate(get_paths(alice)):
        assert make_session(bob).patch(path, {"name": f"Ours {number}"}).status == 200
        assert read_project(alice).name == f"Ours {number}"


def test_scoped_keys_change_their_own_projects_alone(alice: Person) -> None:
    other = make_project("Other", "Home")
    add_member(other, user=alice.user, level=MembershipLevel.ADMIN)
    own = Api(make_key(alice.user, "project:write", project_ids=[alice.membership.project_id]), 0)
    assert own.patch(get_paths(alice)[0], {"name": "Mine"}).status == 200
    for path in (f"/api/projects/{other.pk}/", f"/api/organizations/{other.organization_id}/projects/{other.pk}/"):
        assert own.patch(path, {"name": "Mine"}).error[0] == 403
    elsewhere = make_project("Elsewhere")
    add_member(elsewhere, user=alice.user, level=MembershipLevel.ADMIN)
    of_organization = Api(make_key(alice.user, "project:write", organization_ids=[str(other.organization_id)]), 0)
    assert of_organization.patch(f"/api/projects/{other.pk}/", {"name": "Second"}).status == 200
    assert of_organization.patch(f"/api/projects/{elsewhere.pk}/", {"name": "Mine"}).error[0] == 403
    path = f"/api/organizations/{elsewhere.organization_id}/projects/{elsewhere.pk}/"
    assert of_organization.patch(path, {"name": "Mine"}).error[0] == 404
    assert dict(Project.objects.values_list("pk", "name")) == {
        alice.membership.project_id: "Mine",
        other.pk: "Second",
        elsewhere.pk: "Elsewhere",
    }


def test_project_of_another_organization_is_not_found(alice: Person, carol: Person) -> None:
    not_joined = make_project("Not joined", "Home")
    organization = alice.membership.project.organization_id
    for project_id in (carol.membership.project_id, not_joined.pk, 999999, "abc"):
        answer = alice.api.patch(f"/api/organizations/{organization}/projects/{project_id}/", {"name": "Mine"})
        assert answer.error == (404, "invalid_request", "not_found", None)
    assert set(Project.objects.values_list("name", flat=True)) == {"Home", "Away", "Not joined"}


def test_session_needs_the_csrf_token(alice: Person) -> None:
    session = make_session(alice)
    session.client.cookies.pop("posthog_csrftoken")
    for path in get_paths(alice):
        assert session.patch(path, {"name": "Mine"}).error == (403, "authentication_error", "permission_denied", None)
    assert read_project(alice).name == "Home"


def test_if_match_is_refused(alice: Person) -> None:
    for path in get_paths(alice):
        answer = alice.api.patch(path, {"name": "Mine"}, headers={"If-Match": '"1"'})
        assert answer.error == (400, "validation_error", "if_match_not_supported", "If-Match")
    assert read_project(alice).name == "Home"


def test_deletion_is_refused(alice: Person) -> None:
    for path in get_paths(alice):
        answer = alice.api.delete(path)
        assert answer.error == (405, "invalid_request", "method_not_allowed", None)
        assert answer.headers["Allow"] == "GET, PUT, PATCH, HEAD, OPTIONS"
    assert Project.objects.filter(pk=alice.membership.project_id).exists()


def test_change_is_logged_without_values(
    alice: Person,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level(logging.INFO, "users.projects")
    for timezone in ("Europe/Berlin", "Europe/Berlin", "Atlantis"):
        with django_capture_on_commit_callbacks(execute=True):
            patch_project(alice, timezone=timezone, week_start_day=0)
    [record] = [each for each in caplog.records if each.name == "users.projects"]
    logged: dict[str, Any] = record.__dict__
    assert (record.getMessage(), logged["project"], logged["user"], logged["settings"]) == (
        "project changed",
        alice.membership.project_id,
        alice.user.pk,
        ["timezone"],
    )
    assert logged["key"] == alice.user.personal_api_keys.get().pk
    assert "Berlin" not in str(logged)
