"""Folders in the console: display, filtering and choosing."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard
from tests.pages.browsing import ATTACKS, get_csrf_token, get_dashboard_path, get_text, list_elements


@pytest.fixture
def list_path(alice: Person) -> str:
    return f"/projects/{alice.membership.project_id}/dashboards"


def list_names(page: Any) -> list[str]:
    return re.findall(r'class="list__name" href="[^"]*">([^<]*)<', get_text(page))


def list_values(page: Any, name: str) -> list[str | None]:
    return [attributes.get("value") for element, attributes in list_elements(page) if element == name]


def test_list_is_filtered_by_folder(alice: Person, browser: Client, list_path: str) -> None:
    for name, folder in (("one", "Team"), ("two", "Team/Web"), ("three", "Other"), ("four", None)):
        make_dashboard(alice, name, folder=folder)
    page = browser.get(list_path)
    select = get_text(page).partition('<select id="folder"')[2].partition("</select>")[0]
    assert re.findall(r"<option[^>]*>([^<]*)</option>", select) == ["All folders", "Other", "Team", "Team/Web"]
    assert 'href="?folder=Team%2FWeb">Team/Web</a>' in get_text(page)
    narrowed = browser.get(list_path, {"folder": "Team"})
    assert list_names(narrowed) == ["one", "two"]
    assert "<option selected>Team</option>" in get_text(narrowed)
    assert "In the folder <b>Team</b>." in get_text(narrowed)
    nothing = browser.get(list_path, {"folder": "Gone"})
    assert "No dashboard matches." in get_text(nothing)
    assert "<option selected>Gone</option>" in get_text(nothing)
    assert len(list_names(browser.get(list_path, {"folder": "a" * 401}))) == 4


def test_pagination_keeps_the_folder(alice: Person, browser: Client, list_path: str) -> None:
    for number in range(51):
        make_dashboard(alice, f"{number:02}", folder="Team & more")
    assert 'href="?folder=Team+%26+more&amp;offset=50">Next' in get_text(
        browser.get(list_path, {"folder": "Team & more"})
    )


def test_new_dashboard_is_created_in_the_current_folder(alice: Person, browser: Client, list_path: str) -> None:
    page = browser.get(list_path, {"folder": "Team/Web"})
    assert '<input type="hidden" name="folder" value="Team/Web">' in get_text(page)
    sent = {"csrfmiddlewaretoken": get_csrf_token(page), "name": "new", "folder": "Team/Web"}
    assert browser.post(list_path, sent).status_code == 303
    assert Dashboard.objects.get().folder == "Team/Web"


def test_dashboard_shows_its_folder_and_is_moved(alice: Person, browser: Client) -> None:
    make_dashboard(alice, folder="Team/Web")
    board = make_dashboard(alice, "b", folder="Team")
    path = get_dashboard_path(board)
    page = browser.get(path)
    assert f'href="/projects/{board.project_id}/dashboards?folder=Team">Team</a>' in get_text(page)
    assert '<input id="folder" name="folder" list="folders" maxlength="400" value="Team">' in get_text(page)
    assert [each for each in list_values(page, "option") if each] == ["Team", "Team/Web"]

    def edit(**fields: str) -> Any:
        sent = {"csrfmiddlewaretoken": get_csrf_token(browser.get(path)), "action": "edit", "name": "b", **fields}
        return browser.post(path, sent)

    assert edit(folder=" New / Place ").status_code == 303
    board.refresh_from_db()
    assert board.folder == "New/Place"
    edit()  # the form lacks the field
    board.refresh_from_db()
    assert board.folder == "New/Place"
    refused = edit(folder="/".join("a" * 21))
    assert (refused.status_code, "at most 20 levels" in get_text(refused)) == (400, True)
    assert f'value="{"/".join("a" * 21)}"' in get_text(refused)
    edit(folder="")
    board.refresh_from_db()
    assert board.folder is None


def test_markup_in_a_folder_is_escaped(alice: Person, browser: Client, list_path: str) -> None:
    for attack in ATTACKS:
        if attack.isprintable():
            board = make_dashboard(alice, folder=attack)
            for page in (
                browser.get(list_path),
                browser.get(list_path, {"folder": attack}),
                browser.get(get_dashboard_path(board)),
            ):
                assert page.status_code == 200
                assert "<script>alert" not in get_text(page)
                assert not any(
                    "onerror" in attributes or "onload" in attributes for _, attributes in list_elements(page)
                )
