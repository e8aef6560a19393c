"""The forms on the page of a dashboard for its date range, its filters and its edit permissions."""

import json
from html import unescape
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Collaborator, Dashboard
from tests.builders import Person, make_dashboard
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_text


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, filters={"date_from": "-7d", "filterTestAccounts": True})


def open_form(client: Client, board: Dashboard) -> dict[str, str]:
    page = client.get(f"{get_dashboard_path(board)}?panel=filters")
    was = unescape(get_text(page).partition('name="was" value="')[2].partition('"')[0])
    return {"csrfmiddlewaretoken": get_csrf_token(page), "was": was, **json.loads(was)}


def post_filters(client: Client, board: Dashboard, form: dict[str, str], **fields: str) -> Any:
    return client.post(f"{get_dashboard_path(board)}/filters", {**form, "action": "filters", **fields})


FILTER = {"property-0": "$browser", "property-type-0": "event", "operator-0": "is_not", "value-0": "Edge, Opera"}


def test_filters_are_stored_and_shown(browser: Client, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    assert ">Last 7 days</a>" in get_text(browser.get(path))
    response = post_filters(browser, board, open_form(browser, board), range="-1mStart|-1mEnd", **FILTER)
    assert (response.status_code, response["Location"]) == (303, path)
    board.refresh_from_db()
    properties = [{"key": "$browser", "type": "event", "operator": "is_not", "value": ["Edge", "Opera"]}]
    assert board.filters == {
        "date_from": "-1mStart",
        "date_to": "-1mEnd",
        "filterTestAccounts": True,
        "properties": properties,
    }
    shown = get_text(browser.get(path))
    assert ">Last month, 1 filter</a>" in shown
    assert "Applied the filters to all insights." in shown
    form = open_form(browser, board)
    assert form["value-0"] == "Edge, Opera"
    post_filters(browser, board, form, **{"property-0": "", "range": ""})
    board.refresh_from_db()
    assert board.filters == {"filterTestAccounts": True}


def test_custom_dates(browser: Client, board: Dashboard) -> None:
    dates = {"range": "custom", "date_from": "2026-01-01", "date_to": "2026-02-01"}
    assert post_filters(browser, board, open_form(browser, board), **dates).status_code == 303
    board.refresh_from_db()
    assert (board.filters["date_from"], board.filters["date_to"]) == ("2026-01-01", "2026-02-01")
    for wrong in ({"date_from": "x"}, {"date_from": ""}, {"date_to": "2025-01-01"}):
        refused = post_filters(browser, board, open_form(browser, board), **{**dates, **wrong}, **FILTER)
        assert refused.status_code == 400
        shown = get_text(refused)
        assert 'value="Edge, Opera"' in shown
        assert shown.count('role="alert"') == 1
        assert shown.count('aria-invalid="true"') == 1


def test_filters_that_the_form_cannot_show_are_kept(browser: Client, board: Dashboard) -> None:
    groups = {"type": "OR", "values": [{"key": "a"}]}
    Dashboard.objects.update(filters={"properties": groups, "date_from": "-45d"})
    form = open_form(browser, board)
    assert form["range"] == "-45d|"
    assert post_filters(browser, board, form, range="all|").status_code == 303
    board.refresh_from_db()
    assert board.filters == {"properties": groups, "date_from": "all"}


def test_stale_filters_are_merged_field_by_field(browser: Client, alice: Person, board: Dashboard) -> None:
    form = open_form(browser, board)
    alice.api.patch(f"dashboards/{board.pk}/", {"filters": {"date_from": "-30d"}})
    assert post_filters(browser, board, form, **FILTER).status_code == 303
    board.refresh_from_db()
    assert (board.filters["date_from"], board.filters["properties"][0]["key"]) == ("-30d", "$browser")
    refused = post_filters(browser, board, form, range="all|")
    assert refused.status_code == 409
    board.refresh_from_db()
    assert board.filters["date_from"] == "-30d"


def post_access(client: Client, board: Dashboard, **fields: Any) -> Any:
    path = get_dashboard_path(board)
    token = get_csrf_token(client.get(f"{path}?panel=access"))
    return client.post(f"{path}/access", {"csrfmiddlewaretoken": token, **fields})


def test_access_is_restricted_and_given(browser: Client, bob: Person, board: Dashboard) -> None:
    assert post_access(browser, board, action="level", level="37").status_code == 303
    board.refresh_from_db()
    assert board.restriction_level == 37
    panel = get_text(browser.get(f"{get_dashboard_path(board)}?panel=access"))
    assert f'<option value="{bob.user.uuid}">' in panel
    assert post_access(browser, board, action="add-collaborator", member=bob.user.uuid).status_code == 303
    assert Collaborator.objects.get().membership == bob.membership
    assert post_access(browser, board, action="add-collaborator", member=bob.user.uuid).status_code == 400
    assert post_access(browser, board, action="remove-collaborator", member=bob.user.uuid).status_code == 303
    assert not Collaborator.objects.exists()
    for wrong in ({"action": "level", "level": "5"}, {"action": "add-collaborator", "member": "x"}, {"action": "x"}):
        assert post_access(browser, board, **wrong).status_code == 400


def test_members_without_the_right_are_refused(browser: Client, alice: Person, bob: Person) -> None:
    theirs = make_dashboard(bob, restriction_level=37)
    alice.membership.level = 1
    alice.membership.save()
    path = get_dashboard_path(theirs)
    token = get_csrf_token(browser.get(path))
    assert 'id="panel"' not in get_text(browser.get(f"{path}?panel=filters"))
    for name, action in (("filters", "filters"), ("access", "level")):
        sent = {"csrfmiddlewaretoken": token, "action": action, "level": "21", "range": "all|", "was": "{}"}
        assert browser.post(f"{path}/{name}", sent).status_code == 403
    theirs.refresh_from_db()
    assert (theirs.restriction_level, theirs.filters) == (37, {})
