"""Pages of lists, which end early if their rows are large and are continued by `next`."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard, DashboardTemplate, Insight
from dashboards.readers import dashboards_list
from dashboards_api import limits
from tests.builders import Person, make_dashboard, make_insight, make_session, make_template

LISTS = [
    "dashboards/",
    "dashboards/?search=row",
    "insights/",
    "insights/?search=row",
    "dashboard_templates/?search=row",
]
ROWS = 7


@pytest.fixture
def rows(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create seven rows in each list, one of 50,000 characters and six of 1,000, and limit pages to 3,500."""
    for number in range(ROWS):
        size = 50_000 if number == 4 else 1000
        board, insight = make_dashboard(alice, f"row {number}"), make_insight(alice, name=f"row {number}")
        Dashboard.objects.filter(pk=board.pk).update(description="d" * size)
        Insight.objects.filter(pk=insight.pk).update(query={"kind": "q" * size})
        template = make_template(alice.membership.project, f"row {number}")
        DashboardTemplate.objects.filter(pk=template.pk).update(dashboard_description="d" * size)
    monkeypatch.setattr(limits, "PAGE_MAX_LENGTH", 3_500)
    monkeypatch.setattr(dashboards_list, "ROW_SIZE", 10)
    monkeypatch.setattr(dashboards_list, "ROWS_THAT_FIT", 0)


def follow_next(person: Person, path: str) -> list[list[dict[str, Any]]]:
    """Return all pages, following `next`."""
    pages = []
    while path:
        answer = person.api.get(path).json
        assert answer["count"] == ROWS
        pages.append(answer["results"])
        path = answer["next"] and answer["next"].removeprefix("http://testserver")
    return pages


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [2, 1000])
def test_following_next_returns_each_row_once(alice: Person, path: str, limit: int) -> None:
    pages = follow_next(alice, f"{path}{'&' if '?' in path else '?'}limit={limit}")
    shown = [row.get("name") or row["template_name"] for page in pages for row in page]
    expected = sorted(shown, reverse=path.startswith("insights/"))
    assert (shown, len(set(shown))) == (expected, ROWS)
    assert max(len(page) for page in pages) == min(limit, 3)
    [alone] = [page for page in pages if any("4" in (row.get("name") or row["template_name"]) for row in page)]
    assert len(alone) == 1


@pytest.mark.usefixtures("rows")
def test_large_text_is_complete_on_its_page(alice: Person) -> None:
    [[row]] = [page for page in follow_next(alice, "dashboards/") if page[0]["name"] == "row 4"]
    assert row["description"] == "d" * 50_000


@pytest.mark.usefixtures("rows")
def test_short_page_is_continued_by_its_offset(alice: Person) -> None:
    first = alice.api.get("dashboards/").json["results"]
    second = alice.api.get("dashboards/", offset=len(first)).json["results"]
    assert [row["name"] for row in first + second] == ["row 0", "row 1", "row 2", "row 3"]


@pytest.mark.usefixtures("rows")
def test_console_continues_after_a_short_page(alice: Person) -> None:
    browser = make_session(alice)
    page = browser.client.get(f"/projects/{alice.membership.project_id}/dashboards")
    text = page.content.decode()
    assert "row 2" in text
    assert "row 3" not in text
    assert "offset=3" in text


def test_rows_above_todays_limits_are_found_without_being_read(alice: Person) -> None:
    board = make_dashboard(alice, "large")
    make_dashboard(alice, "small")
    Dashboard.objects.filter(pk=board.pk).update(description="d" * 3_000_000, tag_names=["t" * 40_000])
    with CaptureQueriesContext(connection) as queries:
        rows = alice.api.get("dashboards/").json["results"]
    assert [(row["name"], len(row["description"]), len(row["tags"])) for row in rows] == [
        ("large", 3_000_000, 1),
        ("small", 0, 0),
    ]
    listed = [each["sql"] for each in queries if 'FROM "dashboards_dashboard"' in each["sql"]]
    assert len(listed) == 3  # the list, the sizes and the large strings


def test_size_of_an_insight_includes_its_tiles(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    boards = [make_dashboard(alice) for _ in range(3)]
    for number in range(4):
        make_insight(alice, *boards, name=str(number))
    monkeypatch.setattr(limits, "PAGE_MAX_LENGTH", 1_000)
    assert len(alice.api.get("insights/").json["results"]) == 2


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_built_in_templates_keep_their_position_among_short_pages(alice: Person, limit: int) -> None:
    path, shown = f"dashboard_templates/?limit={limit}", []
    while path:
        answer = alice.api.get(path).json
        assert answer["count"] == ROWS + 2
        shown += [row["template_name"] for row in answer["results"]]
        path = answer["next"] and answer["next"].removeprefix("http://testserver")
    assert shown == ["Product analytics", *(f"row {number}" for number in range(ROWS)), "Website"]
