"""/api/projects/:id/dashboard_templates/"""

from typing import Any

import pytest

from dashboards.models import Dashboard, DashboardTemplate
from tests.builders import Person, make_template
from users.models import User

DOCUMENT: dict[str, Any] = {
    "template_name": "Weekly",
    "dashboard_description": "  what happened ",
    "dashboard_filters": {"date_from": "-7d", "n": 1.0},
    "tags": ["growth"],
    "tiles": [
        {"type": "TEXT", "body": "hello", "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}, "free": None},
        {"type": "INSIGHT", "name": "Visits", "query": {"kind": "InsightVizNode"}, "color": "blue"},
    ],
    "variables": [{"id": "START", "name": "Start", "type": "event", "default": {"id": 1}, "required": True}],
    "dashboard_variables": {"v1": {"code_name": "country", "value": 1.0}},
    "breakdown_colors": [{"breakdownValue": "a", "colorToken": "preset-1"}],
}
PATH = "dashboard_templates/"


def list_stored(person: Person, **query: Any) -> list[dict[str, Any]]:
    """Return the rows of a list without the built-in templates."""
    return [row for row in person.api.get(PATH, **query).json["results"] if row["created_at"]]


def list_names(person: Person, **query: Any) -> list[str]:
    return [row["template_name"] for row in list_stored(person, **query)]


def test_template_is_stored_as_sent(alice: Person) -> None:
    answer = alice.api.post(PATH, DOCUMENT)
    row = DashboardTemplate.objects.get()
    assert answer.status == 201
    assert {key: answer.json[key] for key in DOCUMENT} == DOCUMENT
    assert row.build_document() == DOCUMENT
    assert answer.json["created_by"]["email"] == alice.user.email
    assert {key: answer.json[key] for key in ("id", "scope", "is_featured", "image_url", "deleted", "team_id")} == {
        "id": str(row.pk),
        "scope": "team",
        "is_featured": False,
        "image_url": None,
        "deleted": False,
        "team_id": alice.membership.project_id,
    }
    assert alice.api.get(f"{PATH}{row.pk}/").json == answer.json
    assert list_stored(alice) == [answer.json]


def test_name_keeps_its_spaces(alice: Person) -> None:
    name = "  Weekly "
    assert alice.api.post(PATH, {**DOCUMENT, "template_name": name}).json["template_name"] == name
    assert DashboardTemplate.objects.get().template_name == name
    assert alice.api.post("dashboards/", {"use_template": name}).json["name"] == name


def test_dashboard_is_created_from_a_stored_template(alice: Person) -> None:
    alice.api.post(PATH, DOCUMENT)
    created = alice.api.post("dashboards/", {"use_template": "Weekly"}).json
    assert (created["name"], created["creation_mode"], created["tags"], len(created["tiles"])) == (
        "Weekly",
        "template",
        ["growth"],
        2,
    )
    assert Dashboard.objects.get().filters == DOCUMENT["dashboard_filters"]


def test_listed_template_can_be_posted_back(alice: Person) -> None:
    listed = alice.api.post(PATH, DOCUMENT).json
    answer = alice.api.post(PATH, {**listed, "template_name": "Other"})
    assert (answer.status, "Ignored-Fields" in answer.headers) == (201, False)
    assert answer.json["id"] != listed["id"]
    assert alice.api.post("dashboards/create_from_template_json/", {"template": listed}).status == 200


@pytest.mark.parametrize("missing", ["template_name", "dashboard_description", "dashboard_filters", "tiles"])
def test_missing_fields_are_reported(alice: Person, missing: str) -> None:
    body = {key: value for key, value in DOCUMENT.items() if key != missing}
    assert alice.api.post(PATH, body).error == (400, "validation_error", "required", missing)
    assert not DashboardTemplate.objects.exists()


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"tiles": []}, "tiles"),
        ({"tiles": [{"body": "no type"}]}, "tiles__0__type"),
        ({"tiles": [{"type": "TEXT"}]}, "tiles__0__body"),
        ({"tiles": "x"}, "tiles"),
        ({"tiles": [1]}, "tiles__0"),
        ({"tiles": [{"type": "INSIGHT", "query": "{UNKNOWN}"}]}, "tiles__0__query"),
        ({"dashboard_filters": []}, "dashboard_filters"),
        ({"dashboard_filters": {"a": "{UNKNOWN}"}}, "dashboard_filters__a"),
        ({"template_name": ""}, "template_name"),
        ({"template_name": "x" * 401}, "template_name"),
        ({"tags": ["İ" * 128]}, "tags__0"),
        ({"tiles": [{"type": "INSIGHT", "tags": ["İ" * 128]}]}, "tiles__0__tags__0"),
        ({"tiles": [{"type": "TEXT", "body": "t"}] * 1001}, "tiles"),
        ({"tags": "x"}, "tags"),
        ({"variables": [{"id": "A"}]}, "variables__0__default"),
        ({"scope": "everywhere"}, "scope"),
        ({"image_url": "javascript:alert(1)"}, "image_url"),
        ({"is_featured": "perhaps"}, "is_featured"),
    ],
)
def test_invalid_values_are_reported_and_change_nothing(alice: Person, body: dict[str, Any], attr: str) -> None:
    status, type_, _, named_attr = alice.api.post(PATH, {**DOCUMENT, **body}).error
    assert (status, type_, named_attr) == (400, "validation_error", attr)
    assert not DashboardTemplate.objects.exists()
    created = alice.api.post(PATH, DOCUMENT).json
    answer = alice.api.patch(f"{PATH}{created['id']}/", {"is_featured": True, **body})
    assert (answer.error[0], answer.error[3]) == (400, attr)
    assert alice.api.get(f"{PATH}{created['id']}/").json == created


