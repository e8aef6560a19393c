"""API keys in headers and bodies, invalid keys, and keys that are revoked, rotated or expired."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboards.models import Dashboard
from tests.builders import Person, make_key
from tests.client import Api
from users.models import PersonalAPIKey
from users.services.api_keys import revoke_api_key, roll_api_key

NONE = (401, "authentication_error", "not_authenticated", None)
BAD = (401, "authentication_error", "authentication_failed", None)


def make_api(person: Person, value: str) -> Api:
    api = Api(None, person.membership.project_id)
    api.client.defaults["HTTP_AUTHORIZATION"] = value
    return api


def test_no_credentials(alice: Person) -> None:
    answer = Api(None, alice.membership.project_id).get("dashboards/")
    assert answer.error == NONE
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["detail"] == "Authentication credentials were not provided."


@pytest.mark.parametrize("value", ["Basic Zm9vOmJhcg==", "Token abc", "Bearer", "Bearer ", "phx_raw"])
def test_other_authorization_schemes_are_ignored(alice: Person, value: str) -> None:
    assert make_api(alice, value).get("dashboards/").error == NONE


@pytest.mark.parametrize("template", ["Bearer   {}  ", "bearer {}", "BEARER {}"])
def test_spaces_and_case_of_the_scheme_are_tolerated(alice: Person, template: str) -> None:
    assert make_api(alice, template.format(alice.key)).get("dashboards/").status == 200


@pytest.mark.parametrize("key", ["phx_nope", "x" * 10_000, "phx_é", "' OR '1'='1", "phx_\udcff"])
def test_an_unknown_key(alice: Person, key: str) -> None:
    answer = make_api(alice, f"Bearer {key}").get("dashboards/")
    assert answer.error == BAD
    assert answer.json["detail"] == "Personal API key found in request Authorization header is invalid."
    assert "WWW-Authenticate" in answer.headers


def test_a_revoked_rolled_or_expired_key_and_a_deactivated_user_are_refused_at_once(alice: Person) -> None:
    api = alice.api
    key = PersonalAPIKey.objects.get()
    assert api.get("dashboards/").status == 200
    rolled = roll_api_key(key.pk).value
    assert api.get("dashboards/").error == BAD
    api.key = rolled
    assert api.get("dashboards/").status == 200
    PersonalAPIKey.objects.update(expires_at=timezone.now())
    assert api.get("dashboards/").error == BAD
    PersonalAPIKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert api.get("dashboards/").status == 200
    alice.user.is_active = False
    alice.user.save()
    assert api.get("dashboards/").error == BAD
    alice.user.is_active = True
    alice.user.save()
    revoke_api_key(key.pk)
    assert api.get("dashboards/").error == BAD


def test_a_key_in_a_json_or_form_body(alice: Person) -> None:
    api = Api(None, alice.membership.project_id)
    answer = api.post("dashboards/", {"name": "json", "personal_api_key": alice.key})
    assert answer.status == 201
    assert alice.key not in answer.text
    assert "Ignored-Fields" not in answer.headers
    assert api.send_form("POST", "dashboards/", {"name": "form", "personal_api_key": alice.key}).status == 201
    assert sorted(Dashboard.objects.values_list("name", flat=True)) == ["form", "json"]


def test_an_unknown_key_in_a_body_is_reported(alice: Person) -> None:
    answer = Api(None, alice.membership.project_id).post("dashboards/", {"personal_api_key": "phx_nope"})
    assert answer.error == BAD
    assert answer.json["detail"] == "Personal API key found in request body is invalid."


@pytest.mark.parametrize("value", [None, 5, True, [], {}, ["a"], "", "\x00"])
def test_a_malformed_key_in_a_body_is_401(alice: Person, value: object) -> None:
    answer = Api(None, alice.membership.project_id).post("dashboards/", {"personal_api_key": value})
    assert answer.error == NONE


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"[" * 5000, b'{"personal_api_key":"\\ud800"}'])
def test_a_malformed_body_without_a_key_is_401(alice: Person, raw: bytes) -> None:
    assert Api(None, alice.membership.project_id).call("POST", "dashboards/", raw=raw).error == NONE


def test_a_large_body_is_not_searched_for_a_key(alice: Person) -> None:
    body = {"personal_api_key": alice.key, "description": "x" * 70_000}
    answer = Api(None, alice.membership.project_id).call("POST", "dashboards/", raw=json.dumps(body).encode())
    assert answer.error == NONE


def test_a_form_with_too_many_fields_is_not_searched_for_a_key(alice: Person) -> None:
    api = Api(None, alice.membership.project_id)
    fields = [("personal_api_key", alice.key), *((f"k{number}", "v") for number in range(1001))]
    assert api.send_form("POST", "dashboards/", fields).error == NONE


def test_the_header_wins_over_the_body(alice: Person) -> None:
    api = make_api(alice, "Bearer phx_nope")
    assert api.post("dashboards/", {"personal_api_key": alice.key}).error == BAD
    api = make_api(alice, "Basic abc")
    assert api.post("dashboards/", {"personal_api_key": alice.key}).error == NONE


def test_a_key_in_the_query_string_is_ignored(alice: Person) -> None:
    api = Api(None, alice.membership.project_id)
    assert api.get("dashboards/", personal_api_key=alice.key).error == NONE
    assert api.get("dashboards/", api_key=alice.key, token=alice.key).error == NONE


def test_use_is_recorded_at_most_once_an_hour(alice: Person) -> None:
    alice.api.get("dashboards/")
    first = PersonalAPIKey.objects.get().last_used_at
    assert first is not None
    alice.api.get("dashboards/")
    assert PersonalAPIKey.objects.get().last_used_at == first
    PersonalAPIKey.objects.update(last_used_at=first - timedelta(hours=1, seconds=1))
    alice.api.get("dashboards/")
    second = PersonalAPIKey.objects.get().last_used_at
    assert second is not None
    assert second > first - timedelta(hours=1)


def test_a_removed_membership_closes_the_project_at_once(alice: Person, bob: Person) -> None:
    assert bob.api.get("dashboards/").status == 200
    bob.membership.delete()
    answer = bob.api.get("dashboards/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == "You don't have access to the project."


@pytest.mark.parametrize("project", ["abc", "1.5", "-1", "9223372036854775808", "9" * 40, "1;2", "2147483000", "٣"])
def test_a_project_that_does_not_exist_is_404(alice: Person, project: str) -> None:
    answer = alice.api.get(f"/api/projects/{project}/dashboards/")
    assert answer.error == (404, "invalid_request", "not_found", None)
    assert answer.json["detail"] == "Project not found."


def test_a_scoped_key_is_refused_for_other_projects(alice: Person, carol: Person) -> None:
    api = Api(make_key(alice.user, project_ids=[alice.membership.project_id]), alice.membership.project_id)
    assert api.get("dashboards/").status == 200
    other = carol.membership.project_id
    answer = api.get(f"/api/projects/{other}/dashboards/")
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == f"API key does not have access to the requested project: ID {other}."
    answer = api.get("/api/projects/")
    assert answer.status == 403
    assert answer.json["detail"] == "API keys with scoped projects are only supported on project-based endpoints."
