"""`use_template`, and POST /api/projects/:id/dashboards/create_from_template_json/"""

import copy
import json
from typing import Any

import pytest

from dashboards.models import Dashboard, DashboardTemplate, Insight, Text, Tile
from dashboards.template_documents.documents import read_builtin_templates
from tests.builders import QUERY, Person
from tests.client import Answer

TEMPLATE: dict[str, Any] = {
    "template_name": "From JSON",
    "dashboard_description": "d",
    "dashboard_filters": {"date_from": "-30d"},
    "tags": ["B ", "a", "b"],
    "variables": [],
    "tiles": [
        {
            "type": "INSIGHT",
            "name": "Visits",
            "description": "how many",
            "query": QUERY,
            "filters": {"old": 1},
            "color": "blue",
            "layouts": {"sm": {"x": 0, "y": "1", "i": "21"}},
            "unknown": {"free": True},
        },
        {"type": "TEXT", "body": "words", "layouts": {}, "transparent_background": True},
        {"type": "BUTTON", "url": "/a", "text": "Go", "style": "secondary"},
    ],
    "scope": "global",
    "created_by": {"id": 1},
}


def import_template(person: Person, template: Any, **more: Any) -> Answer:
    return person.api.post("dashboards/create_from_template_json/", {"template": template, **more})


def change_template(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(TEMPLATE), **changes}


def test_dashboard_is_created_from_a_template(alice: Person) -> None:
    answer = import_template(alice, TEMPLATE, creation_context="onboarding", _create_in_folder="x")
    assert answer.status == 200
    assert answer.headers["Ignored-Fields"] == "creation_context"
    created = answer.json
    assert created["folder"] == "x"
    assert (created["name"], created["description"], created["filters"]) == ("From JSON", "d", {"date_from": "-30d"})
    assert (created["tags"], created["creation_mode"], created["use_template"]) == (["a", "b"], "template", "From JSON")
    insight_tile, text_tile, button_tile = created["tiles"]
    insight = insight_tile["insight"]
    assert (insight_tile["color"], insight_tile["layouts"]) == ("blue", {"sm": {"x": 0, "y": "1", "i": "21"}})
    # The query is stored as sent, and shown with the filters of the dashboard.
    assert alice.api.get(f"insights/{insight['id']}/").json["query"] == QUERY
    shown_source = {**QUERY["source"], "dateRange": {"date_from": "-30d", "date_to": None}}
    assert (insight["name"], insight["description"]) == ("Visits", "how many")
    assert insight["query"] == {**QUERY, "source": shown_source}
    assert (insight["filters"], insight["is_sample"], insight["saved"]) == ({}, True, True)
    assert insight["created_by"]["email"] == "alice@example.com"
    assert (text_tile["text"]["body"], text_tile["text"]["created_by"]) == ("words", None)
    assert (text_tile["transparent_background"], text_tile["color"], text_tile["layouts"]) == (True, None, {})
    button = button_tile["button_tile"]
    assert (button["url"], button["text"], button["style"], button["placement"]) == ("/a", "Go", "secondary", "left")
    shown = alice.api.get(f"dashboards/{created['id']}/").json
    assert shown == {**created, "last_accessed_at": shown["last_accessed_at"]}
    assert alice.api.get("insights/", search="visits").json["count"] == 1


def test_older_tiles_keep_their_filters_and_can_be_unnamed(alice: Person) -> None:
    [tile] = import_template(
        alice, change_template(tiles=[{"type": "INSIGHT", "filters": {"insight": "TRENDS"}}])
    ).json["tiles"]
    insight = tile["insight"]
    assert (insight["name"], insight["query"]) == ("", None)
    assert insight["filters"] == {"insight": "TRENDS", "date_from": "-30d", "date_to": None}
    assert Insight.objects.get().filters == {"insight": "TRENDS"}


