"""POST /api/projects/:id/dashboards/"""

from typing import Any

import pytest

from dashboards.models import Dashboard, SharingConfiguration, Text, Tile
from tests.builders import Person


def test_empty_body_creates_an_empty_dashboard(alice: Person) -> None:
    answer = alice.api.post("dashboards/")
    assert answer.status == 201
    row = Dashboard.objects.get(pk=answer.json["id"])
    assert (row.name, row.description, row.pinned, row.filters, row.deleted) == ("", "", False, {}, False)
    assert (row.project_id, row.created_by_id) == (alice.membership.project_id, alice.user.pk)
    sharing = SharingConfiguration.objects.get(dashboard=row)
    assert (sharing.enabled, sharing.created_at, len(sharing.access_token)) == (False, None, 30)
    shown = answer.json
    assert (shown["filters"], shown["tiles"], shown["tags"], shown["creation_mode"]) == ({}, [], [], "default")
    assert (shown["use_template"], shown["use_dashboard"], shown["delete_insights"]) == ("", None, False)
    assert (shown["persisted_filters"], shown["persisted_variables"], shown["variables"]) == (None, None, {})
    assert (shown["breakdown_colors"], shown["data_color_theme_id"], shown["quick_filter_ids"]) == ([], None, [])


def test_every_field_is_stored_and_returned_as_sent(alice: Person) -> None:
    body = {
        "name": "  Übersicht 📈 <b>&amp;</b> ",
        "description": " line\nline ",
        "pinned": True,
        "tags": ["Growth ", "growth", "Ads"],
        "filters": {"z": 1, "b": {"y": 1.0, "a": None}, "a": []},
        "variables": {"v": {"code_name": "country"}},
        "breakdown_colors": [{"breakdownValue": "Chrome", "colorToken": "preset-1", "more": 1}],
        "data_color_theme_id": 3,
        "restriction_level": 37,
    }
    answer = alice.api.post("dashboards/", body)
    assert answer.status == 201
    assert "Ignored-Fields" not in answer.headers
    shown = alice.api.get(f"dashboards/{answer.json['id']}/")
    for key, value in {**body, "tags": ["ads", "growth"]}.items():
        assert shown.json[key] == value, key
    assert '"filters":{"z":1,"b":{"y":1.0,"a":null},"a":[]}' in shown.text
    assert shown.json["persisted_filters"] == body["filters"]
    assert (shown.json["effective_restriction_level"], shown.json["access_control_version"]) == (37, "v1")


def test_response_equals_that_of_retrieve(alice: Person) -> None:
    created = alice.api.post("dashboards/", {"name": "n", "tags": ["x"], "tiles": [{"text": {"body": "t"}}]}).json
    shown = alice.api.get(f"dashboards/{created['id']}/").json
    assert shown == {**created, "last_accessed_at": shown["last_accessed_at"]}


def test_form_and_multipart_bodies_are_read_like_json(alice: Person) -> None:
    pairs = [("name", "form"), ("pinned", "true"), ("tags", "b"), ("tags", "A"), ("filters", '{"date_from":"-7d"}')]
    pairs += [("tiles", '[{"text":{"body":"from a form"}}]')]
    answer = alice.api.send_form("POST", "dashboards/", pairs)
    assert answer.status == 201, answer
    shown = answer.json
    assert (shown["name"], shown["pinned"], shown["tags"]) == ("form", True, ["a", "b"])
    assert (shown["filters"], shown["tiles"][0]["text"]["body"]) == ({"date_from": "-7d"}, "from a form")

    multipart = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nparts\r\n--x--\r\n'
    parts = alice.api.call("POST", "dashboards/", raw=multipart, content_type="multipart/form-data; boundary=x")
    assert (parts.status, parts.json["name"]) == (201, "parts")


def test_null_name_is_stored_as_empty(alice: Person) -> None:
    assert alice.api.post("dashboards/", {"name": None}).json["name"] == ""


def test_dashboard_can_be_created_as_deleted_and_restored(alice: Person) -> None:
    created = alice.api.post("dashboards/", {"deleted": True, "tiles": [{"text": {"body": "t"}}]})
    assert (created.status, created.json["deleted"], created.json["tiles"]) == (201, True, [])
    assert alice.api.get(f"dashboards/{created.json['id']}/").status == 404
    restored = alice.api.patch(f"dashboards/{created.json['id']}/", {"deleted": False}).json
    assert [tile["text"]["body"] for tile in restored["tiles"]] == ["t"]


def test_ids_of_tiles_in_the_body_are_ignored(alice: Person) -> None:
    source = alice.api.post("dashboards/", {"tiles": [{"text": {"body": "original"}, "color": "blue"}]}).json
    answer = alice.api.post("dashboards/", {**source, "name": "posted again"})
    assert answer.status == 201, answer
    [tile] = answer.json["tiles"]
    assert tile["id"] != source["tiles"][0]["id"]
    assert tile["text"]["id"] != source["tiles"][0]["text"]["id"]
    assert (tile["text"]["body"], tile["color"]) == ("original", "blue")
    assert answer.headers["Ignored-Fields"] == "tiles__0__id, tiles__0__text__id"


READ_ONLY = {
    "id": 987654,
    "created_by": {"id": 1},
    "created_at": "2001-01-01T00:00:00Z",
    "is_shared": True,
    "creation_mode": "unlisted",
    "team_id": 999,
    "effective_restriction_level": 37,
    "effective_privilege_level": 21,
    "user_access_level": "none",
    "last_accessed_at": "2001-01-01T00:00:00Z",
    "persisted_filters": {"a": 1},
}


