"""The page of the settings of a project."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.builders import Person, make_project, set_password
from tests.pages.browsing import ATTACKS, get_csrf_token, get_text, list_elements, sign_in
from users.models import MembershipLevel, Project
from users.services.projects import add_member, update_project

FILTERS = [{"key": "email", "operator": "not_icontains", "value": "@exämple.com", "type": "person"}]


def get_path(person: Person) -> str:
    return f"/projects/{person.membership.project_id}/settings"


def read_form(page: Any) -> dict[str, str]:
    """Return the unchanged fields of the form as sent by a browser."""
    fields = {
        str(attributes["name"]): attributes.get("value") or ""
        for tag, attributes in list_elements(page)
        if tag == "input" and attributes.get("name")
    }
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", get_text(page), re.DOTALL)
    selected = re.search(r'<option value="(\d)" selected>', get_text(page))
    assert found is not None
    fields["test_account_filters"] = unescape(found[1]).replace("\n", "\r\n")
    return fields | ({"week_start_day": selected[1]} if selected else {})


def post_form(client: Client, person: Person, **fields: str) -> Any:
    return client.post(get_path(person), {**read_form(client.get(get_path(person))), **fields})


def read_project(person: Person) -> Project:
    return Project.objects.get(pk=person.membership.project_id)


def test_admin_changes_the_settings(alice: Person, browser: Client) -> None:
    response = post_form(
        browser,
        alice,
        name=" Growth ",
        timezone="Europe/Berlin",
        week_start_day="1",
        test_account_filters=json.dumps(FILTERS),
    )
    assert (response.status_code, response["Location"]) == (303, get_path(alice))
    row = read_project(alice)
    assert (row.name, row.timezone, row.week_start_day, row.test_account_filters) == (
        "Growth",
        "Europe/Berlin",
        1,
        FILTERS,
    )
    page = browser.get(get_path(alice))
    assert "The settings are saved." in get_text(page)
    assert "The settings are saved." not in get_text(browser.get(get_path(alice)))
    fields = read_form(page)
    assert (fields["name"], fields["timezone"], fields["week_start_day"]) == ("Growth", "Europe/Berlin", "1")
    assert json.loads(fields["test_account_filters"]) == FILTERS
    assert post_form(browser, alice, test_account_filters=" ").status_code == 303
    assert read_project(alice).test_account_filters == []


def test_unchanged_form_changes_nothing(alice: Person, browser: Client) -> None:
    update_project(alice.membership, {"test_account_filters": FILTERS, "timezone": "Asia/Tokyo", "week_start_day": 1})
    before = Project.objects.values().get(pk=alice.membership.project_id)
    assert post_form(browser, alice).status_code == 303
    assert Project.objects.values().get(pk=alice.membership.project_id) == before


def test_changes_of_others_to_other_fields_are_kept(alice: Person, browser: Client) -> None:
    fields = read_form(browser.get(get_path(alice)))
    update_project(alice.membership, {"timezone": "Asia/Tokyo", "week_start_day": 1})
    assert browser.post(get_path(alice), {**fields, "name": "Growth"}).status_code == 303
    row = read_project(alice)
    assert (row.name, row.timezone, row.week_start_day) == ("Growth", "Asia/Tokyo", 1)


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("name", "  ", "This field may not be blank."),
        ("name", "a" * 201, "at most 200 characters"),
        ("timezone", "Europe/Berlyn", 'Did you mean "Europe/Berlin"?'),
        ("timezone", "", "is not a known time zone"),
        ("week_start_day", "3", "0 for Sunday or 1 for Monday"),
        ("week_start_day", "x", "0 for Sunday or 1 for Monday"),
        ("test_account_filters", "[{", "This is not valid JSON"),
        ("test_account_filters", '{"key": "a"}', "must be a JSON list"),
        ("test_account_filters", '[{"key": "a"}, {"value": 1}]', "Filter 2: A property filter needs the name"),
        ("test_account_filters", "[1]", "Filter 1: This must be a property filter"),
        ("test_account_filters", '["\\ud800"]', "surrogate"),
        ("test_account_filters", "[" * 100_000, "deep"),
        ("test_account_filters", json.dumps([{"key": "a" * 20_000}]), "20,000 characters"),
    ],
)
def test_error_is_beside_its_field_and_the_input_is_kept(
    alice: Person, browser: Client, field: str, text: str, error: str
) -> None:
    typed = {"name": "Typed", "test_account_filters": '[{"key": "typed"}]', field: text}
    page = post_form(browser, alice, **typed)
    assert page.status_code == 400
    shown = unescape(get_text(page))
    found = re.search(r'<p id="error" class="error" role="alert">(.*?)</p>', shown, re.DOTALL)
    assert found is not None
    assert error in found[1]
    [marked] = [attributes for _, attributes in list_elements(page) if attributes.get("aria-invalid") == "true"]
    assert (marked["name"], "error" in str(marked["aria-describedby"]).split()) == (field, True)
    kept = read_form(page)
    if field != "week_start_day":
        assert {name: kept[name] for name in typed} == {
            name: value.replace("\n", "\r\n") for name, value in typed.items()
        }
    row = read_project(alice)
    assert (row.name, row.timezone, row.week_start_day, row.test_account_filters) == ("Home", "UTC", 0, [])


def test_form_with_an_error_can_be_corrected(alice: Person, browser: Client) -> None:
    page = post_form(browser, alice, name="Growth", timezone="Europe/Berlyn")
    response = browser.post(get_path(alice), {**read_form(page), "timezone": "Europe/Berlin"})
    assert response.status_code == 303
    row = read_project(alice)
    assert (row.name, row.timezone) == ("Growth", "Europe/Berlin")


def test_members_have_no_settings(alice: Person, bob: Person, carol: Person) -> None:
    for person in (bob, carol):
        set_password(person)
        client = Client(enforce_csrf_checks=True)
        sign_in(client, person.user.email, "correct horse battery")
        assert client.get(get_path(alice)).status_code == 403
        token = get_csrf_token(client.get("/keys"))
        form = {"csrfmiddlewaretoken": token, "name": "Theirs", "was-name": "Home"}
        assert client.post(get_path(alice), form).status_code == 403
        if person is bob:
            assert get_path(alice) not in get_text(client.get(f"/projects/{bob.membership.project_id}/dashboards"))
    assert read_project(alice).name == "Home"


def test_settings_are_linked_for_admins_and_need_the_csrf_token(alice: Person, browser: Client) -> None:
    page = get_text(browser.get(f"/projects/{alice.membership.project_id}/dashboards"))
    assert f'href="{get_path(alice)}"' in page
    assert browser.post(get_path(alice), {"name": "Theirs"}).status_code == 403
    assert browser.get("/projects/999999/settings").status_code == 404
    assert read_project(alice).name == "Home"


def test_attacks_are_shown_as_text(alice: Person, browser: Client) -> None:
    second = make_project("Second", "Home")
    add_member(second, user=alice.user, level=MembershipLevel.ADMIN)
    scripts = len([tag for tag, _ in list_elements(browser.get(get_path(alice))) if tag == "script"])
    for attack in ATTACKS:
        update_project(alice.membership, {"name": attack, "test_account_filters": [{"key": attack}]})
        for page in (browser.get(get_path(alice)), post_form(browser, alice, name=attack, timezone=attack)):
            elements = list_elements(page)
            assert len([tag for tag, _ in elements if tag == "script"]) == scripts
            assert not [tag for tag, _ in elements if tag in ("img", "svg", "iframe")]
            assert read_form(page)["name"] == attack
