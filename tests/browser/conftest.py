"""A real browser and a running service. The fixture `page` fails if its page has violations."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.live.conftest import Service, environment, service
from tests.one_database import IS_ABOUT_THE_DATABASE

__all__ = ["environment", "service"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ADMIN = {"name": "Ada Admin", "email": "ada@example.com", "password": "correct horse battery"}
# The browser logs the status of error pages, which some tests open. Swagger UI warns that the underscores of operation
# ids in the URL may be an old encoding of spaces, but finds the operation.
HARMLESS = re.compile(r"status of (400|401|404|409)|escaping deep link whitespace")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    assert CHROMIUM, "these tests need the browser: install chromium, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


class PageErrors:
    """The problems of a page.

    These are violations of its security policy, console errors, failed requests, and requests to other hosts.
    """

    def __init__(self, page: Page, base: str) -> None:
        self.found: list[str] = []
        page.on("console", lambda message: self.record_violation(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: self.record_violation(True, str(error)))
        page.on("request", lambda request: self.record_violation(not request.url.startswith(base), request.url))
        page.on("requestfailed", self.note_failed)

    def note_failed(self, request: Request) -> None:
        # A browser aborts pending requests when it leaves a page.
        self.record_violation(request.failure != "net::ERR_ABORTED", f"failed: {request.url} {request.failure}")

    def record_violation(self, is_fault: bool, text: str) -> None:
        if is_fault and not HARMLESS.search(text):
            self.found.append(text)


WIDTHS: dict[str, int] = {"phone": 390} if IS_ABOUT_THE_DATABASE else {"wide": 1280, "phone": 390}


@pytest.fixture(params=list(WIDTHS.values()), ids=list(WIDTHS))
def page(chromium: Browser, service: Service, request: pytest.FixtureRequest) -> Iterator[Page]:
    options: Any = {"viewport": {"width": request.param, "height": 900}, "base_url": service.base}
    with chromium.new_context(**options) as context:
        new_page = context.new_page()
        faults = PageErrors(new_page, service.base)
        yield new_page
        assert faults.found == []


@pytest.fixture(scope="module")
def admin(service: Service, chromium: Browser) -> dict[str, str]:
    """Set up the first admin with the set-up link of the first start."""
    [link] = service.setup_links
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_label("Name").fill(ADMIN["name"])
        page.get_by_label("E-mail address").fill(ADMIN["email"])
        page.get_by_label("Password").fill(ADMIN["password"])
        page.get_by_role("button", name="Save and sign in").click()
        assert page.url.endswith("/projects/1/dashboards")
    return ADMIN


@pytest.fixture
def api(service: Service) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/1/", headers=headers) as client:
        yield client