def test_tags_and_variables_can_be_missing_or_null(alice: Person) -> None:
    template = change_template(variables=None)
    del template["tags"]
    assert import_template(alice, template).json["tags"] == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"template_name": 5}, "invalid_input", "template__template_name"),
    ({"template_name": "x" * 401}, "max_length", "template__template_name"),
    ({"dashboard_filters": []}, "invalid_input", "template__dashboard_filters"),
    ({"tags": "x"}, "invalid_input", "template__tags"),
    ({"tags": ["ok", " "]}, "blank", "template__tags__1"),
    ({"tags": ["ok", "x" * 256]}, "max_length", "template__tags__1"),
    ({"tags": ["İ" * 128]}, "max_length", "template__tags__0"),
    ({"tiles": [{"type": "INSIGHT", "tags": ["İ" * 128]}]}, "max_length", "template__tiles__0__tags__0"),
    ({"tiles": []}, "invalid_input", "template__tiles"),
    ({"tiles": [{"type": "TEXT", "body": "t"}] * 1001}, "max_length", "template__tiles"),
    ({"tiles": "x"}, "invalid_input", "template__tiles"),
    ({"tiles": [1]}, "invalid_input", "template__tiles__0"),
    ({"tiles": [{"layouts": {}}]}, "required", "template__tiles__0__type"),
    ({"tiles": [TEMPLATE["tiles"][1], {"type": "WIDGET"}]}, "invalid_choice", "template__tiles__1__type"),
    ({"tiles": [{"type": "TEXT"}]}, "required", "template__tiles__0__body"),
    ({"tiles": [{"type": "TEXT", "body": "x" * 4001}]}, "max_length", "template__tiles__0__body"),
    ({"tiles": [{"type": "BUTTON", "url": "/a"}]}, "required", "template__tiles__0__text"),
    ({"tiles": [{"type": "BUTTON", "url": "//e", "text": "t"}]}, "invalid_input", "template__tiles__0__url"),
    ({"tiles": [{"type": "INSIGHT", "query": "x"}]}, "invalid_input", "template__tiles__0__query"),
    ({"tiles": [{"type": "INSIGHT", "layouts": "x"}]}, "invalid_input", "template__tiles__0__layouts"),
    (
        {"tiles": [{"type": "INSIGHT", "layouts": {"sm": {"x": "l"}}}]},
        "invalid_input",
        "template__tiles__0__layouts__sm__x",
    ),
    ({"variables": [{"id": "A"}]}, "required", "template__variables__0__default"),
    ({"variables": "x"}, "invalid_input", "template__variables"),
]


@pytest.mark.parametrize(("changes", "code", "attr"), BAD, ids=[each[2] + each[1] for each in BAD])
def test_invalid_template_is_400_at_its_path_and_creates_nothing(
    alice: Person, changes: dict[str, Any], code: str, attr: str
) -> None:
    assert import_template(alice, change_template(**changes)).error == (400, "validation_error", code, attr)
    assert [model.objects.count() for model in (Dashboard, Tile, Insight, Text)] == [0, 0, 0, 0]


@pytest.mark.parametrize("missing", ["template_name", "dashboard_description", "dashboard_filters", "tiles"])
def test_missing_key_is_reported(alice: Person, missing: str) -> None:
    template = change_template()
    del template[missing]
    answer = import_template(alice, template)
    assert answer.error == (400, "validation_error", "required", f"template__{missing}")
    assert missing in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"template": None}, "null"),
        ({"template": "x"}, "invalid_input"),
        ({"template": []}, "invalid_input"),
    ],
)
def test_missing_template_is_400(alice: Person, body: dict[str, Any], code: str) -> None:
    answer = alice.api.post("dashboards/create_from_template_json/", body)
    assert answer.error == (400, "validation_error", code, "template")


def test_form_can_contain_the_template(alice: Person) -> None:
    form = {"template": json.dumps(TEMPLATE)}
    assert alice.api.send_form("POST", "dashboards/create_from_template_json/", form).json["name"] == "From JSON"


def test_placeholders_are_replaced_by_variable_defaults(alice: Person) -> None:
    event = {"id": "$pageview", "b": 1.0}
    variables = [
        {"id": "EVENT_1", "name": "Event", "type": "event", "default": event, "description": "", "required": True}
    ]
    query = {"kind": "Q", "series": ["{EVENT_1}", "{event}", "{EVENT_1} and more", "{}", "{1}"]}
    [tile] = import_template(
        alice, change_template(variables=variables, tiles=[{"type": "INSIGHT", "query": query}])
    ).json["tiles"]
    assert tile["insight"]["query"] == {"kind": "Q", "series": [event, "{event}", "{EVENT_1} and more", "{}", "{1}"]}


