"""The edit form of a dashboard, which changes only the fields that the user changed."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Activity, Dashboard
from pages.console.edit_form import format_tags, parse_tags
from tests.builders import Person, make_dashboard
from tests.pages.browsing import get_dashboard_path, get_text

FIELD = re.compile(r'<input[^>]*? name="(version|was-\w+|name|tags|csrfmiddlewaretoken)" [^>]*?value="([^"]*)"')


def read_form(page: Any) -> dict[str, str]:
    """Return the fields of the edit form as sent by a browser, with CRLF as the line break."""
    text = get_text(page).partition('name="action" value="edit"')[0]
    found = {name: html.unescape(value) for name, value in FIELD.findall(text)}
    found["name"] = re.sub(r"[\r\n]", "", found["name"])
    description = re.search(r"<textarea[^>]*>\r?\n?([^<]*)</textarea>", text)
    assert description is not None
    found["description"] = re.sub(r"\r?\n", "\r\n", html.unescape(description[1]))
    pinned = re.search(r'name="pinned"( checked)?>', text)
    return {**found, **({"pinned": "on"} if pinned and pinned[1] else {}), "action": "edit"}


def post_form(client: Client, board: Dashboard, form: dict[str, str], **changes: str) -> Any:
    return client.post(get_dashboard_path(board), {**form, **changes})


def read_state(board: Dashboard) -> tuple[Any, ...]:
    board.refresh_from_db()
    tags = sorted(board.tag_links.values_list("tag__name", flat=True))
    return board.name, board.description, board.pinned, tags


def test_saving_unchanged_values_changes_nothing(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, 'a\n"b" <', description="x\r\ny\rz\n", tags=["a,b", 'say "hi"', "plain"], pinned=True)
    before, acts = read_state(board), Activity.objects.count()
    form = read_form(browser.get(get_dashboard_path(board)))
    assert post_form(browser, board, form).status_code == 303
    assert (read_state(board), Activity.objects.count()) == (before, acts)


def test_tag_with_a_comma_remains_one_tag(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, tags=["a,b", 'say "hi"', "c"])
    form = read_form(browser.get(get_dashboard_path(board)))
    assert post_form(browser, board, form, name="Other").status_code == 303
    assert read_state(board) == ("Other", "", False, ["a,b", "c", 'say "hi"'])
    form = read_form(browser.get(get_dashboard_path(board)))
    assert post_form(browser, board, form, tags=form["tags"] + ", new").status_code == 303
    assert read_state(board)[3] == ["a,b", "c", "new", 'say "hi"']
    form = read_form(browser.get(get_dashboard_path(board)))
    assert post_form(browser, board, form, tags='"x, y", z').status_code == 303
    assert read_state(board)[3] == ["x, y", "z"]


def test_saving_keeps_changes_by_others(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, "Weekly", description="old", tags=["one"])
    form = read_form(browser.get(get_dashboard_path(board)))
    theirs: dict[str, Any] = {"tags": ["two", "three"], "pinned": True, "description": "theirs"}
    assert alice.api.patch(f"dashboards/{board.pk}/", theirs).status == 200
    assert post_form(browser, board, form, name="Monthly").status_code == 303
    assert read_state(board) == ("Monthly", "theirs", True, ["three", "two"])


def test_field_that_others_changed_too_is_not_overwritten(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, "Weekly", description="old", tags=["one"])
    form = read_form(browser.get(get_dashboard_path(board)))
    theirs: dict[str, Any] = {"tags": ["two", "three"], "pinned": True, "description": "theirs"}
    assert alice.api.patch(f"dashboards/{board.pk}/", theirs).status == 200
    refused = post_form(browser, board, form, name="Monthly", description="mine")
    assert refused.status_code == 409
    assert read_state(board) == ("Weekly", "theirs", True, ["three", "two"])
    again = read_form(refused)
    assert (again["name"], again["description"], again["tags"], again["pinned"]) == (
        "Monthly",
        "mine",
        "three, two",
        "on",
    )
    assert post_form(browser, board, again).status_code == 303
    assert read_state(board) == ("Monthly", "mine", True, ["three", "two"])


def test_refused_form_keeps_its_input(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, "Weekly", pinned=True)
    form = read_form(browser.get(get_dashboard_path(board)))
    del form["pinned"]
    refused = post_form(browser, board, form, tags="x" * 300, description="written")
    assert refused.status_code == 400
    again = read_form(refused)
    assert (again["tags"], again["description"], "pinned" in again) == ("x" * 300, "written", False)
    assert post_form(browser, board, again, tags="short").status_code == 303
    assert read_state(board) == ("Weekly", "written", False, ["short"])


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("a, b,c", ["a", "b", "c"]),
        (' , "a,b" ,', ["a,b "]),
        ('a"b, c', ['a"b', "c"]),
        ('"open, end', ["open, end"]),
        ("", []),
        (" \r\n", []),
        ("a\u2028b\nc", ["a b c"]),
    ],
)
def test_tags_are_parsed_from_a_line(text: str, tags: list[str]) -> None:
    assert parse_tags(text) == tags
    assert parse_tags(format_tags(tags)) == tags
