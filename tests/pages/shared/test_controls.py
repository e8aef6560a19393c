"""The form with which viewers choose dates and variables, if the link allows overrides."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from dashboards.models import Dashboard
from queries.models import QueryResult
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard, make_insight
from tests.pages.browsing import HTML, get_text, list_elements, visit
from tests.pages.computing import make_sql_insight

VARIABLES = {"id-1": {"code_name": "country", "value": "de"}, "id-2": {"code_name": "limit", "value": 5}}
DATES = ["date_from", "date_to"]


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Quarter", filters={"date_from": "-7d"}, variables=VARIABLES)
    make_insight(alice, created, query={"kind": "TrendsQuery", "series": [{"event": "secret"}]})
    return created


def open_page(alice: Person, board: Dashboard, allowed: list[str], **query: str) -> Any:
    token = share(alice, board, settings={"allow_overrides": allowed, "detailed": True})
    return visit(f"/shared/{token}?{urlencode(query)}")


def list_fields(page: Any) -> dict[str | None, str | None]:
    """Return the fields of the form by name, with their values."""
    found = [(tag, attrs) for tag, attrs in list_elements(page) if tag in ("input", "select")]
    return {attrs["name"]: attrs.get("value") for _, attrs in found}


def list_options(page: Any) -> list[tuple[str, str]]:
    """Return each option as its value and ` selected`, or an empty string if the option is not selected."""
    return re.findall(r'<option value="([^"]*)"( selected)?>', get_text(page))


def test_link_without_allowed_overrides_has_no_form(alice: Person, board: Dashboard) -> None:
    for allowed in ([], ["properties"], ["unknown"]):
        assert "<form" not in get_text(open_page(alice, board, allowed))


def test_range_is_chosen_from_a_list_or_by_two_dates(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, DATES)
    assert '<form class="controls" method="get" aria-label="Choices">' in get_text(page)
    assert list_fields(page) == {"range": None, "date_from": "", "date_to": ""}
    values = [value for value, _ in list_options(page)]
    assert values[0] == ""
    assert {"-30d..", "-1mStart..-1mEnd", "custom"} < set(values)
    assert "As published: Last 7 days" in get_text(page)
    assert "Reset" not in get_text(page)


def test_chosen_range_applies_and_stays_chosen(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, DATES, range="-1mStart..-1mEnd", date_from="", date_to="")
    text = get_text(page)
    for part in ("<span>Last month</span>", "&quot;date_from&quot;: &quot;-1mStart&quot;", "&quot;-1mEnd&quot;"):
        assert part in text
    assert ("-1mStart..-1mEnd", " selected") in list_options(page)
    assert re.search(r'<a href="/shared/[\w-]+">Reset</a>', text)
    board.refresh_from_db()
    assert board.filters == {"date_from": "-7d"}


def test_range_without_an_end_removes_that_of_the_dashboard(alice: Person) -> None:
    board = make_dashboard(alice, filters={"date_from": "-90d", "date_to": "-30d"})
    make_insight(alice, board, query={"kind": "TrendsQuery"})
    assert "&quot;date_to&quot;: null" in get_text(open_page(alice, board, DATES, range="-7d.."))


def test_own_dates_apply(alice: Person, board: Dashboard) -> None:
    for query in ({"range": "custom"}, {}):
        page = open_page(alice, board, DATES, date_from="2026-11-01", date_to="2026-11-30", **query)
        assert "<span>1 Nov \u2013 30 Nov 2026</span>" in get_text(page)
        assert list_fields(page) == {"range": None, "date_from": "2026-11-01", "date_to": "2026-11-30"}
        assert ("custom", " selected") in list_options(page)


def test_start_alone_leaves_out_ranges_with_an_end(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, ["date_from"], range="-30d")
    values = [value for value, _ in list_options(page)]
    assert "-30d" in values
    assert not [value for value in values if "End" in value]
    assert list_fields(page) == {"range": None, "date_from": ""}
    assert "<span>Last 30 days</span>" in get_text(page)
    assert open_page(alice, board, ["date_from"], range="-1mStart..-1mEnd").status_code == 403


def test_fields_that_the_link_does_not_allow_are_refused(alice: Person, board: Dashboard) -> None:
    for query in ({"range": "-30d"}, {"date_to": "2026-11-30"}, {"text_country": "fr"}, {"number_id-2": "7"}):
        page = open_page(alice, board, [], **query)
        assert page.status_code == 403
        assert "Quarter" not in get_text(page)


@pytest.mark.parametrize("query", [{"range": "x"}, {"date_from": "soon"}, {"number_limit": "1e999"}, {"flag_x": "yes"}])
def test_invalid_fields_are_400(alice: Person, board: Dashboard, query: dict[str, str]) -> None:
    page = open_page(alice, board, [*DATES, "limit", "x"], **query)
    assert page.status_code == 400
    assert "Quarter" not in get_text(page)


def test_variables_have_fields_by_their_type(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, ["country", "id-2"], text_country="fr")
    assert list_fields(page) == {"text_country": "fr", "number_id-2": ""}
    assert 'placeholder="5"' in get_text(page)
    for label in ("country", "limit"):
        assert f">{label}</label>" in get_text(page)


def test_value_of_a_variable_is_computed_and_typed(alice: Person, board: Dashboard) -> None:
    insight = make_sql_insight(alice, board, query="select {variables.limit}")
    source = {**insight.query["source"], "variables": {"id-2": {"code_name": "limit", "value": 1}}}
    content = {"query": {**insight.query, "source": source}}
    assert alice.api.patch(f"insights/{insight.pk}/", content).status == 200
    open_page(alice, board, ["limit"], number_limit="7")
    values = {
        each.query["variables"]["id-2"]["value"]
        for each in QueryResult.objects.all()
        if each.query["kind"] == "HogQLQuery"
    }
    assert values == {7}


def test_value_in_a_hidden_query_is_not_shown(alice: Person) -> None:
    board = make_dashboard(alice)
    insight = make_sql_insight(alice, board)
    variables = {"id-9": {"code_name": "customer", "value": "Secret Ltd"}}
    content = {"query": {"kind": "HogQLQuery", "query": insight.query["source"]["query"], "variables": variables}}
    assert alice.api.patch(f"insights/{insight.pk}/", content).status == 200
    token = share(alice, board, settings={"allow_overrides": ["customer"]})
    text = get_text(visit(f"/shared/{token}"))
    assert 'name="text_customer"' in text
    assert "Secret Ltd" not in text
    assert "Secret Ltd" in get_text(open_page(alice, board, ["customer"]))


def test_form_keeps_the_time_of_reloads(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, DATES, refresh_every="5m", range="-30d..")
    assert '<input type="hidden" name="refresh_every" value="5m">' in get_text(page)
    assert re.search(r'<a href="/shared/[\w-]+\?refresh_every=5m">Reset</a>', get_text(page))


def test_markup_in_an_address_is_escaped(alice: Person, board: Dashboard) -> None:
    page = open_page(alice, board, ["country"], text_country='"><script>alert(1)</script>', refresh='"><script>')
    assert page.status_code == 200
    assert not [tag for tag, _ in list_elements(page) if tag == "script"]


def test_form_of_a_locked_link_is_behind_the_password(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, settings={"allow_overrides": DATES}, password_required=True)
    page = Client(headers=HTML).get(f"/shared/{token}?range=-30d..")
    assert page.status_code == 401
    assert "controls" not in get_text(page)
