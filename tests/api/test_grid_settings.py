"""`grid_spacing` and `layout_compaction` of a dashboard, and `customization` in its responses."""

from typing import Any

import pytest

from dashboards.models import Activity, Dashboard
from tests.builders import Person, make_dashboard, make_text_tile


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def get_grid_settings(answer: Any) -> tuple[Any, ...]:
    assert answer.status in (200, 201), answer
    found = answer.json
    assert found["customization"] == {
        "tile_spacing": found["grid_spacing"],
        "layout_compaction": found["layout_compaction"],
    }
    return found["grid_spacing"], found["layout_compaction"]


def test_grid_settings_are_stored_and_returned(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    assert get_grid_settings(alice.api.get(path)) == ("standard", "vertical")
    body = {"grid_spacing": "wide", "layout_compaction": "stable"}
    answer = alice.api.patch(path, body, headers={"Prefer": "handling=strict"})
    assert get_grid_settings(answer) == ("wide", "stable")
    board.refresh_from_db()
    assert (board.grid_spacing, board.layout_compaction) == ("wide", "stable")
    assert get_grid_settings(alice.api.patch(path, {"grid_spacing": "tight"})) == ("tight", "stable")
    assert get_grid_settings(alice.api.patch(path, {"grid_spacing": None, "layout_compaction": None})) == (
        "standard",
        "vertical",
    )
    assert get_grid_settings(alice.api.post("dashboards/", body)) == ("wide", "stable")
    assert get_grid_settings(alice.api.send_form("POST", "dashboards/", body)) == ("wide", "stable")


def test_sending_back_a_response_changes_nothing(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"grid_spacing": "wide", "layout_compaction": "horizontal"})
    read = alice.api.get(path)
    answer = alice.api.patch(path, read.json, headers={"Prefer": "handling=strict"})
    assert (answer.status, answer.headers["ETag"], get_grid_settings(answer)) == (
        200,
        read.headers["ETag"],
        ("wide", "horizontal"),
    )


@pytest.mark.parametrize("name", ["grid_spacing", "layout_compaction"])
def test_invalid_value_is_400(alice: Person, board: Dashboard, name: str) -> None:
    answer = alice.api.call("PATCH", f"dashboards/{board.pk}/", {name: "odd"}, documented=False)
    assert answer.error == (400, "validation_error", "invalid_choice", name)
    assert get_grid_settings(alice.api.get(f"dashboards/{board.pk}/")) == ("standard", "vertical")


def test_versions_contain_grid_settings(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"grid_spacing": "wide", "layout_compaction": "stable"})
    latest = alice.api.get(f"{path}versions/").json["results"][0]
    assert [(each["field"], each["before"], each["after"]) for each in latest["changes"]] == [
        ("grid_spacing", "standard", "wide"),
        ("layout_compaction", "vertical", "stable"),
    ]
    assert get_grid_settings(alice.api.post(f"{path}versions/1/restore/")) == ("standard", "vertical")
    assert get_grid_settings(alice.api.post(f"{path}versions/{latest['version']}/restore/")) == ("wide", "stable")


def test_undo_restores_grid_settings(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"grid_spacing": "wide"})
    entry = alice.api.get("activity_log/").json["results"][0]
    body = {"key_id": entry["detail"]["trigger"]["job_id"], "since": entry["created_at"]}
    assert alice.api.post("activity_log/undo/", body).json["undone"][0]["paths"] == ["grid_spacing"]
    assert get_grid_settings(alice.api.get(path)) == ("standard", "vertical")


def test_version_of_an_earlier_release_has_the_defaults(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    for activity in Activity.objects.exclude(state=None):
        activity.state = {
            key: value for key, value in activity.state.items() if key not in ("grid_spacing", "layout_compaction")
        }
        activity.save()
    alice.api.patch(path, {"name": "new"})
    renamed = alice.api.get(f"{path}versions/").json["results"][0]
    assert [each["field"] for each in renamed["changes"]] == ["name"]
    Activity.objects.filter(version=renamed["version"]).delete()
    alice.api.patch(path, {"grid_spacing": "wide"})
    latest = alice.api.get(f"{path}versions/").json["results"][0]
    changed = {each["field"]: (each["before"], each["after"]) for each in latest["changes"]}
    assert changed["grid_spacing"] == ("standard", "wide")
    difference = alice.api.get(f"{path}versions/1/diff/?to={latest['version']}").json["changes"]
    assert {each["field"] for each in difference} == {"name", "grid_spacing"}
    assert get_grid_settings(alice.api.post(f"{path}versions/1/restore/")) == ("standard", "vertical")


def test_copies_and_exports_keep_grid_settings(alice: Person, board: Dashboard) -> None:
    make_text_tile(alice, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"grid_spacing": "relaxed", "layout_compaction": "horizontal"})
    assert get_grid_settings(alice.api.post("dashboards/", {"use_dashboard": board.pk})) == ("relaxed", "horizontal")
    given = {"use_dashboard": board.pk, "grid_spacing": "tight"}
    assert get_grid_settings(alice.api.post("dashboards/", given)) == ("tight", "horizontal")
    document = alice.api.get(f"dashboards/{board.pk}/export/").json
    path = "dashboards/create_from_template_json/"
    assert get_grid_settings(alice.api.post(path, {"template": document})) == ("relaxed", "horizontal")
    assert get_grid_settings(alice.api.post(path, {"template": {**document, "grid_spacing": "wide"}})) == (
        "wide",
        "horizontal",
    )
    answer = alice.api.post(path, {"template": {**document, "grid_spacing": "odd"}})
    assert answer.error == (400, "validation_error", "invalid_choice", "template__grid_spacing")
    del document["grid_spacing"], document["layout_compaction"]
    assert get_grid_settings(alice.api.post(path, {"template": document})) == ("standard", "vertical")
