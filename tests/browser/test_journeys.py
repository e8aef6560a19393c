"""What people do with the pages, in a real browser, on a wide screen and on a phone."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live.conftest import Service

AXE = os.environ.get("AXE", "")


@pytest.fixture
def signed_in(page: Page, admin: dict[str, str]) -> Page:
    page.goto("/")
    page.get_by_label("E-mail address").fill(admin["email"])
    page.get_by_label("Password").fill(admin["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboards")
    return page


@pytest.fixture
def api(service: Service) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/1/", headers=headers) as client:
        yield client


@pytest.fixture
def shared(api: httpx.Client) -> str:
    """The path of a shared dashboard with a tile of each kind."""
    tiles = [
        {
            "text": {"body": "## Hello\n\n[more](https://example.com/)"},
            "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 4}},
        },
        {"button_tile": {"url": "/handbook", "text": "Handbook"}, "layouts": {"sm": {"x": 6, "y": 0, "w": 6, "h": 4}}},
    ]
    board = api.post("dashboards/", json={"name": "Shared board", "tiles": tiles}).json()["id"]
    api.post("insights/", json={"name": "Visits", "query": {"kind": "TrendsQuery"}, "dashboards": [board]})
    token = api.patch(f"dashboards/{board}/sharing/", json={"enabled": True}).json()["access_token"]
    return f"/shared/{token}"


def test_a_shared_dashboard_needs_no_script(chromium: Browser, service: Service, shared: str) -> None:
    with chromium.new_context(java_script_enabled=False, base_url=service.base) as context:
        page = context.new_page()
        page.goto(shared)
        expect(page.get_by_role("heading", level=1)).to_have_text("Shared board")
        expect(page.get_by_text("No result yet")).to_be_visible()
        assert context.cookies() == []


def test_tiles_lie_as_their_layouts_say(page: Page, shared: str) -> None:
    page.goto(shared)
    text, button = page.locator(".tile--text").bounding_box(), page.locator(".tile--button").bounding_box()
    assert text is not None
    assert button is not None
    assert page.viewport_size is not None
    is_wide = page.viewport_size["width"] > 768
    assert (button["x"] > text["x"] + text["width"]) is is_wide
    assert (button["y"] >= text["y"] + text["height"]) is not is_wide
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_password_opens_a_shared_dashboard(page: Page, shared: str, api: httpx.Client) -> None:
    token = shared.rpartition("/")[2]
    rows = api.get("dashboards/").json()["results"]
    paths = [f"dashboards/{row['id']}/sharing/" for row in rows]
    [path] = [path for path in paths if api.get(path).json()["access_token"] == token]
    api.patch(path, json={"password_required": True})
    api.post(f"{path}passwords/", json={"raw_password": "open sesame"})
    page.goto(shared)
    expect(page.get_by_role("heading", level=1)).to_have_text("This dashboard is protected")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shared board")


def test_a_dashboard_is_made_edited_shared_deleted_and_restored(signed_in: Page, service: Service) -> None:
    page = signed_in
    page.get_by_label("Name of a new dashboard").fill("Journey")
    page.get_by_role("button", name="Create").click()
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Description").fill("along the way")
    page.get_by_label("Tags").fill("One, two")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("along the way").first).to_be_visible()
    expect(page.get_by_role("link", name="one", exact=True)).to_be_visible()
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("button", name="Share by link").click()
    page.get_by_text("Share", exact=True).click()
    assert page.get_by_label("Link").input_value().startswith(f"{service.base}/shared/")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete this dashboard").click()
    page.get_by_role("link", name="Trash").click()
    page.get_by_role("button", name="Restore Journey").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Journey")


def test_a_key_is_made_works_and_is_revoked(signed_in: Page, service: Service) -> None:
    page = signed_in
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Label").fill("Browser")
    page.get_by_label("Everything").check()
    page.get_by_role("button", name="Make key").click()
    value = page.get_by_label("The new key").input_value()
    headers = {"Authorization": f"Bearer {value}"}
    assert httpx.get(f"{service.base}/api/users/@me/", headers=headers).status_code == 200
    page.get_by_role("button", name="Revoke Browser").click()
    expect(page.get_by_role("button", name="Revoke Browser")).to_have_count(0)
    assert httpx.get(f"{service.base}/api/users/@me/", headers=headers).status_code == 401


def test_signing_out_closes_the_door(signed_in: Page) -> None:
    signed_in.get_by_role("button", name="Sign out").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Sign in")
    signed_in.goto("/projects/1/dashboards")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    chromium: Browser, service: Service, admin: dict[str, str], shared: str, theme: str
) -> None:
    assert AXE, "set AXE to the path of axe.min.js of the npm package axe-core"
    # The policy of the pages would not let the checker in.
    with chromium.new_context(base_url=service.base, bypass_csp=True, color_scheme=theme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        faults = {path: serious(page, path) for path in (shared, "/shared/" + "a" * 30, "/login")}
        page.get_by_label("E-mail address").fill(admin["email"])
        page.get_by_label("Password").fill(admin["password"])
        page.get_by_role("button", name="Sign in").click()
        pages = ("dashboards", "dashboards/1", "dashboards/1/tiles", "members")
        paths = ("/keys", "/account", *(f"/projects/1/{each}" for each in pages))
        faults |= {path: serious(page, path) for path in paths}
    assert {path: found for path, found in faults.items() if found} == {}


def serious(page: Page, path: str) -> list[str]:
    page.goto(path)
    for summary in page.locator("summary").all():
        summary.click()
    page.add_script_tag(content=Path(AXE).read_text())
    results = page.evaluate("axe.run()")
    assert len(results["passes"]) > 5  # it really looked
    return [
        f"{each['id']}: {node['target']}"
        for each in results["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
