"""GET …/dashboards/:id/stream_tiles/"""

import json
from typing import Any

import pytest

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    places = [{"sm": {"y": y, "x": 0}, "xs": {"y": 10 - y, "x": 0}} for y in range(3)]
    tiles: list[Any] = [{"text": {"body": str(number)}, "layouts": at} for number, at in enumerate(places)]
    return make_dashboard(alice, "Board", filters={"a": 1}, tiles=[*tiles, {"text": {"body": "nowhere"}}])


def parse_events(answer: Answer) -> list[Any]:
    *blocks, end = answer.text.split("\n\n")
    assert (answer.status, end) == (200, "")
    assert answer.headers["Content-Type"] == "text/event-stream"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def get_bodies(events: list[Any]) -> list[str]:
    metadata, *others, _ = events
    tiles = [*metadata["dashboard"]["tiles"], *(event["tile"] for event in others)]
    return [tile["text"]["body"] for tile in tiles]


def test_events_equal_a_retrieval(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    events = parse_events(alice.api.get(f"{path}stream_tiles/"))
    assert [event["type"] for event in events] == ["metadata", "tile", "tile", "complete"]
    metadata, third, fourth, _ = events
    retrieved = alice.api.get(path).json
    assert metadata["dashboard"] == {**retrieved, "tiles": metadata["dashboard"]["tiles"]}
    tiles = [*metadata["dashboard"]["tiles"], third["tile"], fourth["tile"]]
    assert sorted(tiles, key=lambda tile: tile["order"]) == retrieved["tiles"]
    assert (third["order"], fourth["order"]) == (third["tile"]["order"], fourth["tile"]["order"])


def test_tiles_are_in_layout_order(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/stream_tiles/"
    assert get_bodies(parse_events(alice.api.get(path))) == ["0", "1", "2", "nowhere"]
    assert get_bodies(parse_events(alice.api.get(path, layoutSize="sm"))) == ["0", "1", "2", "nowhere"]
    assert get_bodies(parse_events(alice.api.get(path, layoutSize="xs"))) == ["2", "1", "0", "nowhere"]
    assert alice.api.get(path, layoutSize="lg").error == (400, "validation_error", "invalid_choice", "layoutSize")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_small_dashboard_is_one_event(alice: Person, number: int) -> None:
    created = make_dashboard(alice, tiles=[{"text": {"body": "t"}}] * number)
    events = parse_events(alice.api.get(f"dashboards/{created.pk}/stream_tiles/"))
    assert [event["type"] for event in events] == ["metadata", "complete"]
    assert len(events[0]["dashboard"]["tiles"]) == number


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json", "*/*", "image/png"])
def test_accept_header_is_ignored_and_errors_are_json(alice: Person, board: Dashboard, accept: str) -> None:
    headers = {"Accept": accept}
    assert len(parse_events(alice.api.call("GET", f"dashboards/{board.pk}/stream_tiles/", headers=headers))) == 4
    missing = alice.api.call("GET", "dashboards/999999999/stream_tiles/", headers=headers)
    assert missing.error == (404, "invalid_request", "not_found", None)
    assert missing.headers["Content-Type"] == "application/json"


def test_overrides_apply_and_the_access_is_recorded(alice: Person, board: Dashboard) -> None:
    answer = alice.api.get(f"dashboards/{board.pk}/stream_tiles/", filters_override='{"a": 2}')
    shown = parse_events(answer)[0]["dashboard"]
    board.refresh_from_db()
    assert (shown["filters"], shown["persisted_filters"], board.filters) == ({"a": 2}, {"a": 1}, {"a": 1})
    assert board.last_accessed_at is not None
