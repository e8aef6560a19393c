"""Computed results in a real browser: the dashboards of the demo, in the console and through a share link."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.browser.conftest import ADMIN, PageErrors
from tests.browser.test_accessibility import AXE, EVERY, find_violations
from tests.live.conftest import Service

DEMO = "/projects/2/dashboards"
SECONDS_TO_COMPUTE = 60


@pytest.fixture(scope="module")
def demo(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service whose demo has all its results."""
    running = Service(environment, tmp_path_factory.mktemp("log") / "serve.log", "--demo").wait()
    with httpx.Client(headers={"Authorization": f"Bearer {running.printed_keys[0]}"}) as client:
        wait_for_results(client, f"{running.base}/api{DEMO}/")
    yield running
    running.stop()


def wait_for_results(client: httpx.Client, path: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_COMPUTE
    while True:
        boards = [client.get(f"{path}{board['id']}/").json() for board in client.get(path).json()["results"]]
        states = [tile["insight"]["result_state"] for board in boards for tile in board["tiles"] if tile["insight"]]
        if set(states) == {"computed"}:
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.3)


@pytest.fixture(scope="module")
def cookies(demo: Service, chromium: Browser) -> list[Any]:
    """Set up the first admin, and return the cookies of the session."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(demo.setup_links[0])
        page.get_by_label("Name").fill(ADMIN["name"])
        page.get_by_label("E-mail address").fill(ADMIN["email"])
        page.get_by_label("Password").fill(ADMIN["password"])
        page.get_by_role("button", name="Save and sign in").click()
        return list(context.cookies())


@pytest.fixture
def shared(demo: Service) -> str:
    """Return the path of a shared dashboard with all its details."""
    headers = {"Authorization": f"Bearer {demo.printed_keys[0]}"}
    settings = {"enabled": True, "settings": {"detailed": True}}
    answer = httpx.patch(f"{demo.base}/api{DEMO}/2/sharing/", json=settings, headers=headers)
    return f"/shared/{answer.json()['access_token']}"


def get_font_size(locator: Locator) -> str:
    size: str = locator.evaluate("node => getComputedStyle(node).fontSize")
    return size


def open_context(chromium: Browser, demo: Service, cookies: list[Any], **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=demo.base, **options)
    context.add_cookies(cookies)
    return context


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_violations_of_results(
    chromium: Browser, demo: Service, cookies: list[Any], shared: str, theme: str, width: int
) -> None:
    assert AXE, "set AXE to the path of axe.min.js of the npm package axe-core"
    options = {"bypass_csp": True, "color_scheme": theme, "viewport": {"width": width, "height": 900}}
    with open_context(chromium, demo, cookies, **options) as context:
        page = context.new_page()
        faults = {}
        for path in (f"{DEMO}/1", f"{DEMO}/2", f"{DEMO}/3", shared):
            page.goto(path)
            assert page.locator(".tile--insight .age").count() == page.locator(".tile--insight").count()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            faults[path] = find_violations(page, EVERY)
        assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_results_are_drawn_without_scripts(
    chromium: Browser, demo: Service, cookies: list[Any], shared: str, width: int
) -> None:
    options = {"java_script_enabled": False, "viewport": {"width": width, "height": 900}}
    with open_context(chromium, demo, cookies, **options) as context:
        page = context.new_page()
        errors = PageErrors(page, demo.base)
        for path in (f"{DEMO}/2", shared):
            page.goto(path)
            assert float(page.locator(".number").inner_text().replace(",", "")) > 100
            for drawn in (".plot__area svg", ".bars svg", ".chart--pie svg", ".grid table"):
                box = page.locator(drawn).first.bounding_box()
                assert box is not None
                assert box["width"] > 50
                assert box["height"] > 10
            sizes = {get_font_size(label) for label in page.locator(".plot li, .tick:visible").all()}
            assert sizes == {"12px"}
        assert errors.found == []


def test_refresh_computes_again_and_reloads_the_page(chromium: Browser, demo: Service, cookies: list[Any]) -> None:
    with open_context(chromium, demo, cookies, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{DEMO}/1")
        before = page.locator("time").first.get_attribute("datetime")
        page.get_by_role("button", name="Refresh").click()
        expect(page.locator(".notice")).to_have_count(0, timeout=30_000)
        assert page.locator("time").first.get_attribute("datetime") != before
