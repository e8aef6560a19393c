"""Dashboards from templates: the list of templates, and the form for their variables."""

from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, DashboardTemplate, Insight
from tests.builders import Person, make_template
from tests.pages.browsing import get_csrf_token, get_text

TILES = [
    {
        "type": "INSIGHT",
        "name": "Chosen",
        "query": {"kind": "TrendsQuery", "series": ["{EVENT}"]},
        "layouts": {},
    }
]
VARIABLES = [
    {
        "id": "EVENT",
        "name": "Sign-up event",
        "type": "event",
        "description": "What counts <b>",
        "default": {"kind": "EventsNode", "event": "signup", "math": "dau"},
    }
]


@pytest.fixture
def template(alice: Person) -> DashboardTemplate:
    made = make_template(alice.membership.project, "Growth", variables=VARIABLES)
    DashboardTemplate.objects.update(tiles=TILES)
    return made


def get_path(person: Person, template: Any = "") -> str:
    return f"/projects/{person.membership.project_id}/templates{f'/{template}' if template else ''}"


def post_form(client: Client, path: str, **fields: str) -> Any:
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), **fields})


def test_templates_are_listed_and_found(browser: Client, alice: Person, carol: Person, template: Any) -> None:
    make_template(carol.membership.project, "Foreign")
    shown = get_text(browser.get(get_path(alice)))
    assert "<b>Website</b>" in shown
    assert f'href="{get_path(alice, template.pk)}"' in shown
    assert "Foreign" not in shown
    assert "Website" not in get_text(browser.get(f"{get_path(alice)}?search=growth"))


def test_dashboard_is_created_with_the_chosen_event(browser: Client, alice: Person, template: Any) -> None:
    path = get_path(alice, template.pk)
    shown = get_text(browser.get(path))
    assert 'value="signup"' in shown
    assert "What counts &lt;b&gt;" in shown
    response = post_form(browser, path, name="Mine", **{"variable-0": "user signed up"})
    board, insight = Dashboard.objects.get(), Insight.objects.get()
    assert response["Location"] == f"/projects/{board.project_id}/dashboards/{board.pk}"
    assert (board.name, board.created_by) == ("Mine", alice.user)
    assert insight.query is not None
    assert insight.query["series"] == [{"kind": "EventsNode", "event": "user signed up", "math": "dau"}]


def test_empty_variable_keeps_its_default(browser: Client, alice: Person, template: Any) -> None:
    post_form(browser, get_path(alice, template.pk), name="", **{"variable-0": ""})
    assert Dashboard.objects.get().name == "Growth"
    query = Insight.objects.get().query
    assert query is not None
    assert query["series"][0]["event"] == "signup"


def test_built_in_template_creates_a_dashboard(browser: Client, alice: Person) -> None:
    templates = alice.api.get("dashboard_templates/").json["results"]
    [website] = [each["id"] for each in templates if each["template_name"] == "Website"]
    assert post_form(browser, get_path(alice, website), name="Our site").status_code == 303
    assert Dashboard.objects.get().name == "Our site"


def test_refused_form_keeps_its_input(browser: Client, alice: Person, template: Any) -> None:
    refused = post_form(browser, get_path(alice, template.pk), name="x" * 401, **{"variable-0": "typed"})
    assert refused.status_code == 400
    assert 'value="typed"' in get_text(refused)
    assert not Dashboard.objects.exists()


def test_templates_of_others_are_not_found(browser: Client, alice: Person, carol: Person) -> None:
    foreign = make_template(carol.membership.project, "Foreign")
    for reference in (foreign.pk, "x"):
        assert browser.get(get_path(alice, reference)).status_code == 404
    assert browser.get(get_path(carol, foreign.pk)).status_code == 403
