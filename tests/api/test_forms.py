"""Objects and lists in form bodies, which are sent as JSON-encoded strings."""

import json
from typing import Any

import pytest

from dashboards.models import Dashboard, SharingConfiguration, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def test_sharing_settings_as_json_text(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/sharing/"
    answer = alice.api.send_form("PATCH", path, {"enabled": "true", "settings": '{"theme":"dark","legend":true}'})
    assert (answer.status, answer.json["enabled"]) == (200, True)
    assert answer.json["settings"] == {"theme": "dark", "legend": True}
    assert SharingConfiguration.objects.get(dashboard=board).settings == {"theme": "dark", "legend": True}
    assert alice.api.send_form("PATCH", path, {"settings": "null"}).json["settings"] is None
    wrong = alice.api.send_form("PATCH", path, {"settings": '{"theme":"pink"}'})
    assert wrong.error == (400, "validation_error", "invalid_choice", "settings__theme")


def test_moved_tile_as_json_text(alice: Person, board: Dashboard) -> None:
    target, tile = make_dashboard(alice), make_text_tile(alice, board)
    form = {"tile": json.dumps({"id": tile.pk}), "to_dashboard": target.pk}
    answer = alice.api.send_form("PATCH", f"dashboards/{board.pk}/move_tile/", form)
    assert (answer.status, answer.json["tiles"]) == (200, [])
    assert Tile.objects.get().dashboard_id == target.pk


def add_tile(person: Person, board: Dashboard, **form: Any) -> Answer:
    return person.api.send_form("POST", f"dashboards/{board.pk}/tiles/", form)


def test_tile_content_as_json_text(alice: Person, board: Dashboard) -> None:
    one, other = make_insight(alice), make_insight(alice)
    assert add_tile(alice, board, text='{"body":"hello"}', color="red").json["text"]["body"] == "hello"
    button = add_tile(alice, board, button_tile='{"url":"/a","text":"Go"}', layouts='{"sm":{"x":3}}').json
    assert (button["button_tile"]["text"], button["layouts"]) == ("Go", {"sm": {"x": 3}})
    assert add_tile(alice, board, insight=one.pk).json["insight"]["id"] == one.pk
    assert add_tile(alice, board, insight=json.dumps({"id": other.pk})).json["insight"]["id"] == other.pk
    assert Tile.objects.on_dashboard(board).count() == 4


def test_multipart_is_read_like_a_form(alice: Person, board: Dashboard) -> None:
    raw = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n{"body":"hello"}\r\n--b--\r\n'
    path = f"dashboards/{board.pk}/tiles/"
    answer = alice.api.call("POST", path, raw=raw, content_type="multipart/form-data; boundary=b")
    assert (answer.status, answer.json["text"]["body"]) == (201, "hello")


def test_duplicate_tiles_is_a_boolean_or_a_list(alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "twice")
    copy = alice.api.send_form("POST", "dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": "True"})
    assert (copy.status, copy.json["tiles"][0]["text"]["id"] == tile.text_id) == (201, False)
    clones = alice.api.send_form("PATCH", f"dashboards/{board.pk}/", {"duplicate_tiles": json.dumps([{"id": tile.pk}])})
    assert [each["text"]["body"] for each in clones.json["tiles"]] == ["twice", "twice"]


@pytest.mark.parametrize(
    ("form", "attr"),
    [
        ({"text": "hello"}, "text"),
        ({"text": '{"body":'}, "text"),
        ({"text": '["body"]'}, "text"),
        ({"text": r'{"body":"\u0000"}'}, "text__body"),
        ({"insight": "hello"}, "insight"),
        ({"insight": '{"id":'}, "insight"),
    ],
)
def test_invalid_json_text_is_400_at_its_field(
    alice: Person, board: Dashboard, form: dict[str, str], attr: str
) -> None:
    answer = add_tile(alice, board, **form)
    assert (answer.status, answer.json["attr"]) == (400, attr)
    assert Tile.objects.count() == 0
