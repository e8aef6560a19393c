"""Folders in the console: display, filtering and choosing."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard
from tests.pages.browsing import ATTACKS, elements, path_of, text_of, token_in


@pytest.fixture
def listed(alice: Person) -> str:
    return f"/projects/{alice.membership.project_id}/dashboards"


def names(page: Any) -> list[str]:
    return re.findall(r'class="list__name" href="[^"]*">([^<]*)<', text_of(page))


def options(page: Any, name: str) -> list[str | None]:
    return [attributes.get("value") for element, attributes in elements(page) if element == name]


def test_list_is_filtered_by_folder(alice: Person, browser: Client, listed: str) -> None:
    for name, folder in (("one", "Team"), ("two", "Team/Web"), ("three", "Other"), ("four", None)):
        make_dashboard(alice, name, folder=folder)
    page = browser.get(listed)
    assert re.findall(r"<option[^>]*>([^<]*)</option>", text_of(page)) == ["All folders", "Other", "Team", "Team/Web"]
    assert 'href="?folder=Team%2FWeb">Team/Web</a>' in text_of(page)
    narrowed = browser.get(listed, {"folder": "Team"})
    assert names(narrowed) == ["one", "two"]
    assert "<option selected>Team</option>" in text_of(narrowed)
    assert "In the folder <b>Team</b>." in text_of(narrowed)
    nothing = browser.get(listed, {"folder": "Gone"})
    assert "No dashboard matches." in text_of(nothing)
    assert "<option selected>Gone</option>" in text_of(nothing)
    assert len(names(browser.get(listed, {"folder": "a" * 401}))) == 4


def test_pagination_keeps_the_folder(alice: Person, browser: Client, listed: str) -> None:
    for number in range(51):
        make_dashboard(alice, f"{number:02}", folder="Team & more")
    assert 'href="?folder=Team+%26+more&amp;offset=50">Next' in text_of(browser.get(listed, {"folder": "Team & more"}))


def test_new_dashboard_is_created_in_the_current_folder(alice: Person, browser: Client, listed: str) -> None:
    page = browser.get(listed, {"folder": "Team/Web"})
    assert '<input type="hidden" name="folder" value="Team/Web">' in text_of(page)
    sent = {"csrfmiddlewaretoken": token_in(page), "name": "new", "folder": "Team/Web"}
    assert browser.post(listed, sent).status_code == 303
    assert Dashboard.objects.get().folder == "Team/Web"


def test_dashboard_shows_its_folder_and_is_moved(alice: Person, browser: Client) -> None:
    make_dashboard(alice, folder="Team/Web")
    board = make_dashboard(alice, "b", folder="Team")
    path = path_of(board)
    page = browser.get(path)
    assert f'href="/projects/{board.project_id}/dashboards?folder=Team">Team</a>' in text_of(page)
    assert '<input id="folder" name="folder" list="folders" maxlength="400" value="Team">' in text_of(page)
    assert [each for each in options(page, "option") if each] == ["Team", "Team/Web"]

    def edit(**fields: str) -> Any:
        sent = {"csrfmiddlewaretoken": token_in(browser.get(path)), "action": "edit", "name": "b", **fields}
        return browser.post(path, sent)

    assert edit(folder=" New / Place ").status_code == 303
    board.refresh_from_db()
    assert board.folder == "New/Place"
    edit()  # a form that has no such field
    board.refresh_from_db()
    assert board.folder == "New/Place"
    refused = edit(folder="/".join("a" * 21))
    assert (refused.status_code, "at most 20 names deep" in text_of(refused)) == (400, True)
    assert f'value="{"/".join("a" * 21)}"' in text_of(refused)
    edit(folder="")
    board.refresh_from_db()
    assert board.folder is None


def test_markup_in_a_folder_is_escaped(alice: Person, browser: Client, listed: str) -> None:
    for attack in ATTACKS:
        if attack.isprintable():
            board = make_dashboard(alice, folder=attack)
            for page in (browser.get(listed), browser.get(listed, {"folder": attack}), browser.get(path_of(board))):
                assert page.status_code == 200
                assert "<script>alert" not in text_of(page)
                assert not any("onerror" in attributes or "onload" in attributes for _, attributes in elements(page))
