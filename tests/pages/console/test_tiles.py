"""The page that edits tiles."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.pages.browsing import path_of, text_of, token_in


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


@pytest.fixture
def first(alice: Person, board: Dashboard) -> Tile:
    return make_text_tile(alice, board, "one", layouts={"sm": {"x": 0, "y": 0, "w": 6, "h": 5}, "xs": {"y": 3}})


@pytest.fixture
def second(alice: Person, board: Dashboard, first: Tile) -> Tile:
    make_insight(alice, board, name="Visits")
    tile: Tile = Tile.objects.latest("pk")
    return tile


def send(client: Client, board: Dashboard, **fields: Any) -> Any:
    path = f"{path_of(board)}/tiles"
    return client.post(path, {"csrfmiddlewaretoken": token_in(client.get(path)), **fields})


def test_text_is_added_and_edited(browser: Client, alice: Person, board: Dashboard) -> None:
    send(browser, board, action="add", text="\n## Hi\r\nthere")
    tile = Tile.objects.select_related("text").get()
    assert tile.text is not None
    assert (tile.text.body, tile.text.created_by) == ("\n## Hi\nthere", alice.user)
    response = send(browser, board, action="text", tile=tile.pk, text="<b>new</b>")
    assert (response.status_code, response["Location"]) == (303, f"{path_of(board)}/tiles#edit-{tile.pk}")
    assert Text.objects.get().body == "<b>new</b>"
    assert "&lt;b&gt;new&lt;/b&gt;</textarea>" in text_of(browser.get(f"{path_of(board)}/tiles"))


def test_outdated_text_form_overwrites_nothing(browser: Client, alice: Person, board: Dashboard, first: Tile) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": first.pk, "text": {"body": "theirs"}}]})
    response = send(browser, board, action="text", tile=first.pk, text="mine", version=1)
    assert response.status_code == 409
    assert "mine</textarea>" in text_of(response)
    assert Text.objects.get().body == "theirs"


BUTTON = {"text": "Handbook", "url": "/handbook", "placement": "right", "style": "secondary"}


def test_button_is_added_and_edited(browser: Client, board: Dashboard) -> None:
    send(browser, board, action="add-button", **BUTTON)
    tile = Tile.objects.select_related("button").get()
    assert tile.button is not None
    assert {name: getattr(tile.button, name) for name in BUTTON} == BUTTON
    assert 'value="/handbook"' in text_of(browser.get(f"{path_of(board)}/tiles"))
    changed = {**BUTTON, "url": "https://a.example/", "style": "primary"}
    response = send(browser, board, action="button", tile=tile.pk, **changed)
    assert response["Location"] == f"{path_of(board)}/tiles#edit-{tile.pk}"
    tile.button.refresh_from_db()
    assert {name: getattr(tile.button, name) for name in BUTTON} == changed


@pytest.mark.parametrize("change", [{"url": "javascript:x"}, {"url": "//e.example"}, {"text": ""}, {"style": "big"}])
def test_invalid_button_is_refused(browser: Client, board: Dashboard, first: Tile, change: dict[str, str]) -> None:
    for fields in ({"action": "add-button"}, {"action": "button", "tile": str(first.pk)}):
        response = send(browser, board, **{**BUTTON, **change, **fields})
        assert response.status_code == 400
        assert 'role="alert"' in text_of(response)
    assert not Tile.objects.filter(button__isnull=False).exists()


def test_refused_button_keeps_its_input_and_shows_the_error(browser: Client, board: Dashboard) -> None:
    send(browser, board, action="add-button", **BUTTON)
    tile = Tile.objects.get()
    for fields, id_ in (({"action": "add-button"}, "new"), ({"action": "button", "tile": tile.pk}, tile.pk)):
        written = {"text": "Runbook", "url": "ftp://x y", "placement": "left", "style": "primary"}
        text = text_of(send(browser, board, **written, **fields))
        form = text.partition(f'<input id="button-text-{id_}"')
        assert form[0].rpartition("<details")[2].startswith((' class="panel" open', " open"))
        inside = form[2].partition("</form>")[0]
        for shown in ('value="Runbook"', 'value="ftp://x y"', "A button must link to an http", "<option selected>left"):
            assert shown in inside
        assert inside.count('aria-invalid="true"') == 1
        assert text.count('role="alert"') == 1
    tile.refresh_from_db()
    assert tile.button is not None
    assert tile.button.url == "/handbook"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.com/x", "https://example.com/x"),
        (" example.com ", "https://example.com"),
        ("a.example:8000?b#c", "https://a.example:8000?b#c"),
        ("http://example.com", "http://example.com"),
        ("/x.y", "/x.y"),
    ],
)
def test_url_without_a_scheme_is_completed(browser: Client, board: Dashboard, typed: str, kept: str) -> None:
    assert send(browser, board, **{**BUTTON, "action": "add-button", "url": typed}).status_code == 303
    button = Tile.objects.get().button
    assert button is not None
    assert button.url == kept


def test_text_form_cannot_edit_a_button(browser: Client, board: Dashboard, first: Tile) -> None:
    assert send(browser, board, action="button", tile=first.pk, **BUTTON).status_code == 400
    assert Tile.objects.get() == first


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
def test_invalid_text_is_refused(browser: Client, board: Dashboard, first: Tile, text: str) -> None:
    for fields in ({"action": "add"}, {"action": "text", "tile": str(first.pk)}):
        response = send(browser, board, text=text, **fields)
        assert response.status_code == 400
        assert "1 to 4,000 characters" in text_of(response)
    assert Text.objects.get().body == "one"


def test_tiles_are_reordered(browser: Client, board: Dashboard, first: Tile, second: Tile) -> None:
    def order() -> list[int]:
        return list(Tile.objects.on_dashboard(board).in_layout_order().values_list("pk", flat=True))

    assert order() == [first.pk, second.pk]
    send(browser, board, action="later", tile=first.pk)
    assert order() == [second.pk, first.pk]
    send(browser, board, action="later", tile=first.pk)
    assert order() == [second.pk, first.pk]
    send(browser, board, action="earlier", tile=first.pk)
    assert order() == [first.pk, second.pk]


@pytest.mark.parametrize(
    ("action", "width", "height"), [("wider", 7, 5), ("narrower", 5, 5), ("higher", 6, 6), ("lower", 6, 4)]
)
def test_tile_is_resized(
    browser: Client, board: Dashboard, first: Tile, second: Tile, action: str, width: int, height: int
) -> None:
    for tile in (first, second):
        send(browser, board, action=action, tile=tile.pk)
        tile.refresh_from_db()
        assert (tile.layouts["sm"]["w"], tile.layouts["sm"]["h"]) == (width, height)
    assert first.layouts["xs"] == {"y": 3}
    assert second.layouts["sm"]["x"] + width <= 12


def test_size_is_limited_to_the_grid(browser: Client, board: Dashboard, first: Tile) -> None:
    Tile.objects.update(layouts={"sm": {"x": 0, "y": 0, "w": 12, "h": 1}})
    for action in ("wider", "lower"):
        send(browser, board, action=action, tile=first.pk)
    first.refresh_from_db()
    assert first.layouts == {"sm": {"x": 0, "y": 0, "w": 12, "h": 1}}


def test_tile_is_removed(browser: Client, board: Dashboard, first: Tile, second: Tile) -> None:
    send(browser, board, action="remove", tile=first.pk)
    assert list(Tile.objects.on_dashboard(board).visible()) == [second]


def test_tiles_of_other_projects_are_not_found(browser: Client, alice: Person, board: Dashboard, first: Tile) -> None:
    other = make_dashboard(alice)
    tile = make_text_tile(alice, other, "theirs")
    for action in ("text", "remove", "later", "wider"):
        for id_ in (tile.pk, 999999, "x"):
            assert send(browser, board, action=action, tile=id_, text="taken").status_code == 404
    assert send(browser, board, action="other").status_code == 400
    assert set(Text.objects.values_list("body", flat=True)) == {"one", "theirs"}


def test_member_without_the_edit_right_changes_no_tile(browser: Client, alice: Person, bob: Person) -> None:
    theirs = make_dashboard(bob, restriction_level=37)
    tile = make_text_tile(bob, theirs)
    alice.membership.level = 1
    alice.membership.save()
    path = f"{path_of(theirs)}/tiles"
    assert browser.get(path).status_code == 403
    token = token_in(browser.get(path_of(theirs)))
    for action in ("add", "text", "remove", "later", "wider"):
        fields = {"csrfmiddlewaretoken": token, "action": action, "tile": tile.pk, "text": "taken"}
        assert browser.post(path, fields).status_code == 403
    tile.refresh_from_db()
    assert (tile.deleted, Text.objects.get().body) == (False, "text")
