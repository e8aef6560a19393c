"""The panel that adds tiles on the page of a dashboard, and undoing an addition."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, Tile
from pages.console.tile_placements import place_tile
from tests.builders import Person, make_dashboard, make_insight, make_text_tile
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text, list_elements


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def post_tile(client: Client, board: Dashboard, **fields: Any) -> Any:
    path = get_dashboard_path(board)
    token = get_csrf_token(client.get(path))
    return client.post(f"{path}/tiles", {"csrfmiddlewaretoken": token, "board": "1", **fields})


def press_undo(client: Client, page: Any) -> Any:
    """Submit the form in the message of a page."""
    text = get_text(page).partition('<div id="flash"')[2].partition("</form>")[0]
    elements = [attributes for tag, attributes in list_elements(page) if tag == "form"]
    action = next(form["action"] for form in elements if form.get("class") == "flash")
    names = ("csrfmiddlewaretoken", "action", "restore", "version")
    found = {name: text.partition(f'name="{name}" value="')[2].partition('"')[0] for name in names}
    return client.post(str(action), {name: value for name, value in found.items() if value})


def test_text_button_and_insight_are_added(browser: Client, alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, name="Visits")
    post_tile(browser, board, action="add", text="# Hello")
    post_tile(browser, board, action="add-button", text="Handbook", url="/h", placement="left", style="primary")
    response = post_tile(browser, board, action="add-insight", insight=insight.pk)
    text, button, shown = Tile.objects.order_by("pk")
    assert text.text is not None
    assert text.text.body == "# Hello"
    assert text.layouts == {"sm": {"x": 0, "y": 0, "w": 6, "h": 3}}
    assert button.layouts == {"sm": {"x": 0, "y": 3, "w": 3, "h": 1}}
    assert shown.insight == insight
    assert response["Location"] == f"{get_dashboard_path(board)}#tile-{shown.pk}"
    assert "Added the insight." in get_text(browser.get(get_dashboard_path(board)))


def test_insights_are_found(browser: Client, alice: Person, carol: Person, board: Dashboard) -> None:
    make_insight(alice, name="Visits by day")
    make_insight(alice, board, name="Visits by week")
    make_insight(alice, name="Orders")
    make_insight(carol, name="Visits elsewhere")
    shown = get_text(browser.get(f"{get_dashboard_path(board)}?panel=add&search=visits"))
    panel = shown.partition('<ul class="found">')[2].partition("</ul>")[0]
    assert 'aria-label="Add Visits by day"' in panel
    assert 'aria-label="Add Visits by week"' not in panel
    assert "On this dashboard" in panel
    assert "Orders" not in panel
    assert "elsewhere" not in panel


def test_refused_tiles_keep_their_input_in_the_open_panel(browser: Client, board: Dashboard) -> None:
    refused = post_tile(browser, board, action="add", text="x" * 4001)
    assert refused.status_code == 400
    assert f"{'x' * 4001}</textarea>" in get_text(refused)
    refused = post_tile(
        browser, board, action="add-button", text="Label", url="ftp://x", placement="left", style="primary"
    )
    assert refused.status_code == 400
    shown = get_text(refused)
    assert 'id="panel"' in shown
    assert 'value="ftp://x"' in shown
    assert shown.count('role="alert"') == 1
    assert post_tile(browser, board, action="add-insight", insight="x").status_code == 400
    assert post_tile(browser, board, action="add-insight", insight="999999").status_code in (400, 404)
    assert not Tile.objects.exists()


def test_adding_is_undone(browser: Client, board: Dashboard) -> None:
    post_tile(browser, board, action="add", text="one")
    page = browser.get(get_dashboard_path(board))
    response = press_undo(browser, page)
    assert response.status_code == 303
    assert not Tile.objects.visible().exists()
    assert "Undone." in get_text(browser.get(get_dashboard_path(board)))


def test_removed_tile_comes_back_where_it_was(browser: Client, alice: Person, board: Dashboard) -> None:
    first = make_text_tile(alice, board, "one", layouts={"sm": {"x": 0, "y": 0, "w": 12, "h": 2}})
    second = make_text_tile(alice, board, "two", layouts={"sm": {"x": 0, "y": 2, "w": 12, "h": 2}})
    before = dict(Tile.objects.values_list("pk", "layouts"))
    post_tile(browser, board, action="remove", tile=first.pk)
    page = browser.get(get_dashboard_path(board))
    assert "Removed one." in get_text(page)
    assert list(Tile.objects.visible()) == [second]
    press_undo(browser, page)
    assert dict(Tile.objects.visible().values_list("pk", "layouts")) == before


def test_undo_is_refused_after_a_change_by_another(browser: Client, alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "one")
    post_tile(browser, board, action="remove", tile=tile.pk)
    page = browser.get(get_dashboard_path(board))
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Theirs"})
    response = press_undo(browser, page)
    assert response.status_code == 409
    assert "cannot be undone in one step" in get_text(response)
    board.refresh_from_db()
    assert board.name == "Theirs"
    assert not Tile.objects.visible().exists()


def test_deleted_dashboard_is_restored_from_the_message(browser: Client, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    response = browser.post(path, {"csrfmiddlewaretoken": get_csrf_token(browser.get(path)), "action": "delete"})
    page = browser.get(response["Location"])
    assert "Moved the dashboard to the trash." in get_text(page)
    assert press_undo(browser, page)["Location"] == path
    board.refresh_from_db()
    assert board.deleted is False


def test_settings_of_a_tile_are_changed_on_the_board(browser: Client, alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board, name="Visits", description="About")
    tile = Tile.objects.get()
    path = get_dashboard_path(board)
    panel = get_text(browser.get(f"{path}?panel=tile&tile={tile.pk}")).partition('id="panel"')[2]
    assert 'name="title" maxlength="400" value="Visits"' in panel
    was = {"was-title": "Visits", "was-color": "", "was-width": "6", "was-height": "5", "was-show_description": "on"}
    sent = {"title": "Visitors", "color": "green", "width": "8", "height": "5", "transparent_background": "on"}
    response = post_tile(browser, board, action="settings", tile=tile.pk, **was, **sent)
    assert response["Location"] == f"{path}#tile-{tile.pk}"
    tile.refresh_from_db()
    insight.refresh_from_db()
    assert (insight.name, tile.color, tile.show_description, tile.transparent_background) == (
        "Visitors",
        "green",
        False,
        True,
    )
    assert tile.layouts["sm"] == {"x": 0, "y": 0, "w": 8, "h": 5}


def test_date_range_of_a_tile_is_changed_on_the_board(browser: Client, alice: Person, board: Dashboard) -> None:
    make_insight(alice, board, name="Visits")
    tile = Tile.objects.get()
    properties = [{"key": "plan", "value": "team", "type": "event"}]
    alice.api.patch(
        f"dashboards/{board.pk}/", {"tiles": [{"id": tile.pk, "filters_overrides": {"properties": properties}}]}
    )
    size = {"was-width": "6", "was-height": "5", "width": "6", "height": "5", "show_description": "on"}
    was = {"action": "settings", "tile": tile.pk, **size, "was-range": "", "was-date_from": "", "was-date_to": ""}
    assert post_tile(browser, board, **was, range="-30d|", date_from="", date_to="").status_code == 303
    tile.refresh_from_db()
    assert tile.filters_overrides == {"properties": properties, "date_from": "-30d"}
    panel = get_text(browser.get(f"{get_dashboard_path(board)}?panel=tile&tile={tile.pk}")).partition('id="panel"')[2]
    assert '<option value="-30d|" selected>Last 30 days</option>' in panel
    was |= {"was-range": "-30d|"}
    wrong = post_tile(browser, board, **was, range="custom", date_from="2026-11-30", date_to="2026-11-01")
    assert wrong.status_code == 400
    assert 'name="date_to" value="2026-11-01" aria-invalid="true" aria-describedby="error"' in get_text(wrong)
    assert post_tile(browser, board, **was, range="custom", date_from="2026-11-01", date_to="").status_code == 303
    tile.refresh_from_db()
    assert tile.filters_overrides == {"properties": properties, "date_from": "2026-11-01"}
    was |= {"was-range": "custom", "was-date_from": "2026-11-01"}
    assert post_tile(browser, board, **was, range="", date_from="2026-11-01", date_to="").status_code == 303
    tile.refresh_from_db()
    assert tile.filters_overrides == {"properties": properties}


def test_settings_keep_what_others_changed(browser: Client, alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "one", color="red", layouts={"sm": {"x": 0, "y": 0, "w": 4, "h": 4}})
    was = {"was-color": "", "was-width": "6", "was-height": "5", "was-show_description": "on"}
    sent = {"color": "", "width": "6", "height": "7", "show_description": "on"}
    post_tile(browser, board, action="settings", tile=tile.pk, **was, **sent)
    tile.refresh_from_db()
    assert (tile.color, tile.layouts["sm"]) == ("red", {"x": 0, "y": 0, "w": 4, "h": 7})


def test_tile_is_dropped_on_another_place(browser: Client, alice: Person, board: Dashboard) -> None:
    first = make_text_tile(alice, board, "one", layouts={"sm": {"x": 0, "y": 0, "w": 6, "h": 2}})
    second = make_text_tile(alice, board, "two", layouts={"sm": {"x": 6, "y": 0, "w": 6, "h": 2}, "xs": {"y": 1}})
    third = make_text_tile(alice, board, "three", layouts={"sm": {"x": 0, "y": 2, "w": 12, "h": 2}})
    response = post_tile(browser, board, action="place", tile=third.pk, x="0", y="0", w="8", h="3")
    assert response["Location"] == f"{get_dashboard_path(board)}#tile-{third.pk}"
    places = {tile.pk: tuple(tile.layouts["sm"][key] for key in "xywh") for tile in Tile.objects.all()}
    assert places == {third.pk: (0, 0, 8, 3), first.pk: (0, 3, 6, 2), second.pk: (6, 3, 6, 2)}
    second.refresh_from_db()
    assert second.layouts["xs"] == {"y": 1}
    for wrong in ({"x": "a"}, {"y": "-1"}, {"y": "9999999"}, {"w": ""}):
        fields = {"x": "0", "y": "0", "w": "8", "h": "3", **wrong}
        assert post_tile(browser, board, action="place", tile=third.pk, **fields).status_code == 400


def test_text_that_others_changed_is_not_overwritten(browser: Client, alice: Person, board: Dashboard) -> None:
    tile = make_text_tile(alice, board, "one\ntwo")
    assert tile.text is not None
    same = {"tile": tile.pk, "was-text": "one\r\ntwo"}
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "A change elsewhere"})
    assert post_tile(browser, board, action="text", text="mine", **same).status_code == 303
    refused = post_tile(browser, board, action="text", text="again", **same)
    assert refused.status_code == 409
    assert "again</textarea>" in get_text(refused)
    tile.text.refresh_from_db()
    assert tile.text.body == "mine"


@pytest.mark.parametrize(
    ("places", "wanted", "expected"),
    [
        ([(0, 0, 6, 2), (6, 0, 6, 2)], (6, 0, 6, 2), [(6, 0, 6, 2), (0, 0, 6, 2)]),  # the tiles swap positions
        ([(0, 0, 6, 2), (6, 0, 6, 2)], (3, 0, 6, 2), [(3, 0, 6, 2), (6, 2, 6, 2)]),
        ([(0, 0, 6, 2), (6, 0, 6, 2)], (0, 0, 7, 2), [(0, 0, 7, 2), (6, 2, 6, 2)]),
        ([(0, 0, 6, 2), (6, 0, 6, 2)], (0, 9, 6, 2), [(0, 0, 6, 2), (6, 0, 6, 2)]),
        ([(0, 0, 12, 2), (0, 2, 6, 2), (6, 2, 6, 2)], (0, 2, 12, 2), [(0, 0, 12, 2), (0, 2, 6, 2), (6, 2, 6, 2)]),
        ([(0, 0, 12, 2), (0, 2, 6, 2), (6, 2, 6, 2)], (0, 4, 12, 2), [(0, 2, 12, 2), (0, 0, 6, 2), (6, 0, 6, 2)]),
    ],
)
def test_room_is_made_for_a_moved_tile(places: Any, wanted: Any, expected: Any) -> None:
    assert place_tile(places, 0, wanted) == expected