@pytest.mark.parametrize("field", READ_ONLY)
def test_read_only_fields_are_ignored_silently(alice: Person, field: str) -> None:
    answer = alice.api.post("dashboards/", {field: READ_ONLY[field]})
    assert answer.status == 201
    assert answer.json[field] != READ_ONLY[field]
    assert "Ignored-Fields" not in answer.headers


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "x" * 401}, "max_length", "name"),
    ({"name": ["a"]}, "invalid_input", "name"),
    ({"name": True}, "invalid_input", "name"),
    ({"name": "a\x00b"}, "null_characters_not_allowed", "name"),
    ({"pinned": "perhaps"}, "invalid_input", "pinned"),
    ({"pinned": None}, "null", "pinned"),
    ({"deleted": []}, "invalid_input", "deleted"),
    ({"restriction_level": 22}, "invalid_choice", "restriction_level"),
    ({"restriction_level": "everyone"}, "invalid_choice", "restriction_level"),
    ({"tags": "one,two"}, "not_a_list", "tags"),
    ({"tags": ["a", 1]}, "invalid_input", "tags__1"),
    ({"tags": [None]}, "null", "tags__0"),
    ({"tags": ["x" * 256]}, "max_length", "tags__0"),
    ({"tags": ["  "]}, "blank", "tags__0"),
    ({"filters": ["a"]}, "invalid_input", "filters"),
    ({"filters": "{}"}, "invalid_input", "filters"),
    ({"filters": {"a": {"b": "\x00"}}}, "null_characters_not_allowed", "filters__a__b"),
    ({"variables": 5}, "invalid_input", "variables"),
    ({"breakdown_colors": {}}, "not_a_list", "breakdown_colors"),
    ({"breakdown_colors": [{"breakdownValue": "a"}]}, "required", "breakdown_colors__0__colorToken"),
    ({"breakdown_colors": ["red"]}, "invalid_input", "breakdown_colors__0"),
    ({"data_color_theme_id": "x"}, "invalid_input", "data_color_theme_id"),
    ({"data_color_theme_id": 2**63}, "invalid_input", "data_color_theme_id"),
    ({"quick_filter_ids": ["no uuid"]}, "invalid_input", "quick_filter_ids__0"),
    ({"quick_filter_ids": ["095be615-a8ad-4c33-8e9c-c7612fbf6c9f"]}, "does_not_exist", "quick_filter_ids__0"),
    ({"use_dashboard": "abc"}, "invalid_input", "use_dashboard"),
    ({"use_dashboard": ""}, "invalid_input", "use_dashboard"),
    ({"use_dashboard": 1.5}, "invalid_input", "use_dashboard"),
    ({"use_template": "NO_SUCH"}, "invalid_input", "use_template"),
    ({"use_template": "A", "use_dashboard": 1}, "invalid_input", "none"),
    ({"delete_insights": "perhaps"}, "invalid_input", "delete_insights"),
    ({"tiles": "x"}, "not_a_list", "tiles"),
    ({"tiles": [1]}, "invalid_input", "tiles__0"),
    ({"tiles": [{"color": "red"}]}, "required", "tiles__0"),
    ({"tiles": [{"text": {"body": "ok"}}, {"text": {}}]}, "required", "text__body"),
]


@pytest.mark.parametrize(("body", "code", "attr"), BAD, ids=[str(each[0])[:60] for each in BAD])
def test_invalid_value_is_400_at_its_path_and_creates_nothing(
    alice: Person, body: dict[str, Any], code: str, attr: str
) -> None:
    answer = alice.api.post("dashboards/", {"name": "good", **body})
    assert answer.error == (400, "validation_error", code, None if attr == "none" else attr), answer
    assert (Dashboard.objects.count(), Tile.objects.count(), Text.objects.count()) == (0, 0, 0)


def test_blank_sources_are_ignored(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"use_template": "", "use_dashboard": None})
    assert (answer.status, answer.json["creation_mode"]) == (201, "default")


WITH_IDS: list[tuple[dict[str, Any], str]] = [
    ({"id": 5, "color": "red"}, "tiles__0"),
    ({"text": {"id": 5}}, "text__body"),
    ({"id": 5, "text": {}}, "text__body"),
    ({"id": 5, "button_tile": {"text": "x"}}, "button_tile__url"),
    ({"button_tile": {"id": "095be615-a8ad-4c33-8e9c-c7612fbf6c9f", "url": "/"}}, "button_tile__text"),
]


@pytest.mark.parametrize(("item", "attr"), WITH_IDS, ids=[each[1] + str(each[0])[:20] for each in WITH_IDS])
def test_id_of_a_tile_does_not_replace_its_content(alice: Person, item: dict[str, Any], attr: str) -> None:
    answer = alice.api.post("dashboards/", {"tiles": [item]})
    assert answer.error == (400, "validation_error", "required", attr)
    assert Dashboard.objects.count() == 0


def test_new_tile_marked_as_deleted_is_refused(alice: Person) -> None:
    item = {"text": {"body": "t"}, "deleted": True}
    created = alice.api.post("dashboards/", {"tiles": [item]})
    assert (created.status, created.json["tiles"], created.headers["Ignored-Fields"]) == (201, [], "tiles__0")
    changed = alice.api.patch(f"dashboards/{created.json['id']}/", {"tiles": [item]})
    assert (changed.status, changed.json["tiles"], changed.headers["Ignored-Fields"]) == (200, [], "tiles__0")


def test_dashboard_created_as_deleted_can_delete_its_insights(alice: Person) -> None:
    insight = alice.api.post("insights/").json["id"]
    body = {"deleted": True, "delete_insights": True, "tiles": [{"insight": insight}]}
    assert alice.api.post("dashboards/", body).json["delete_insights"] is True
    assert alice.api.get(f"insights/{insight}/").status == 404