def test_name_is_unique_among_live_templates(alice: Person, carol: Person) -> None:
    created = alice.api.post(PATH, DOCUMENT).json
    assert alice.api.post(PATH, DOCUMENT).error == (400, "validation_error", "unique", "template_name")
    assert carol.api.post(PATH, DOCUMENT).status == 201
    alice.api.patch(f"{PATH}{created['id']}/", {"deleted": True})
    again = alice.api.post(PATH, DOCUMENT).json
    back = alice.api.patch(f"{PATH}{created['id']}/", {"deleted": False})
    assert back.error == (400, "validation_error", "unique", "template_name")
    assert alice.api.patch(f"{PATH}{created['id']}/", {"deleted": False, "template_name": "Other"}).status == 200
    answer = alice.api.patch(f"{PATH}{created['id']}/", {"template_name": "Weekly"})
    assert answer.error == (400, "validation_error", "unique", "template_name")
    assert list_names(alice) == ["Other", "Weekly"]
    assert again["id"] != created["id"]


def test_delete_and_restore(alice: Person) -> None:
    created = alice.api.post(PATH, DOCUMENT).json
    path = f"{PATH}{created['id']}/"
    assert alice.api.patch(path, {"deleted": True}).json == {**created, "deleted": True}
    assert (alice.api.get(path).status, list_names(alice)) == (404, [])
    assert alice.api.post("dashboards/", {"use_template": "Weekly"}).error[3] == "use_template"
    assert alice.api.patch(path, {"template_name": "x"}).status == 404
    assert alice.api.patch(path, {"deleted": False}).json == created
    assert alice.api.get(path).json == created
    answer = alice.api.delete(path)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, PUT, PATCH, HEAD, OPTIONS")


def test_changed_template_is_found_by_its_new_name(alice: Person) -> None:
    created = alice.api.post(PATH, DOCUMENT).json
    changed = alice.api.patch(f"{PATH}{created['id']}/", {"template_name": "Daily", "tags": ["X "]}).json
    assert changed == {**created, "template_name": "Daily", "tags": ["x"]}
    assert (list_names(alice, search="weekly"), list_names(alice, search="DAI")) == ([], ["Daily"])


def test_search_ranks_names_before_tags_and_descriptions(alice: Person) -> None:
    project = alice.membership.project
    make_template(project, "a", dashboard_description="about sales")
    make_template(project, "b", tags=["sales"])
    make_template(project, "z Sales")
    make_template(project, "none")
    assert list_names(alice, search="SALES") == ["z Sales", "b", "a"]
    assert alice.api.get(PATH, search="x" * 201).error == (400, "validation_error", "max_length", "search")


def test_key_of_a_built_in_template_is_reserved(alice: Person) -> None:
    taken = (400, "validation_error", "unique", "template_name")
    assert alice.api.post(PATH, {**DOCUMENT, "template_name": "DEFAULT_APP"}).error == taken
    own = make_template(alice.membership.project, "mine")
    assert alice.api.patch(f"{PATH}{own.pk}/", {"template_name": "WEBSITE_TRAFFIC"}).error == taken
    assert list_names(alice) == ["mine"]


