"""`duplicate_tiles` in an update: copies of tiles with copies of their content."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Insight, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def test_duplicate_tiles_in_an_update_duplicates_content(alice: Person, board: Dashboard) -> None:
    text = make_text_tile(alice, board, "twice", color="red", layouts={"sm": {"x": 1}})
    insight = make_insight(alice, board, name="Visits", tags=["t"])
    tile = Tile.objects.get(insight=insight)
    items = [{"id": text.pk}, {"id": tile.pk, "layouts": {"sm": {"x": 6}}}]
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"duplicate_tiles": items})
    assert answer.status == 200
    new = {bool(each["text"]): each for each in answer.json["tiles"] if each["id"] not in (text.pk, tile.pk)}
    assert (new[True]["text"]["body"], new[True]["color"], new[True]["layouts"]) == ("twice", "red", {})
    assert new[True]["text"]["id"] != text.text_id
    assert (new[False]["insight"]["name"], new[False]["insight"]["tags"]) == ("Visits (Copy)", ["t"])
    assert new[False]["layouts"] == {"sm": {"x": 6}}
    assert (Text.objects.count(), Insight.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    ("items", "code", "attr"),
    [
        ([{"id": 999999}], "does_not_exist", "duplicate_tiles__0__id"),
        ([{}], "required", "duplicate_tiles__0__id"),
        (["x"], "invalid_input", "duplicate_tiles__0"),
        ("x", "invalid_input", "duplicate_tiles"),
        ([{"id": 1, "layouts": "x"}], "invalid_input", "duplicate_tiles__0__layouts"),
    ],
)
def test_invalid_duplicate_tiles_are_400(alice: Person, board: Dashboard, items: Any, code: str, attr: str) -> None:
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"duplicate_tiles": items})
    assert answer.error == (400, "validation_error", code, attr)
    assert Tile.objects.count() == 0


def test_duplicate_tiles_as_a_list_is_refused_in_a_create(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"duplicate_tiles": [{"id": 1}]})
    assert answer.error == (400, "validation_error", "invalid_input", "duplicate_tiles")
