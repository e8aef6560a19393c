"""/api/personal_api_keys/: the API keys of a user, which only a session can manage."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.builders import PASSWORD, Person, make_project, make_session
from tests.client import Answer, Api
from users.models import PersonalAPIKey, hash_secret
from users.services.api_keys import create_api_key

KEYS = "/api/personal_api_keys/"
REFUSED = (403, "authentication_error", "permission_denied", None)
UNKNOWN = (404, "invalid_request", "not_found", None)


@pytest.fixture
def browser(alice: Person) -> Api:
    return make_session(alice)


def build_body(**more: Any) -> dict[str, Any]:
    return {"label": "CI", "scopes": ["dashboard:read"], "scoped_teams": [], "scoped_organizations": [], **more}


def read_stored_keys() -> list[dict[str, Any]]:
    """Return the stored keys without the time of their last use."""
    return [{**row, "last_used_at": None} for row in PersonalAPIKey.objects.order_by("id").values()]


def create_key(browser: Api, **more: Any) -> Answer:
    answer = browser.post(KEYS, build_body(**more))
    assert answer.status == 201, answer
    return answer


def test_a_new_key_is_shown_once_and_works_immediately(alice: Person, browser: Api) -> None:
    created = create_key(browser, description="for the pipeline")
    value = created.json["value"]
    row = PersonalAPIKey.objects.get(pk=created.json["id"])
    assert (row.user, row.label, row.scopes) == (alice.user, "CI", ["dashboard:read"])
    assert (row.description, row.scoped_projects, row.scoped_organizations) == ("for the pipeline", [], [])
    assert row.secret_hash == hash_secret(value)
    assert created.headers["Cache-Control"] == "no-store"
    assert created.json["mask_value"] == f"phx_...{value[-4:]}"
    assert created.json == {**browser.get(f"{KEYS}{row.pk}/").json, "value": value}
    assert browser.get(f"{KEYS}{row.pk}/").json["value"] is None
    api = Api(value, alice.membership.project_id)
    assert api.get("dashboards/").status == 200
    assert api.post("dashboards/", {"name": "x"}).error == REFUSED


def test_the_list_has_only_own_keys_newest_first(alice: Person, bob: Person, browser: Api) -> None:
    first, second = create_key(browser).json, create_key(browser, label="two").json
    rows = browser.get(KEYS).json
    assert [row["id"] for row in rows][:2] == [second["id"], first["id"]]
    assert len(rows) == alice.user.personal_api_keys.count() == 3
    assert {row["value"] for row in rows} == {None}
    assert {row["user_id"] for row in rows} == {alice.user.pk}


def test_an_empty_key_list_is_an_empty_array(bob: Person) -> None:
    browser = make_session(bob)
    PersonalAPIKey.objects.all().delete()
    assert browser.get(KEYS).json == []


@pytest.mark.parametrize(
    ("changes", "code", "attr"),
    [
        ({"label": ""}, "blank", "label"),
        ({"label": "  "}, "blank", "label"),
        ({"label": "x" * 41}, "max_length", "label"),
        ({"label": None}, "null", "label"),
        ({"label": 7}, "invalid_input", "label"),
        ({"scopes": []}, "required", "scopes"),
        ({"scopes": None}, "null", "scopes"),
        ({"scopes": "*"}, "not_a_list", "scopes"),
        ({"scopes": ["dashboard:read", "invalid"]}, "invalid_input", "scopes"),
        ({"scopes": ["dashboard:read:x"]}, "invalid_input", "scopes"),
        ({"scopes": ["*:read"]}, "invalid_input", "scopes"),
        ({"scopes": [" dashboard:read"]}, "invalid_input", "scopes"),
        ({"scopes": [5]}, "invalid_input", "scopes__0"),
        ({"scoped_teams": [999999]}, "invalid_input", "scoped_teams"),
        ({"scoped_teams": ["x"]}, "invalid_input", "scoped_teams__0"),
        ({"scoped_organizations": [str(uuid4())]}, "invalid_input", "scoped_organizations"),
        ({"scoped_organizations": ["nope"]}, "invalid_input", "scoped_organizations__0"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "invalid_input", "expires_at"),
        ({"expires_at": "soon"}, "invalid_input", "expires_at"),
        ({"description": "x" * 401}, "max_length", "description"),
    ],
)
def test_invalid_values_are_reported_and_change_nothing(
    browser: Api, changes: dict[str, Any], code: str, attr: str
) -> None:
    created = create_key(browser).json
    before = read_stored_keys()
    assert browser.post(KEYS, build_body(**changes)).error == (400, "validation_error", code, attr)
    answer = browser.patch(f"{KEYS}{created['id']}/", {"description": "changed", **changes})
    assert answer.error == (400, "validation_error", code, attr)
    assert read_stored_keys() == before


@pytest.mark.parametrize("missing", ["label", "scopes"])
def test_label_and_scopes_are_required_and_nothing_else(browser: Api, missing: str) -> None:
    sent = build_body()
    del sent[missing]
    assert browser.post(KEYS, sent).error == (400, "validation_error", "required", missing)
    assert browser.post(KEYS, {"label": "x", "scopes": ["*"]}).status == 201


def test_an_unknown_scope_is_reported(browser: Api) -> None:
    assert browser.post(KEYS, build_body(scopes=["invalid"])).json["detail"] == "Invalid scope: invalid"


def test_a_key_may_have_scoped_projects_and_an_expiry(alice: Person, carol: Person, browser: Api) -> None:
    project = alice.membership.project
    end = (timezone.now() + timedelta(days=1)).isoformat()
    scoped = {"scoped_teams": [project.pk], "scoped_organizations": [str(project.organization_id)]}
    created = create_key(browser, **scoped, expires_at=end).json
    assert {name: created[name] for name in scoped} == scoped
    assert Api(created["value"], project.pk).get("dashboards/").status == 200
    foreign = carol.membership.project
    for changes in ({"scoped_teams": [foreign.pk]}, {"scoped_organizations": [str(foreign.organization_id)]}):
        [attr] = changes
        assert browser.post(KEYS, build_body(**changes)).error == (400, "validation_error", "invalid_input", attr)
    PersonalAPIKey.objects.filter(pk=created["id"]).update(expires_at=timezone.now())
    assert Api(created["value"], project.pk).get("dashboards/").status == 401


def test_a_change_applies_to_the_next_request(alice: Person, browser: Api) -> None:
    created = create_key(browser, scopes=["dashboard:write"]).json
    api = Api(created["value"], alice.membership.project_id)
    assert api.get("dashboards/").status == 200
    changed = browser.patch(
        f"{KEYS}{created['id']}/", {"label": "renamed", "scopes": ["insight:read"], "description": ""}
    )
    assert (changed.json["label"], changed.json["scopes"], changed.json["value"]) == ("renamed", ["insight:read"], None)
    row = PersonalAPIKey.objects.get(pk=created["id"])
    assert (row.label, row.scopes, row.description) == ("renamed", ["insight:read"], None)
    assert api.get("dashboards/").error == REFUSED


def test_a_key_can_be_sent_back_as_it_was_read(alice: Person, browser: Api) -> None:
    project = make_project("Left")
    membership = project.memberships.create(user=alice.user)
    created = create_key(
        browser, scoped_teams=[project.pk], expires_at=(timezone.now() + timedelta(days=1)).isoformat()
    ).json
    PersonalAPIKey.objects.filter(pk=created["id"]).update(expires_at=timezone.now() - timedelta(days=1))
    membership.delete()
    read = browser.get(f"{KEYS}{created['id']}/").json
    answer = browser.patch(f"{KEYS}{created['id']}/", read, documented=False)
    assert (answer.status, answer.json) == (200, read)
    assert "Ignored-Fields" not in answer.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "zzz"),
        ("value", "phx_chosen"),
        ("mask_value", "phx_...zzzz"),
        ("user_id", 999),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("last_used_at", "2001-01-01T00:00:00Z"),
        ("secret_hash", "0" * 64),
        ("user", 999),
    ],
)
def test_read_only_fields_cannot_be_set(browser: Api, field: str, value: Any) -> None:
    created = browser.call("POST", KEYS, build_body(**{field: value}), documented=False)
    assert (created.status, created.json.get(field) == value) == (201, False)
    before = PersonalAPIKey.objects.filter(pk=created.json["id"]).values().get()
    assert browser.call("PATCH", f"{KEYS}{created.json['id']}/", {field: value}, documented=False).status == 200
    assert PersonalAPIKey.objects.filter(pk=created.json["id"]).values().get() == before


def test_rolling_keeps_the_key_and_ends_the_old_secret(alice: Person, browser: Api) -> None:
    created = create_key(browser).json
    rolled = browser.post(f"{KEYS}{created['id']}/roll/")
    assert rolled.status == 200
    kept = ("id", "label", "scopes", "created_at", "scoped_teams", "scoped_organizations")
    assert {name: rolled.json[name] for name in kept} == {name: created[name] for name in kept}
    assert rolled.json["last_rolled_at"] is not None
    assert rolled.json["value"] not in (None, created["value"])
    statuses = [
        Api(value, alice.membership.project_id).get("dashboards/").status
        for value in (created["value"], rolled.json["value"])
    ]
    assert statuses == [401, 200]


def test_a_deleted_key_is_refused_immediately(alice: Person, browser: Api) -> None:
    created = create_key(browser).json
    answer = browser.delete(f"{KEYS}{created['id']}/")
    assert (answer.status, answer.text) == (204, "")
    assert not PersonalAPIKey.objects.filter(pk=created["id"]).exists()
    assert Api(created["value"], alice.membership.project_id).get("dashboards/").status == 401


def test_the_eleventh_key_is_refused(alice: Person, browser: Api) -> None:
    for _ in range(10 - alice.user.personal_api_keys.count()):
        create_key(browser)
    answer = browser.post(KEYS, build_body())
    assert answer.error == (400, "validation_error", "invalid_input", None)
    assert "10 personal API keys" in answer.json["detail"]
    assert alice.user.personal_api_keys.count() == 10


def test_keys_of_other_users_are_not_found(browser: Api, bob: Person) -> None:
    theirs = bob.user.personal_api_keys.get()
    before = PersonalAPIKey.objects.filter(pk=theirs.pk).values().get()
    for id_ in (theirs.pk, "unknown"):
        path = f"{KEYS}{id_}/"
        answers = [
            browser.get(path),
            browser.patch(path, {"label": "mine"}),
            browser.post(f"{path}roll/"),
            browser.delete(path),
        ]
        assert [answer.error for answer in answers] == [UNKNOWN] * 4
    assert PersonalAPIKey.objects.filter(pk=theirs.pk).values().get() == before


def test_a_key_cannot_manage_keys(alice: Person) -> None:
    own = alice.user.personal_api_keys.get()
    other = create_api_key(alice.user, label="other", scopes=["dashboard:read"]).key
    before = read_stored_keys()
    answers = [
        alice.api.get(KEYS),
        alice.api.post(KEYS, build_body()),
        alice.api.get(f"{KEYS}{other.pk}/"),
        *(
            call
            for id_ in (own.pk, other.pk, "unknown")
            for call in (
                alice.api.patch(f"{KEYS}{id_}/", {"scopes": ["*"]}),
                alice.api.delete(f"{KEYS}{id_}/"),
                alice.api.post(f"{KEYS}{id_}/roll/"),
            )
        ),
    ]
    assert [answer.error for answer in answers] == [REFUSED] * len(answers)
    assert {answer.json["detail"] for answer in answers} == {"This action does not support personal API key access"}
    assert alice.api.get(f"{KEYS}{own.pk}/").json == alice.api.get(f"{KEYS}@current/").json
    assert read_stored_keys() == before


def test_changes_require_a_recent_sign_in(alice: Person, browser: Api) -> None:
    created = create_key(browser).json
    session = browser.client.session
    session["signed_in_at"] = time.time() - 2 * 3600 - 1
    session.save()
    path = f"{KEYS}{created['id']}/"
    for answer in (
        browser.post(KEYS, build_body()),
        browser.patch(path, {"label": "x"}),
        browser.post(f"{path}roll/"),
        browser.delete(path),
    ):
        assert answer.error == (403, "authentication_error", "sensitive_action_required_reauth", None)
    assert browser.get(KEYS).status == browser.get(path).status == 200
    assert browser.post("dashboards/", {"name": "x"}).status == 201
    assert PersonalAPIKey.objects.get(pk=created["id"]).label == "CI"
    assert browser.sign_in(alice.user.email, PASSWORD).status == 200
    assert browser.delete(path).status == 204


def test_a_form_creates_a_key(browser: Api) -> None:
    pairs = [("label", "form"), ("scopes", "dashboard:read"), ("scopes", "insight:read"), ("scoped_teams", "[]")]
    created = browser.send_form("POST", KEYS, pairs)
    assert (created.status, created.json["scopes"]) == (201, ["dashboard:read", "insight:read"])
