"""URLs of PostHog's pages redirect to pages of the console; /api/ redirects to the OpenAPI document."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from dashboards.models import Dashboard, Insight, Tile
from pages import urls
from tests.api.test_access_table import iter_routes
from tests.builders import Person, make_dashboard, make_insight, make_project
from tests.client import Api
from tests.pages.browsing import HTML, get_dashboard_path, get_text
from users.services.projects import add_member

ADDRESSES = [
    "/project/{project}",
    "/project/{project}/",
    "/project/{project}/home",
    "/project/{project}/dashboard",
    "/project/{project}/dashboards/",
    "/project/{project}/insights",
    "/project/@current/dashboard",
    "/projects/{project}",
    "/projects/@current",
    "/dashboard",
    "/dashboard/",
    "/insights",
]
BOARDS = [
    "/project/{project}/dashboard/{board}",
    "/project/{project}/dashboard/{board}/",
    "/project/{project}/dashboards/{board}/edit",
    "/project/@current/dashboard/{board}",
    "/dashboard/{board}",
    "/dashboard/{board}/",
]
OF_INSIGHTS = [
    "/project/{project}/insights/{insight}",
    "/project/{project}/insights/{insight}/edit",
    "/project/{project}/insights/{number}",
    "/project/@current/insights/{insight}",
    "/projects/{project}/insights/{insight}",
    "/insights/{insight}",
    "/insights/{insight}/view",
]


@pytest.fixture
def insight(alice: Person) -> Insight:
    return make_insight(alice, make_dashboard(alice, "Second"))


def fill_address(address: str, insight: Insight, board: Dashboard | None = None) -> str:
    board_id = board.pk if board else ""
    return address.format(project=insight.project_id, board=board_id, insight=insight.short_id, number=insight.pk)


def get_redirect(client: Client, path: str) -> tuple[int, str]:
    response = client.get(path)
    return response.status_code, response.headers.get("Location", "")


def test_project_urls_redirect_to_its_dashboards(browser: Client, insight: Insight) -> None:
    for address in ADDRESSES:
        assert get_redirect(browser, fill_address(address, insight)) == (
            302,
            f"/projects/{insight.project_id}/dashboards",
        ), address


def test_dashboard_urls_redirect_to_its_page(browser: Client, insight: Insight) -> None:
    board = Dashboard.objects.get()
    for address in BOARDS:
        assert get_redirect(browser, fill_address(address, insight, board)) == (302, get_dashboard_path(board)), address


def test_insight_urls_redirect_to_a_dashboard_that_shows_it(browser: Client, insight: Insight) -> None:
    tile = Tile.objects.get()
    for address in OF_INSIGHTS:
        assert get_redirect(browser, fill_address(address, insight)) == (
            302,
            f"{get_dashboard_path(tile.dashboard)}#tile-{tile.pk}",
        ), address


def test_insight_on_no_dashboard_is_explained(alice: Person, browser: Client, insight: Insight) -> None:
    Dashboard.objects.update(deleted=True)
    for address in OF_INSIGHTS:
        response = browser.get(fill_address(address, insight))
        assert response.status_code == 404
        assert "Insight is not on any dashboard." in get_text(response)


def test_dashboard_in_another_project_of_the_user_is_found(alice: Person, browser: Client) -> None:
    other = make_project("Other")
    there = Person(alice.user, add_member(other, user=alice.user), alice.key, alice.api)
    board = make_dashboard(there)
    created = make_insight(there, board)
    assert get_redirect(browser, f"/dashboard/{board.pk}") == (302, get_dashboard_path(board))
    assert get_redirect(browser, f"/insights/{created.short_id}")[1].startswith(get_dashboard_path(board))


@pytest.mark.parametrize(
    "path",
    [
        "/insights/new",
        "/insights/%00",
        "/project/{project}/insights/new",
        "/dashboard/999999",
        "/dashboard/x",
        "/project/x/dashboard/1",
        "/project/{project}/settings",
        "/project/99999999999999999999/dashboard/1",
        "/project///evil.example",
        "/project/{project}//evil.example",
    ],
)
def test_unknown_url_is_an_explanatory_page(browser: Client, alice: Person, path: str) -> None:
    response = browser.get(path.format(project=alice.membership.project_id))
    assert response.status_code == 404
    assert "Location" not in response


def test_redirect_leads_to_no_other_site(browser: Client, alice: Person) -> None:
    project = alice.membership.project_id
    for path in (f"/project/{project}/dashboard//evil.example", "/dashboard//evil.example", "/project/@current/"):
        status, location = get_redirect(browser, path)
        assert (status, location.startswith((f"/projects/{project}/dashboards", ""))) in ((302, True), (404, True))
        assert "evil" not in location


def test_inaccessible_items_are_not_revealed(alice: Person, carol: Person, browser: Client) -> None:
    """The response for an item of another project equals the response for an unknown item."""
    board = make_dashboard(carol, "Secret")
    theirs = make_insight(carol, board, name="Secret insight")
    pairs: list[tuple[str, str]] = [
        (f"/dashboard/{board.pk}", "/dashboard/999999"),
        (f"/insights/{theirs.short_id}", "/insights/Zzzzzzzz"),
        (f"/project/{board.project_id}/insights/{theirs.short_id}", f"/project/{board.project_id}/insights/Zzzzzzzz"),
        (f"/project/{alice.membership.project_id}/insights/{theirs.short_id}", "/insights/Zzzzzzzz"),
    ]
    for path, missing in pairs:
        answers = [browser.get(each) for each in (path, missing)]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].status_code in (403, 404)
        assert "Secret" not in get_text(answers[0])
    assert get_redirect(browser, f"/project/{board.project_id}/dashboard/{board.pk}") == (
        302,
        get_dashboard_path(board),
    )
    assert browser.get(get_dashboard_path(board)).status_code == 403


def test_sign_in_is_required_first(insight: Insight) -> None:
    board = Dashboard.objects.get()
    for address in (*ADDRESSES, *BOARDS, *OF_INSIGHTS):
        path = fill_address(address, insight, board)
        assert get_redirect(Client(), path) == (302, f"/login?next={quote(path, safe='')}")
    assert {route.partition("/")[0] for route in iter_routes(urls.posthog_addresses)} == {
        "project",
        "projects",
        "dashboard",
        "insights",
    }


def test_api_root_explains_where_to_go(alice: Person) -> None:
    api = Api(None, 0)
    for path in ("/api/", "/api"):
        answer: Any = api.get(path)
        assert (answer.status, answer.headers["Vary"].split(",")[0]) == (200, "Accept")
        assert answer.json == {
            "name": "dashboards-api",
            "schema": "http://testserver/api/schema/",
            "docs": "http://testserver/api/schema/swagger-ui/",
            "projects": "http://testserver/api/projects/",
        }
    assert api.get("/api/?x=1").headers["Ignored-Fields"] == "x"
    page = Client().get("/api/", headers=HTML)
    assert (page.status_code, page["Location"]) == (302, "/api/schema/swagger-ui/")
    assert api.post("/api/", {}).error == (405, "invalid_request", "method_not_allowed", None)
