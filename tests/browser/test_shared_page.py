"""Shared pages in a browser: the form without scripts, on a phone, and in print."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shared_dashboards import share_dashboard
from tests.browser.test_accessibility import AXE, EVERY, find_violations
from tests.live.conftest import Service

# Elements that would show a scroll bar.
SCROLLING = """() => [...document.querySelectorAll("*")].filter((each) => {
  const style = getComputedStyle(each);
  const scrolls = (value) => value === "auto" || value === "scroll";
  return (scrolls(style.overflowX) && each.scrollWidth > each.clientWidth + 1)
    || (scrolls(style.overflowY) && each.scrollHeight > each.clientHeight + 1);
}).map((each) => each.className)"""
WIDE_TABLE = "|".join(["", *(f"column number {number}" for number in range(30)), ""])


@pytest.fixture
def shared(api: httpx.Client) -> str:
    """Return the path of a shared dashboard with a wide table, whose viewers may choose dates."""
    path = share_dashboard(api)
    board = allow_dates(api, path)
    separator = "|".join(["", *["---"] * 30, ""])
    text = f"{WIDE_TABLE}\n{separator}\n{WIDE_TABLE}\n\n```\n{'long line ' * 60}\n```"
    tile: Any = {"text": {"body": text}, "layouts": {"sm": {"x": 0, "y": 30, "w": 4, "h": 3}}}
    assert api.patch(f"dashboards/{board}/", json={"tiles": [tile]}).status_code == 200
    return path


def allow_dates(api: httpx.Client, path: str) -> int:
    """Let viewers of a shared dashboard choose dates, and return its id."""
    numbers = [each["id"] for each in api.get("dashboards/").json()["results"]]
    [board] = [number for number in numbers if is_shared_as(api, number, path)]
    settings = {"allow_overrides": ["date_from", "date_to"]}
    assert api.patch(f"dashboards/{board}/sharing/", json={"settings": settings}).status_code == 200
    return int(board)


def is_shared_as(api: httpx.Client, number: int, path: str) -> bool:
    token: str = api.get(f"dashboards/{number}/sharing/").json()["access_token"]
    return path.endswith(token)


def test_range_is_chosen_without_a_script(chromium: Browser, service: Service, shared: str) -> None:
    with chromium.new_context(java_script_enabled=False, base_url=service.base) as context:
        page = context.new_page()
        page.goto(f"{shared}?refresh_every=5m")
        expect(page.get_by_label("From")).to_be_hidden()
        page.get_by_label("Dates").select_option("Last 30 days")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("Last 30 days").first).to_be_visible()
        assert "refresh_every=5m" in page.url
        page.get_by_label("Dates").select_option("Custom dates")
        page.get_by_label("From").fill("2026-11-01")
        page.get_by_label("To").fill("2026-11-30")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("1 Nov \u2013 30 Nov 2026")).to_be_visible()
        expect(page.get_by_label("From")).to_have_value("2026-11-01")
        page.get_by_role("link", name="Reset").click()
        assert page.url.endswith(f"{shared}?refresh_every=5m")


def test_page_does_not_scroll_sideways(page: Page, shared: str) -> None:
    page.goto(shared)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [page.get_by_label("Dates").bounding_box(), page.get_by_role("button", name="Show").bounding_box()]
    assert all(box and box["height"] >= 32 for box in boxes)


def test_paper_is_landscape_with_twelve_columns_and_no_scroll_bars(page: Page, shared: str) -> None:
    page.goto(shared)
    content = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", content)
    assert sizes
    assert all(float(width) > float(height) for width, height in sizes)
    page.set_viewport_size({"width": 1056, "height": 816})  # a page of letter paper
    page.emulate_media(media="print")
    columns = page.locator(".tile-grid").evaluate("each => getComputedStyle(each).gridTemplateColumns")
    assert len(columns.split()) == 12
    assert page.evaluate(SCROLLING) == []
    expect(page.locator(".printed")).to_contain_text(shared)
    expect(page.get_by_role("button", name="Show")).to_be_hidden()


def test_cut_off_link_says_so(page: Page, shared: str) -> None:
    page.goto(shared[:20])
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    expect(page.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violations_of_the_form(
    chromium: Browser, service: Service, api: httpx.Client, theme: Any
) -> None:
    assert AXE, "set AXE to the path of axe.min.js of the npm package axe-core"
    path = share_dashboard(api)
    allow_dates(api, path)
    with chromium.new_context(base_url=service.base, bypass_csp=True, color_scheme=theme) as context:
        page = context.new_page()
        for each in (f"{path}?range=custom&date_from=2026-11-01", path[:20]):
            page.goto(each)
            assert find_violations(page, EVERY) == []
