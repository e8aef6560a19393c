"""Accessibility: the findings of axe-core on every page, in both themes."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.shared_dashboards import require_password, share_dashboard
from tests.live.conftest import Service

AXE = os.environ.get("AXE", "")
SERIOUS = frozenset({"serious", "critical"})
EVERY = SERIOUS | {"minor", "moderate"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_violations(
    chromium: Browser, service: Service, admin: dict[str, str], api: httpx.Client, theme: str
) -> None:
    assert AXE, "set AXE to the path of axe.min.js of the npm package axe-core"
    require_password(api, locked := share_dashboard(api))
    # The policy of the pages would block the script of axe-core.
    with chromium.new_context(base_url=service.base, bypass_csp=True, color_scheme=theme) as context:  # type: ignore[arg-type]  # a string from the parameters
        page = context.new_page()
        faults: dict[str, list[str]] = {}

        def check(*paths: str) -> None:
            for path in paths:
                page.goto(path)
                faults[path] = find_violations(page)

        check(share_dashboard(api), locked, f"/shared/{'a' * 30}", "/nowhere", "/login")
        page.get_by_label("E-mail address").fill(admin["email"])
        page.get_by_label("Password").fill(admin["password"])
        page.get_by_role("button", name="Sign in").click()
        home = "/projects/1/dashboards"
        check(
            home,
            f"{home}/1",
            f"{home}/1/tiles",
            f"{home}/1/history",
            f"{home}/1/versions/1",
            *(f"{home}/1?panel={panel}" for panel in ("add", "filters", "access", "share", "tile&tile=1")),
            *(
                f"{home}/1/insights/new?kind={kind}"
                for kind in ("trends", "funnel", "retention", "lifecycle", "stickiness", "sql")
            ),
            "/projects/1/templates",
            f"{home}?trash=true",
            f"{home}/999999",
            "/account",
            "/keys",
        )
        page.get_by_label("Label").fill(theme)
        page.get_by_label("Everything").check()
        page.get_by_role("button", name="Create key").click()
        faults["a new key"] = find_violations(page)
        check("/projects/1/settings")
        check("/projects/1/members")
        page.get_by_label("E-mail address").fill(f"{theme}@example.com")
        page.get_by_role("button", name="Create invitation link").click()
        faults["a new member"] = find_violations(page)
        check(page.get_by_label("Invitation link", exact=True).input_value())
    assert len(faults) == 31
    assert {path: found for path, found in faults.items() if found} == {}


def find_violations(page: Page, impacts: frozenset[str] = SERIOUS) -> list[str]:
    """Return the violations on a page with all details expanded."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.add_script_tag(content=Path(AXE).read_text())
    results = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
    assert len(results["passes"]) > 5  # it really ran
    return [
        f"{each['id']}: {node['target']}"
        for each in results["violations"]
        if each["impact"] in impacts
        for node in each["nodes"]
    ]
