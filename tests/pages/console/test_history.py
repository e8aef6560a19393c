"""The history page of a dashboard."""

from html import unescape
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Activity, Dashboard, Tile
from pages.console.history import VALUE_SHOWN
from tests.builders import PASSWORD, Person, make_dashboard, make_insight, set_password
from tests.pages.browsing import (
    ATTACKS,
    get_csrf_token,
    get_dashboard_path,
    get_form_version,
    get_text,
    list_elements,
    sign_in,
)


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "First", tiles=[{"text": {"body": "one"}}])
    alice.api.patch(f"dashboards/{created.pk}/", {"name": "Second", "tags": ["a"]})
    alice.api.patch(f"dashboards/{created.pk}/", {"tiles": [{"id": Tile.objects.get().pk, "deleted": True}]})
    return created


def restore(client: Client, board: Dashboard, version: object, seen: str | None = None) -> Any:
    path = f"{get_dashboard_path(board)}/history"
    page = client.get(path)
    form = {"csrfmiddlewaretoken": get_csrf_token(page), "version": seen or get_form_version(page)}
    return client.post(path, {**form, "restore": version})


def test_activity_shows_user_change_and_key(browser: Client, board: Dashboard) -> None:
    assert f"{get_dashboard_path(board)}/history" in get_text(browser.get(get_dashboard_path(board)))
    text = get_text(browser.get(f"{get_dashboard_path(board)}/history"))
    assert text.index("Removed the text") < text.index("Renamed the dashboard") < text.index("Created")
    assert "Alice, with the key test" in text
    assert text.count("Current") == 1
    assert "<dt>name</dt><dd>First → " in text
    assert "Second</dd>" in text
    assert "<dt>tags</dt><dd>[] → " in text


def test_version_is_restored(browser: Client, board: Dashboard) -> None:
    response = restore(browser, board, 1)
    assert (response.status_code, response["Location"]) == (303, get_dashboard_path(board))
    assert (Dashboard.objects.get().name, Tile.objects.get().deleted) == ("First", False)
    latest = Activity.objects.latest("pk")
    assert (latest.activity, latest.key_id) == ("reverted", "")
    assert restore(browser, board, "x").status_code == 404


def test_outdated_restore_overwrites_nothing(browser: Client, alice: Person, board: Dashboard) -> None:
    seen = get_form_version(browser.get(f"{get_dashboard_path(board)}/history"))
    alice.api.patch(f"dashboards/{board.pk}/", {"name": "Third"})
    refused = restore(browser, board, 1, seen)
    assert (refused.status_code, "This dashboard has changed" in get_text(refused)) == (409, True)
    assert (Dashboard.objects.get().name, Tile.objects.get().deleted) == ("Third", True)
    assert restore(browser, board, 1).status_code == 303
    assert Dashboard.objects.get().name == "First"


def test_member_without_the_edit_right_sees_no_buttons(alice: Person, bob: Person, board: Dashboard) -> None:
    set_password(bob)
    client = Client()
    sign_in(client, bob.user.email, PASSWORD)
    alice.api.patch(f"dashboards/{board.pk}/", {"restriction_level": 37})
    page = client.get(f"{get_dashboard_path(board)}/history")
    assert "Restore" not in get_text(page)
    assert "Restricted who can edit" in get_text(page)
    assert client.post(f"{get_dashboard_path(board)}/history", {"restore": 1}).status_code == 403


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_markup_is_escaped(browser: Client, alice: Person, board: Dashboard, attack: str) -> None:
    path = f"{get_dashboard_path(board)}/history"
    before = list_elements(browser.get(path))
    alice.api.patch(f"dashboards/{board.pk}/", {"name": attack, "tags": [attack]})
    now = list_elements(browser.get(path))
    assert {tag for tag, _ in now} == {tag for tag, _ in before}
    assert {name for _, attributes in now for name in attributes} == {name for _, each in before for name in each}
    links = {each["href"] for tag, each in now if tag == "a"} - {each["href"] for tag, each in before if tag == "a"}
    assert links == {f"{get_dashboard_path(board)}/versions/4"}


