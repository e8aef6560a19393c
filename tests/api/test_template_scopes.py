"""The visibility of built-in templates and of templates of an organization, and PUT of a template."""

from itertools import pairwise
from typing import Any

import pytest

from dashboards.models import Dashboard, DashboardTemplate
from dashboards.template_documents.documents import read_builtin_templates
from tests.builders import Person, make_person, make_project, make_template
from users.models import MembershipLevel, User

PATH = "dashboard_templates/"
# Clients may have stored these ids.
BUILTIN = {
    "Product analytics": "9f7e06c7-de2d-5921-9557-f86d6fc24067",
    "Website": "48f02a53-ae60-529d-9b2d-cae5e3205c04",
}


@pytest.fixture
def dora(alice: Person) -> Person:
    """Create a member of another project of Alice's organization."""
    return make_person("dora", make_project("Second", "Home"))


def list_names(person: Person, **query: Any) -> list[str]:
    answer = person.api.get(PATH, **query)
    assert answer.status == 200, answer
    return [row["template_name"] for row in answer.json["results"]]


def test_built_in_templates_are_listed_and_retrieved(alice: Person) -> None:
    rows = alice.api.get(PATH).json["results"]
    assert {row["template_name"]: row["id"] for row in rows} == BUILTIN
    for row, document in zip(rows, read_builtin_templates().values(), strict=True):
        assert {key: row[key] for key in document} == document
        assert (row["scope"], row["is_featured"], row["deleted"]) == ("global", False, False)
        assert (row["team_id"], row["created_by"], row["created_at"], row["image_url"]) == (None, None, None, None)
        assert alice.api.get(f"{PATH}{row['id']}/").json == row
        created = alice.api.post("dashboards/", {"use_template": row["template_name"]})
        assert (created.status, len(created.json["tiles"])) == (201, len(document["tiles"]))
        assert alice.api.post("dashboards/create_from_template_json/", {"template": row}).status == 200


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("body", [{"template_name": "mine"}, {"deleted": True}, {}])
def test_built_in_template_cannot_be_changed(alice: Person, method: str, body: dict[str, Any]) -> None:
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    for id_ in BUILTIN.values():
        before = alice.api.get(f"{PATH}{id_}/").json
        answer = alice.api.call(method, f"{PATH}{id_}/", body)
        assert answer.error == (403, "authentication_error", "permission_denied", None)
        assert answer.json["detail"].startswith("A built-in template cannot be changed.")
        assert alice.api.get(f"{PATH}{id_}/").json == before
    assert not DashboardTemplate.objects.exists()


def test_built_in_template_can_be_copied_to_a_project(alice: Person) -> None:
    [row, *_] = alice.api.get(PATH).json["results"]
    answer = alice.api.post(PATH, {**row, "template_name": "Mine", "scope": "team"})
    assert (answer.status, "Ignored-Fields" in answer.headers) == (201, False)
    assert answer.json["tiles"] == row["tiles"]
    assert answer.json["id"] != row["id"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["z featured", "a", "Product analytics", "q", "Website", "x"]),
        ({"ordering": "template_name"}, ["a", "Product analytics", "q", "Website", "x", "z featured"]),
        ({"ordering": "-template_name"}, ["z featured", "x", "Website", "q", "Product analytics", "a"]),
        ({"scope": "global"}, ["Product analytics", "q", "Website"]),
        ({"scope": "team"}, ["z featured", "a", "x"]),
        ({"is_featured": "true"}, ["z featured"]),
        ({"is_featured": "false"}, ["a", "Product analytics", "q", "Website", "x"]),
        ({"search": "WEB"}, ["Website", "q", "x"]),
        ({"search": "web", "ordering": "-template_name"}, ["x", "Website", "q"]),
        ({"search": "visitors, visits"}, ["Website"]),
        ({"search": "nothing"}, []),
    ],
)
def test_built_in_templates_are_ordered_among_the_others(
    alice: Person, query: dict[str, str], wanted: list[str]
) -> None:
    project = alice.membership.project
    make_template(project, "a")
    make_template(None, "q", scope="global", tags=["web"])
    make_template(project, "x", dashboard_description="of the web")
    make_template(project, "z featured", is_featured=True)
    assert list_names(alice, **query) == wanted
    assert alice.api.get(PATH, **query).json["count"] == len(wanted)
    for limit in (1, 2, 4):
        pages = [list_names(alice, **query, limit=limit, offset=offset) for offset in range(0, len(wanted) + 1, limit)]
        assert [name for page in pages for name in page] == wanted
        assert all(len(page) == limit for page, _ in pairwise([page for page in pages if page]))


def test_organization_template_is_visible_in_all_its_projects(alice: Person, carol: Person, dora: Person) -> None:
    template = make_template(alice.membership.project, "shared", scope="organization", created_by=alice.user)
    path = f"{PATH}{template.pk}/"
    assert (list_names(dora, scope="organization"), list_names(dora, scope="team")) == (["shared"], [])
    shown = dora.api.get(path).json
    assert (shown["scope"], shown["team_id"], shown["created_by"]) == ("organization", template.project_id, None)
    assert alice.api.get(path).json["created_by"]["email"] == alice.user.email
    assert (list_names(carol, scope="organization"), carol.api.get(path).status) == ([], 404)
    assert carol.api.post("dashboards/", {"use_template": "shared"}).error[3] == "use_template"
    board = dora.api.post("dashboards/", {"use_template": "shared"})
    assert (board.status, Dashboard.objects.get().project_id) == (201, dora.membership.project_id)
    own = make_template(dora.membership.project, "shared", dashboard_description="nearer")
    assert dora.api.post("dashboards/", {"use_template": "shared"}).json["description"] == "nearer"
    assert own.project_id != template.project_id


def test_organization_scope_requires_an_admin_of_the_project(alice: Person, bob: Person, dora: Person) -> None:
    template = make_template(alice.membership.project, "mine")
    path = f"{PATH}{template.pk}/"
    assert bob.api.patch(path, {"scope": "organization"}).error[0] == 403
    assert bob.api.post(PATH, {**bob.api.get(path).json, "template_name": "x", "scope": "organization"}).status == 403
    assert alice.api.patch(path, {"scope": "organization"}).json["scope"] == "organization"
    dora.membership.level = MembershipLevel.ADMIN
    dora.membership.save()
    for person in (bob, dora):
        for body in ({"template_name": "x"}, {"scope": "team"}, {"deleted": True}):
            assert person.api.patch(path, body).error == (403, "authentication_error", "permission_denied", None)
    template.refresh_from_db()
    assert (template.template_name, template.scope, template.deleted) == ("mine", "organization", False)
    assert alice.api.patch(path, {"scope": "team"}).json["scope"] == "team"
    assert dora.api.get(path).status == 404
    homeless = make_template(None, "homeless", scope="global")
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    answer = alice.api.patch(f"{PATH}{homeless.pk}/", {"scope": "organization"})
    assert answer.error[0] == 403


def test_put_equals_patch(alice: Person) -> None:
    template = make_template(alice.membership.project, "mine", tags=["kept"])
    answer = alice.api.put(f"{PATH}{template.pk}/", {"template_name": "other"})
    assert (answer.status, answer.json["template_name"], answer.json["tags"]) == (200, "other", ["kept"])
    template.refresh_from_db()
    assert template.template_name == "other"
    assert alice.api.put(f"{PATH}{template.pk}/", {"tiles": []}).error == (
        400,
        "validation_error",
        "invalid_input",
        "tiles",
    )
