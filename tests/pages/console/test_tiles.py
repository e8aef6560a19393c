"""The page that edits tiles."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, Text, Tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text


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


def post_form(client: Client, board: Dashboard, **fields: Any) -> Any:
    path = f"{get_dashboard_path(board)}/tiles"
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), **fields})


def test_text_is_added_and_edited(browser: Client, alice: Person, board: Dashboard) -> None:
    post_form(browser, board, action="add", text="\n## Hi\r\nthere")
    tile = Tile.objects.select_related("text").get()
    assert tile.text is not None
    assert (tile.text.body, tile.text.created_by) == ("\n## Hi\nthere", alice.user)
    response = post_form(browser, board, action="text", tile=tile.pk, text="<b>new</b>")
    assert (response.status_code, response["Location"]) == (303, f"{get_dashboard_path(board)}/tiles#edit-{tile.pk}")
    assert Text.objects.get().body == "<b>new</b>"
    assert "&lt;b&gt;new&lt;/b&gt;</textarea>" in get_text(browser.get(f"{get_dashboard_path(board)}/tiles"))


def test_outdated_text_form_overwrites_nothing(browser: Client, alice: Person, board: Dashboard, first: Tile) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"tiles": [{"id": first.pk, "text": {"body": "theirs"}}]})
    response = post_form(browser, board, action="text", tile=first.pk, text="mine", version=1)
    assert response.status_code == 409
    assert "mine</textarea>" in get_text(response)
    assert Text.objects.get().body == "theirs"


BUTTON = {"text": "Handbook", "url": "/handbook", "placement": "right", "style": "secondary"}


def test_button_is_added_and_edited(browser: Client, board: Dashboard) -> None:
    post_form(browser, board, action="add-button", **BUTTON)
    tile = Tile.objects.select_related("button").get()
    assert tile.button is not None
    assert {name: getattr(tile.button, name) for name in BUTTON} == BUTTON
    assert 'value="/handbook"' in get_text(browser.get(f"{get_dashboard_path(board)}/tiles"))
    changed = {**BUTTON, "url": "https://a.example/", "style": "primary"}
    response = post_form(browser, board, action="button", tile=tile.pk, **changed)
    assert response["Location"] == f"{get_dashboard_path(board)}/tiles#edit-{tile.pk}"
    tile.button.refresh_from_db()
    assert {name: getattr(tile.button, name) for name in BUTTON} == changed


@pytest.mark.parametrize("change", [{"url": "javascript:x"}, {"url": "//e.example"}, {"text": ""}, {"style": "big"}])
def test_invalid_button_is_refused(browser: Client, board: Dashboard, first: Tile, change: dict[str, str]) -> None:
    for fields in ({"action": "add-button"}, {"action": "button", "tile": str(first.pk)}):
        response = post_form(browser, board, **{**BUTTON, **change, **fields})
        assert response.status_code == 400
        assert 'role="alert"' in get_text(response)
    assert not Tile.objects.filter(button__isnull=False).exists()


def test_refused_button_keeps_its_input_and_shows_the_error(browser: Client, board: Dashboard) -> None:
    post_form(browser, board, action="add-button", **BUTTON)
    tile = Tile.objects.get()
    for fields, id_ in (({"action": "add-button"}, "new"), ({"action": "button", "tile": tile.pk}, tile.pk)):
        written = {"text": "Runbook", "url": "ftp://x y", "placement": "left", "style": "primary"}
        text = get_text(post_form(browser, board, **written, **fields))
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
    assert post_form(browser, board, **{**BUTTON, "action": "add-button", "url": typed}).status_code == 303
    button = Tile.objects.get().button
    assert button is not None
    assert button.url == kept


def test_text_form_cannot_edit_a_button(browser: Client, board: Dashboard, first: Tile) -> None:
    assert post_form(browser, board, action="button", tile=first.pk, **BUTTON).status_code == 400
    assert Tile.objects.get() == first


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001])
def test_invalid_text_is_refused(browser: Client, board: Dashboard, first: Tile, text: str) -> None:
    for fields in ({"action": "add"}, {"action": "text", "tile": str(first.pk)}):
        response = post_form(browser, board, text=text, **fields)
        assert response.status_code == 400
        assert "1 to 4,000 characters" in get_text(response)
    assert Text.objects.get().body == "one"


def test_tiles_are_reordered(browser: Client, board: Dashboard, first: Tile, second: Tile) -> None:
    def order() -> list[int]:
        return list(Tile.objects.on_dashboard(board).in_layout_order().values_list("pk", flat=True))

    assert order() == [first.pk, second.pk]
    post_form(browser, board, action="later", tile=first.pk)
    assert order() == [second.pk, first.pk]
    post_form(browser, board, action="later", tile=first.pk)
    assert order() == [second.pk, first.pk]
    post_form(browser, board, action="earlier", tile=first.pk)
    assert order() == [first.pk, second.pk]


@pytest.mark.parametrize(
    ("action", "width", "height"), [("wider", 7, 5), ("narrower", 5, 5), ("higher", 6, 6), ("lower", 6, 4)]
)
def test_tile_is_resized(
    browser: Client, board: Dashboard, first: Tile, second: Tile, action: str, width: int, height: int
) -> None:
    for tile in (first, second):
        post_form(browser, board, action=action, tile=tile.pk)
        tile.refresh_from_db()
        assert (tile.layouts["sm"]["w"], tile.layouts["sm"]["h"]) == (width, height)
    assert first.layouts["xs"] == {"y": 3}
    assert second.layouts["sm"]["x"] + width <= 12


def test_size_is_limited_to_the_grid(browser: Client, board: Dashboard, first: Tile) -> None:
    Tile.objects.update(layouts={"sm": {"x": 0, "y": 0, "w": 12, "h": 1}})
    for action in ("wider", "lower"):
        post_form(browser, board, action=action, tile=first.pk)
    first.refresh_from_db()
    assert first.layouts == {"sm": {"x": 0, "y": 0, "w": 12, "h": 1}}


def test_tile_is_removed(browser: Client, board: Dashboard, first: Tile, second: Tile) -> None:
    post_form(browser, board, action="remove", tile=first.pk)
    assert list(Tile.objects.on_dashboard(board).visible()) == [second]


def test_tiles_of_other_projects_are_not_found(browser: Client, alice: Person, board: Dashboard, first: Tile) -> None:
    other = make_dashboard(alice)
    tile = make_text_tile(alice, other, "theirs")
    for action in ("text", "remove", "later", "wider"):
        for id_ in (tile.pk, 999999, "x"):
            assert post_form(browser, board, action=action, tile=id_, text="taken").status_code == 404
    assert post_form(browser, board, action="other").status_code == 400
    assert set(Text.objects.values_list("body", flat=True)) == {"one", "theirs"}


def test_member_without_the_edit_right_changes_no_tile(browser: Client, alice: Person, bob: Person) -> None:
    theirs = make_dashboard(bob, restriction_level=37)
    tile = make_text_tile(bob, theirs)
    alice.membership.level = 1
    alice.membership.save()
    path = f"{get_dashboard_path(theirs)}/tiles"
    assert browser.get(path).status_code == 403
    token = get_csrf_token(browser.get(get_dashboard_path(theirs)))
    for action in ("add", "text", "remove", "later", "wider"):
        fields = {"csrfmiddlewaretoken": token, "action": action, "tile": tile.pk, "text": "taken"}
        assert browser.post(path, fields).status_code == 403
    tile.refresh_from_db()
    assert (tile.deleted, Text.objects.get().body) == (False, "text")


def move(client: Client, board: Dashboard, tile_id: int, target: Any) -> Any:
    """Submit the form that moves a tile, on the page of the dashboard."""
    path, page = get_dashboard_path(board), client.get(get_dashboard_path(board))
    fields = {"board": "1", "action": "move-to", "tile": tile_id, "to_dashboard": target}
    return client.post(f"{path}/tiles", {"csrfmiddlewaretoken": get_csrf_token(page), **fields})


def test_tile_is_moved_to_another_dashboard_and_back(
    browser: Client, alice: Person, bob: Person, board: Dashboard, first: Tile
) -> None:
    other, theirs = make_dashboard(alice, "Growth <b>"), make_dashboard(bob, "Bob's", restriction_level=37)
    alice.membership.level = 1
    alice.membership.save()
    panel = get_text(browser.get(f"{get_dashboard_path(board)}?panel=tile&tile={first.pk}"))
    assert f'<option value="{other.pk}">Growth &lt;b&gt;</option>' in panel
    assert f'<option value="{theirs.pk}">' not in panel
    assert f'<option value="{board.pk}">' not in panel
    moved = move(browser, board, first.pk, other.pk)
    assert (moved.status_code, moved["Location"]) == (303, f"{get_dashboard_path(other)}#tile-{first.pk}")
    first.refresh_from_db()
    assert first.dashboard_id == other.pk
    shown = get_text(browser.get(get_dashboard_path(other)))
    assert "Moved one to Growth &lt;b&gt;." in shown
    assert f'action="{get_dashboard_path(other)}/tiles"' in shown
    undo = {"action": "move-to", "board": "1", "tile": str(first.pk), "to_dashboard": str(board.pk)}
    assert all(f'name="{name}" value="{value}"' in shown for name, value in undo.items())
    assert move(browser, other, first.pk, board.pk)["Location"] == f"{get_dashboard_path(board)}#tile-{first.pk}"
    first.refresh_from_db()
    assert first.dashboard_id == board.pk


def test_refused_move_says_why_and_moves_nothing(
    browser: Client, alice: Person, bob: Person, carol: Person, board: Dashboard, second: Tile
) -> None:
    other = make_dashboard(alice, "Growth")
    Tile.objects.create(project=other.project, dashboard=other, insight=second.insight)
    foreign = make_dashboard(carol)
    for target, status, error in (
        (other.pk, 400, "Growth already has a tile with this content."),
        ("", 400, "Choose another dashboard."),
        (board.pk, 400, "Choose another dashboard."),
        (foreign.pk, 404, ""),
        (2**63, 400, "Choose another dashboard."),
    ):
        response = move(browser, board, second.pk, target)
        assert (response.status_code, error in get_text(response)) == (status, True)
    assert move(browser, board, 999999, other.pk).status_code == 404
    theirs = make_dashboard(bob, "Bob's", restriction_level=37)
    alice.membership.level = 1
    alice.membership.save()
    assert move(browser, board, second.pk, theirs.pk).status_code == 403
    second.refresh_from_db()
    assert (second.dashboard_id, second.deleted) == (board.pk, False)


def test_move_between_long_names_can_be_undone(browser: Client, alice: Person, board: Dashboard) -> None:
    other = make_dashboard(alice, "板" * 400)
    make_insight(alice, board, name="図" * 400)
    tile = Tile.objects.latest("pk")
    moved = move(browser, board, tile.pk, other.pk)
    assert len(moved.cookies["shown_once"].OutputString()) < 4096  # browsers drop larger cookies
    shown = get_text(browser.get(get_dashboard_path(other)))
    assert f"Moved {'図' * 60}… to {'板' * 60}…." in shown
    assert ">Undo</button>" in shown


def test_panel_says_that_more_dashboards_exist(
    browser: Client, alice: Person, board: Dashboard, first: Tile, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_dashboard(alice, "A")
    monkeypatch.setattr("pages.console.tile_moves.MAX_TARGETS", 2)
    path = f"{get_dashboard_path(board)}?panel=tile&tile={first.pk}"
    assert "dashboards are listed" not in get_text(browser.get(path))
    make_dashboard(alice, "Z")
    shown = get_text(browser.get(path))
    assert "Only the first 2 dashboards are listed." in shown
    assert f'<option value="{other.pk}">' in shown