def test_long_and_many_changes_are_truncated(browser: Client, alice: Person, board: Dashboard) -> None:
    tiles = [{"text": {"body": str(number)}} for number in range(30)]
    alice.api.patch(f"dashboards/{board.pk}/", {"description": "x" * 1000, "tiles": tiles})
    text = get_text(browser.get(f"{get_dashboard_path(board)}/history"))
    assert f"{'x' * VALUE_SHOWN}…</dd>" in text
    assert "x" * (VALUE_SHOWN + 1) not in text
    assert "and 11 more" in text


def test_changes_are_described_in_sentences(browser: Client, alice: Person, board: Dashboard) -> None:
    insight = make_insight(alice, board, name="Visits <b>")
    tile = Tile.objects.get(insight=insight)
    path = f"dashboards/{board.pk}/"
    for body in (
        {"tiles": [{"id": tile.pk, "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}}]},
        {"tiles": [{"id": tile.pk, "layouts": {"sm": {"x": 6, "y": 0, "w": 6, "h": 5}}}]},
        {"tiles": [{"id": tile.pk, "layouts": {"sm": {"x": 6, "y": 0, "w": 4, "h": 5}}, "color": "red"}]},
        {"tiles": [{"id": tile.pk, "deleted": True}], "pinned": True, "description": "About", "tags": ["b"]},
        {"filters": {"date_from": "-7d"}, "restriction_level": 37},
    ):
        assert alice.api.patch(path, body).status == 200
    assert alice.api.patch(f"{path}sharing/", {"enabled": True}).status == 200
    text = unescape(get_text(browser.get(f"{get_dashboard_path(board)}/history")))
    for sentence in (
        "Shared the dashboard by a link",
        "Changed the date range or the filters",
        "Restricted who can edit",
        "Removed “Visits <b>”",
        "Pinned the dashboard",
        "Added a description",
        "Changed the tags: added b, removed a",
        "Changed the colour of “Visits <b>”",
        "Resized “Visits <b>”",
        "Moved “Visits <b>”",
        "Added “Visits <b>”",
        "Removed the text “one”",
        "Renamed the dashboard from “First” to “Second”",
        "Created the dashboard",
    ):
        assert f"<p>{sentence}</p>" in text, sentence
    assert text.count('<section class="session"') == 4  # sessions of Alice and of her API key alternate


def test_version_is_looked_at_before_it_is_restored(
    browser: Client, alice: Person, bob: Person, board: Dashboard
) -> None:
    insight = make_insight(alice, board, name="Visits")
    version = Activity.objects.filter(version__isnull=False).latest("pk").version
    alice.api.patch(
        f"dashboards/{board.pk}/", {"tiles": [{"id": Tile.objects.get(insight=insight).pk, "deleted": True}]}
    )
    path = get_dashboard_path(board)
    first, last = (get_text(browser.get(f"{path}/versions/{number}")) for number in (1, version))
    assert "<h1>First</h1>" in first
    assert "<p>one</p>" in first
    assert 'value="1">Restore this version</button>' in first
    assert "Visits" in last
    assert "<p>one</p>" not in last
    assert Dashboard.objects.get().name == "Second"
    alice.api.patch(f"insights/{insight.pk}/", {"deleted": True})
    assert "Visits" not in get_text(browser.get(f"{path}/versions/{version}"))
    assert [browser.get(f"{path}/versions/{number}").status_code for number in (999, "x")] == [404, 404]


def test_restoring_is_undone(browser: Client, board: Dashboard) -> None:
    restore(browser, board, 1)
    shown = get_text(browser.get(get_dashboard_path(board)))
    assert "Restored version 1." in shown
    assert ">Undo</button>" in shown
