"""The validation of `breakdown_colors` of a dashboard, and stored colors that are invalid."""

from typing import Any

import pytest

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard, make_text_tile

GOOD: list[dict[str, Any]] = [
    {"breakdownValue": "Chrome", "colorToken": "preset-1"},
    {"breakdownValue": None, "colorToken": None, "source": "auto"},
    {"breakdownValue": 3, "colorToken": "preset-15", "breakdownType": "event", "breakdownProperty": "$browser"},
    {"breakdownValue": ["a", "b"], "colorToken": None, "breakdownProperty": ["x", 1], "source": "manual", "more": {}},
    {"breakdownValue": True, "colorToken": None, "source": None, "breakdownType": None, "breakdownProperty": None},
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"colorToken": "#ff0000"}, "colorToken"),
    ({"colorToken": "red"}, "colorToken"),
    ({"colorToken": "preset-0"}, "colorToken"),
    ({"colorToken": "preset-\u0661"}, "colorToken"),
    ({"colorToken": 1}, "colorToken"),
    ({"colorToken": {"a": 1}}, "colorToken"),
    ({"source": "me"}, "source"),
    ({"source": ["auto"]}, "source"),
    ({"breakdownType": 1}, "breakdownType"),
    ({"breakdownProperty": {"a": 1}}, "breakdownProperty"),
]
STORED: list[dict[str, Any]] = [
    {"breakdownValue": "a", "colorToken": "#ff0000", "n": 1.0},
    {"old": True, "breakdownValue": 1, "colorToken": 7},
]


def test_colors_are_stored_as_sent(alice: Person) -> None:
    created = alice.api.post("dashboards/", {"breakdown_colors": GOOD})
    assert (created.status, created.json["breakdown_colors"]) == (201, GOOD)
    answer = alice.api.patch(f"dashboards/{created.json['id']}/", {"breakdown_colors": GOOD[:1]})
    assert answer.json["breakdown_colors"] == GOOD[:1] == Dashboard.objects.get().breakdown_colors


@pytest.mark.parametrize(("keys", "attr"), BAD)
def test_invalid_colors_are_400_at_their_path(alice: Person, keys: dict[str, Any], attr: str) -> None:
    colors = [GOOD[0], {"breakdownValue": "a", "colorToken": None, **keys}]
    error = (400, "validation_error", "invalid_input", f"breakdown_colors__1__{attr}")
    assert alice.api.post("dashboards/", {"breakdown_colors": colors}).error == error
    board = make_dashboard(alice)
    assert alice.api.patch(f"dashboards/{board.pk}/", {"breakdown_colors": colors}).error == error
    assert Dashboard.objects.get().breakdown_colors == []


def test_stored_invalid_colors_can_be_sent_back_and_restored(alice: Person) -> None:
    board = make_dashboard(alice)
    make_text_tile(alice, board)
    path = f"dashboards/{board.pk}/"
    Dashboard.objects.update(breakdown_colors=STORED)
    read = alice.api.get(path)
    same = alice.api.patch(path, read.json)
    assert (same.status, same.headers["ETag"]) == (200, read.headers["ETag"])
    more = alice.api.patch(path, {"breakdown_colors": [GOOD[0], *reversed(STORED)]})
    assert more.json["breakdown_colors"] == [GOOD[0], *reversed(STORED)]
    changed = [STORED[1], {**STORED[0], "n": 1}]
    answer = alice.api.patch(path, {"breakdown_colors": changed})
    assert answer.error[-1] == "breakdown_colors__1__colorToken"
    alice.api.patch(path, {"breakdown_colors": None})
    version = alice.api.get(f"{path}versions/").json["results"][1]["version"]
    restored = alice.api.post(f"{path}versions/{version}/restore/")
    assert restored.json["breakdown_colors"] == [GOOD[0], *reversed(STORED)]
    copy = alice.api.post("dashboards/", {"use_dashboard": board.pk})
    assert copy.json["breakdown_colors"] == [GOOD[0], *reversed(STORED)]
    document = alice.api.get(f"{path}export/").json
    created = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert (created.status, created.json["breakdown_colors"]) == (200, [GOOD[0], *reversed(STORED)])
