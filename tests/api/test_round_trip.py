"""Sending back the body of a GET in a PATCH returns 200, changes nothing and creates no version."""

from typing import Any

import pytest
from django.core import serializers
from django.db import models

from dashboards.models import Button, Dashboard, DashboardTag, Insight, SharingConfiguration, Tag, Text, Tile
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Api

TABLES: list[type[models.Model]] = [Dashboard, Tile, Insight, Text, Button, Tag, DashboardTag, SharingConfiguration]


@pytest.fixture
def board(alice: Person) -> Dashboard:
    board = make_dashboard(
        alice,
        " Everything ",
        description="d\r\n",
        pinned=True,
        tags=["b", "a"],
        filters={"z": 1.0, "a": [None, {}]},
        variables={"v": {"value": 1}},
        breakdown_colors=[{"breakdownValue": None, "colorToken": None, "more": True}],
        data_color_theme_id=7,
        tiles=[
            {"text": {"body": "# One\t"}, "layouts": {"sm": {"y": "3", "x": 0}}, "color": "", "show_description": True},
            {"button_tile": {"url": "/x", "text": " go ", "style": "secondary"}, "filters_overrides": {"b": 1, "a": 2}},
        ],
    )
    make_insight(alice, board, query={"z": 1.0, "a": None}, tags=["t"], description="d", is_sample=True)
    return board


def read_all_rows() -> list[Any]:
    return [list(table.objects.order_by("pk").values()) for table in TABLES]  # type: ignore[attr-defined]  # every model has a manager


@pytest.mark.parametrize("level", [21, 37])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("headers", [{}, {"Prefer": "handling=strict"}])
def test_sending_back_a_response_changes_nothing(
    alice: Person, bob: Person, board: Dashboard, method: str, headers: dict[str, str], level: int
) -> None:
    Dashboard.objects.update(restriction_level=level)
    for person in (alice, bob) if level == 21 else (alice,):
        path = f"dashboards/{board.pk}/"
        read = person.api.get(path)
        before = read_all_rows()
        answer = person.api.call(method, path, read.json, headers=headers)
        assert (answer.status, answer.text) == (200, read.text)
        assert "Ignored-Fields" not in answer.headers
        assert read_all_rows() == before


def test_list_row_can_be_sent_back(alice: Person, board: Dashboard) -> None:
    [row] = alice.api.get("dashboards/").json["results"]
    before = read_all_rows()
    answer = alice.api.patch(f"dashboards/{board.pk}/", row)
    assert answer.status == 200
    assert "Ignored-Fields" not in answer.headers
    assert read_all_rows() == before


def test_post_and_post_with_patch_differ_only_in_ids_and_times(alice: Person, board: Dashboard) -> None:
    document = {
        key: value for key, value in alice.api.get(f"dashboards/{board.pk}/").json.items() if key not in ("id", "tiles")
    }
    document["tiles"] = [{"text": {"body": "t"}, "color": "red", "layouts": {"sm": {"x": 1}}}]
    at_once = alice.api.post("dashboards/", document, documented=False).json
    in_two = alice.api.post("dashboards/").json
    in_two = alice.api.patch(f"dashboards/{in_two['id']}/", document, documented=False).json
    assert remove_ids_and_times(at_once) == remove_ids_and_times(in_two)


def remove_ids_and_times(value: Any) -> Any:
    if isinstance(value, list):
        return [remove_ids_and_times(each) for each in value]
    if isinstance(value, dict):
        return {
            key: remove_ids_and_times(inner)
            for key, inner in value.items()
            if key not in ("id", "dashboard_id") and not key.endswith("_at")
        }
    return value


def test_read_only_key_cannot_send_back(alice: Person, bob: Person) -> None:
    closed = make_dashboard(alice, restriction_level=37)
    api: Api = bob.api
    assert api.patch(f"dashboards/{closed.pk}/", api.get(f"dashboards/{closed.pk}/").json).status == 403


def test_tags_that_grow_in_lower_case_can_be_sent_back(alice: Person) -> None:
    fits, grows = "\u0130" * 127, "\u0130" * 128
    created = alice.api.post("dashboards/", {"tags": [fits]})
    assert created.status == 201
    path = f"dashboards/{created.json['id']}/"
    assert alice.api.patch(path, created.json).json["tags"] == created.json["tags"]
    assert alice.api.patch(path, {"tags": [grows]}).error == (400, "validation_error", "max_length", "tags__0")


def test_dumped_data_is_loaded_unchanged(alice: Person, board: Dashboard) -> None:
    columns = ("filters", "variables", "breakdown_colors", "name", "description")
    before = repr(Dashboard.objects.values(*columns).get())
    dumped = serializers.serialize("json", Dashboard.objects.all())
    Dashboard.objects.update(filters={"lost": True})
    for loaded in serializers.deserialize("json", dumped):
        loaded.save()
    assert repr(Dashboard.objects.values(*columns).get()) == before
