"""Button tiles in PATCH /api/projects/:id/dashboards/:id/"""

from typing import Any

import pytest

from dashboards.models import Button, Dashboard, Tile
from tests.builders import Person, make_dashboard
from tests.client import Answer


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def add_button(person: Person, board: Dashboard, **button: Any) -> Answer:
    item = {"button_tile": {"url": "https://example.com", "text": "Go", **button}}
    return person.api.patch(f"dashboards/{board.pk}/", {"tiles": [item]})


def test_button_tile_shape(alice: Person, board: Dashboard) -> None:
    [tile] = add_button(alice, board).json["tiles"]
    row = Tile.objects.get()
    button = tile["button_tile"]
    assert (tile["text"], tile["insight"]) == (None, None)
    assert button.pop("last_modified_at").endswith("Z")
    assert button.pop("created_by")["email"] == "alice@example.com"
    assert button == {
        "id": str(row.button_id),
        "url": "https://example.com",
        "text": "Go",
        "placement": "left",
        "style": "primary",
        "last_modified_by": None,
        "team": board.project_id,
        "dashboard_tiles": [{"id": row.pk, "dashboard_id": board.pk, "deleted": False}],
    }


def test_editing_a_button_updates_it_and_its_last_modifier(alice: Person, bob: Person, board: Dashboard) -> None:
    [tile] = add_button(alice, board, placement="right", style="secondary").json["tiles"]
    change = {"id": tile["id"], "button_tile": {"text": "New", "url": "/new"}}
    [shown] = bob.api.patch(f"dashboards/{board.pk}/", {"tiles": [change]}).json["tiles"]
    button = shown["button_tile"]
    assert (shown["id"], button["id"]) == (tile["id"], tile["button_tile"]["id"])
    assert (button["text"], button["url"], button["placement"], button["style"]) == (
        "New",
        "/new",
        "right",
        "secondary",
    )
    assert button["last_modified_by"]["email"] == "bob@example.com"
    assert Button.objects.get().last_modified_by_id == bob.user.pk


@pytest.mark.parametrize(
    "url", ["https://example.com/path?q=1#f", "HTTP://example.com", "/", "/dashboard/123", "/insights?filter=active"]
)
def test_urls_and_paths_are_stored_as_sent(alice: Person, board: Dashboard, url: str) -> None:
    assert add_button(alice, board, url=url).json["tiles"][0]["button_tile"]["url"] == url


BAD_URLS = [
    "dashboard/123",
    "",
    "not a url",
    "javascript:alert(1)",
    "//evil.example",
    "/\\evil.example",
    " /a",
    "/a\nb",
]
BAD_URLS += ["https://", "https:///a", "data:text/html,x", "https://e.com/" + "x" * 2000]


@pytest.mark.parametrize("url", BAD_URLS)
def test_other_urls_are_refused(alice: Person, board: Dashboard, url: str) -> None:
    status, type_, _, attr = add_button(alice, board, url=url).error
    assert (status, type_, attr) == (400, "validation_error", "button_tile__url")
    assert (Button.objects.count(), Tile.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("button", "code", "attr"),
    [
        ({"text": ""}, "blank", "button_tile__text"),
        ({"text": "  "}, "blank", "button_tile__text"),
        ({"text": "x" * 201}, "max_length", "button_tile__text"),
        ({"placement": "middle"}, "invalid_choice", "button_tile__placement"),
        ({"style": "loud"}, "invalid_choice", "button_tile__style"),
        ({"id": "5"}, "invalid_input", "button_tile__id"),
        ({"id": "095be615-a8ad-4c33-8e9c-c7612fbf6c9f"}, "does_not_exist", "button_tile"),
    ],
)
def test_invalid_values_are_refused(
    alice: Person, board: Dashboard, button: dict[str, str], code: str, attr: str
) -> None:
    assert add_button(alice, board, **button).error == (400, "validation_error", code, attr)
    assert Tile.objects.count() == 0


def test_new_button_requires_url_and_text(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    answer = alice.api.patch(path, {"tiles": [{"button_tile": {"text": "t"}}]})
    assert answer.error == (400, "validation_error", "required", "button_tile__url")
    answer = alice.api.patch(path, {"tiles": [{"button_tile": {"url": "/"}}]})
    assert answer.error == (400, "validation_error", "required", "button_tile__text")


def test_button_of_another_dashboard_is_not_changed(alice: Person, board: Dashboard) -> None:
    [theirs] = add_button(alice, make_dashboard(alice), text="original").json["tiles"]
    answer = add_button(alice, board, id=theirs["button_tile"]["id"], text="hijacked")
    assert answer.error == (400, "validation_error", "does_not_exist", "button_tile")
    assert Button.objects.get().text == "original"