def test_list_can_be_filtered_and_ordered(alice: Person) -> None:
    project = alice.membership.project
    make_template(project, "a")
    make_template(project, "b", is_featured=True)
    make_template(None, "c", scope="global")
    assert list_names(alice) == ["b", "a", "c"]
    assert list_names(alice, ordering="template_name") == ["a", "b", "c"]
    assert list_names(alice, ordering="-template_name") == ["c", "b", "a"]
    assert (list_names(alice, scope="global"), list_names(alice, scope="team")) == (["c"], ["b", "a"])
    assert (list_names(alice, is_featured="true"), list_names(alice, is_featured="false")) == (["b"], ["a", "c"])
    page = alice.api.get(PATH, limit=1, offset=1).json
    assert (page["count"], [row["template_name"] for row in page["results"]]) == (5, ["a"])
    for name, value in {"ordering": "id", "scope": "x", "is_featured": "x"}.items():
        assert alice.api.get(PATH, **{name: value}).error[3] == name


def test_templates_of_other_projects_are_not_found_unless_global(alice: Person, carol: Person) -> None:
    theirs = make_template(carol.membership.project, "theirs", created_by=carol.user)
    path = f"{PATH}{theirs.pk}/"
    assert (list_names(alice), alice.api.get(path).status) == ([], 404)
    assert alice.api.patch(path, {"template_name": "mine"}).status == 404
    DashboardTemplate.objects.update(scope="global")
    shown = alice.api.get(path).json
    assert (shown["template_name"], shown["created_by"]) == ("theirs", None)
    assert carol.api.get(path).json["created_by"]["email"] == carol.user.email
    assert alice.api.patch(path, {"template_name": "mine"}).error[0] == 403
    theirs.refresh_from_db()
    assert theirs.template_name == "theirs"


def test_global_scope_requires_staff(alice: Person) -> None:
    assert alice.api.post(PATH, {**DOCUMENT, "scope": "global"}).error[:3] == (
        403,
        "authentication_error",
        "permission_denied",
    )
    created = alice.api.post(PATH, DOCUMENT).json
    path = f"{PATH}{created['id']}/"
    assert alice.api.patch(path, {"scope": "global"}).status == 403
    User.objects.filter(pk=alice.user.pk).update(is_staff=True)
    assert alice.api.patch(path, {"scope": "global", "is_featured": True}).json["scope"] == "global"
    assert alice.api.patch(path, {"scope": "team"}).json == {**created, "is_featured": True}
    homeless = make_template(None, "homeless", scope="global")
    answer = alice.api.patch(f"{PATH}{homeless.pk}/", {"scope": "team"})
    assert answer.error == (400, "validation_error", "invalid_input", "scope")
    homeless.refresh_from_db()
    assert homeless.scope == "global"


def test_featuring_requires_an_admin_and_other_changes_a_member(alice: Person, bob: Person) -> None:
    assert bob.api.post(PATH, {**DOCUMENT, "is_featured": True}).error[0] == 403
    created = bob.api.post(PATH, DOCUMENT).json
    path = f"{PATH}{created['id']}/"
    assert bob.api.patch(path, {"is_featured": True}).error[0] == 403
    assert alice.api.patch(path, {"is_featured": True}).json["is_featured"] is True
    assert bob.api.patch(path, {"template_name": "Renamed", "is_featured": True}).json["template_name"] == "Renamed"


@pytest.mark.parametrize("id_", ["abc", "1", "0b5cf9c5-6e6f-4a55-9f0f-0c8f9b1f7a11"])
def test_unknown_template_is_404(alice: Person, id_: str) -> None:
    for answer in (alice.api.get(f"{PATH}{id_}/"), alice.api.patch(f"{PATH}{id_}/", {"template_name": "x"})):
        assert answer.error == (404, "invalid_request", "not_found", None)


def test_json_schema_is_served_and_cacheable(alice: Person) -> None:
    answer = alice.api.get(f"{PATH}json_schema/")
    assert sorted(answer.json["required"]) == [
        "dashboard_description",
        "dashboard_filters",
        "template_name",
        "tiles",
    ]
    assert answer.json["properties"]["tiles"]["minItems"] == 1
    assert answer.headers["Cache-Control"] == "max-age=120"


def test_unknown_keys_are_reported(alice: Person) -> None:
    answer = alice.api.post(PATH, {**DOCUMENT, "colour": "red"})
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "colour")