def test_placeholder_without_a_variable_is_400_at_its_path(alice: Person) -> None:
    query = {"kind": "Q", "series": [{"event": "{EVENT_2}"}]}
    answer = import_template(alice, change_template(tiles=[{"type": "INSIGHT", "query": query}]))
    assert answer.error == (400, "validation_error", "invalid_input", "template__tiles__0__query__series__0__event")
    assert "EVENT_2" in answer.json["detail"]


def test_placeholder_with_an_unsuitable_default_is_400(alice: Person) -> None:
    variables = [{"id": "A", "default": {"x": 1}}]
    answer = import_template(alice, change_template(variables=variables, tiles=[{"type": "TEXT", "body": "{A}"}]))
    assert answer.error == (400, "validation_error", "invalid_input", "template__tiles__0__body")


def test_filled_template_size_is_limited(alice: Person) -> None:
    variables = [{"id": "A", "default": {"x": "y" * 100_000}}]
    tiles = [{"type": "INSIGHT", "query": {"many": ["{A}"] * 1000}}]
    answer = import_template(alice, change_template(variables=variables, tiles=tiles))
    assert answer.status == 400
    assert "too large" in answer.json["detail"]
    assert Dashboard.objects.count() == 0


@pytest.mark.parametrize("key", ["DEFAULT_APP", "WEBSITE_TRAFFIC"])
def test_dashboard_is_created_from_a_built_in_template(alice: Person, key: str) -> None:
    template = read_builtin_templates()[key]
    created = alice.api.post("dashboards/", {"use_template": key}).json
    assert (created["creation_mode"], created["use_template"], created["name"]) == (
        "template",
        key,
        template["template_name"],
    )
    assert (created["description"], created["tags"]) == (template["dashboard_description"], template["tags"])
    assert [tile["insight"]["name"] for tile in created["tiles"]] == [tile["name"] for tile in template["tiles"]]
    assert all({"x", "y", "w", "h"} <= set(tile["layouts"]["sm"]) for tile in created["tiles"])
    by_name = alice.api.post("dashboards/", {"use_template": template["template_name"]}).json
    assert len(by_name["tiles"]) == len(created["tiles"])


def test_body_overrides_the_template(alice: Person) -> None:
    body = {"name": "Mine", "use_template": "DEFAULT_APP", "description": "own", "tags": ["x"], "filters": {"a": 1}}
    created = alice.api.post("dashboards/", body).json
    assert (created["name"], created["description"], created["tags"], created["filters"]) == (
        "Mine",
        "own",
        ["x"],
        {"a": 1},
    )


def test_files_of_built_in_templates_are_named_by_their_keys() -> None:
    assert set(read_builtin_templates()) == {"DEFAULT_APP", "WEBSITE_TRAFFIC"}


def store_template(person: Person | None, name: str, body: str, scope: str = "team", **more: Any) -> DashboardTemplate:
    return DashboardTemplate.objects.create(
        project=person.membership.project if person else None,
        template_name=name,
        tiles=[{"type": "TEXT", "body": body}],
        scope=scope,
        **more,
    )


def test_templates_of_the_project_and_global_ones_can_be_used(alice: Person, carol: Person) -> None:
    store_template(carol, "Theirs", "theirs")
    store_template(carol, "Shared", "shared", scope="global")
    store_template(None, "Both", "global", scope="global")
    store_template(alice, "Both", "own", tags=["T"], dashboard_description="d")
    store_template(alice, "Gone", "gone", deleted=True)

    def body_of(name: str) -> str:
        created = alice.api.post("dashboards/", {"use_template": name})
        text: str = created.json["tiles"][0]["text"]["body"] if created.status == 201 else str(created.error)
        return text

    assert body_of("Shared") == "shared"
    assert body_of("Both") == "own"
    missing = str((400, "validation_error", "invalid_input", "use_template"))
    assert [body_of(name) for name in ("Theirs", "Gone", "NO_SUCH")] == [missing] * 3


def test_two_sources_are_400(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"use_template": "DEFAULT_APP", "use_dashboard": 1})
    assert answer.error == (400, "validation_error", "invalid_input", None)
