"""User journeys in a real browser, on a wide screen and on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shared_dashboards import SHARE_PASSWORD, require_password, share_dashboard
from tests.live.conftest import Service


@pytest.fixture
def signed_in_page(page: Page, admin: dict[str, str]) -> Page:
    page.goto("/")
    page.get_by_label("E-mail address").fill(admin["email"])
    page.get_by_label("Password").fill(admin["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboards")
    return page


@pytest.fixture
def shared(api: httpx.Client) -> str:
    return share_dashboard(api)


def test_shared_dashboard_requires_no_script(chromium: Browser, service: Service, shared: str) -> None:
    with chromium.new_context(java_script_enabled=False, base_url=service.base) as context:
        page = context.new_page()
        page.goto(shared)
        expect(page.get_by_role("heading", level=1)).to_have_text("Shared board")
        expect(page.get_by_text("This insight could not be computed.")).to_be_visible()
        assert context.cookies() == []


def test_tiles_are_placed_by_their_layouts(page: Page, shared: str) -> None:
    page.goto(shared)
    text, button = page.locator(".tile--text").bounding_box(), page.locator(".tile--button").bounding_box()
    assert text is not None
    assert button is not None
    assert page.viewport_size is not None
    is_wide = page.viewport_size["width"] > 768
    assert (button["x"] > text["x"] + text["width"]) is is_wide
    assert (button["y"] >= text["y"] + text["height"]) is not is_wide
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_password_unlocks_a_shared_dashboard(page: Page, shared: str, api: httpx.Client) -> None:
    require_password(api, shared)
    page.goto(shared)
    expect(page.get_by_role("heading", level=1)).to_have_text("This dashboard is protected")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong password.")
    page.get_by_label("Password").fill(SHARE_PASSWORD)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shared board")


def test_dashboard_is_created_edited_shared_deleted_and_restored(signed_in_page: Page, service: Service) -> None:
    page = signed_in_page
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
    assert page.get_by_label("Link", exact=True).input_value().startswith(f"{service.base}/shared/")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Name of a copy").fill("Journey, again")
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Journey, again")
    page.go_back()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete this dashboard").click()
    page.get_by_role("link", name="Trash").click()
    page.get_by_role("button", name="Restore Journey").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Journey")


def test_tiles_are_edited_moved_resized_and_removed(signed_in_page: Page) -> None:
    page = signed_in_page
    page.get_by_label("Name of a new dashboard").fill("Tiles")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Tiles", exact=True).click()
    page.get_by_label("Text, in Markdown").fill("# First")
    page.get_by_role("button", name="Add", exact=True).first.click()
    page.get_by_text("Add a button").click()
    page.get_by_label("Label").fill("Handbook")
    page.get_by_label("Link").fill("/handbook")
    page.get_by_role("button", name="Add", exact=True).last.click()
    panels = page.locator("section[id^=edit-]")
    expect(panels.get_by_role("heading")).to_have_text(["First", "Handbook"])
    panels.first.get_by_role("button", name="Wider: First").focus()
    page.keyboard.press("Enter")
    expect(panels.first).to_contain_text("7 columns")
    panels.first.get_by_role("button", name="Move down: First").click()
    expect(panels.get_by_role("heading")).to_have_text(["Handbook", "First"])
    panels.last.get_by_label("Text").fill("# Second")
    panels.last.get_by_role("button", name="Save text").click()
    panels.first.get_by_role("button", name="Remove: Handbook").click()
    expect(panels).to_have_count(1)
    page.get_by_role("link", name="Tiles", exact=True).click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible()


def test_key_is_created_copied_used_rolled_and_revoked(signed_in_page: Page, service: Service) -> None:
    def status(value: str) -> int:
        headers = {"Authorization": f"Bearer {value}"}
        return httpx.get(f"{service.base}/api/users/@me/", headers=headers).status_code

    page = signed_in_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Label").fill("Browser")
    page.get_by_label("Everything").check()
    page.get_by_role("button", name="Create key").click()
    value = page.get_by_label("The new key").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == value
    assert status(value) == 200
    page.get_by_label("Rotate Browser", exact=True).click()
    page.get_by_role("button", name="Rotate Browser: confirm").click()
    rolled = page.get_by_label("The new key").input_value()
    assert (status(value), status(rolled)) == (401, 200)
    page.get_by_label("Revoke Browser", exact=True).click()
    page.get_by_role("button", name="Revoke Browser: confirm").click()
    expect(page.get_by_label("Revoke Browser")).to_have_count(0)
    assert status(rolled) == 401


def test_member_joins_by_a_link_and_changes_the_password(
    signed_in_page: Page, chromium: Browser, service: Service
) -> None:
    page = signed_in_page
    email = f"eve{page.viewport_size['width'] if page.viewport_size else 0}@example.com"
    page.get_by_role("link", name="Members").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Create invitation link").click()
    link = page.get_by_label("Invitation link").input_value()
    with chromium.new_context(base_url=service.base) as context:
        theirs = context.new_page()
        theirs.goto(link)
        theirs.get_by_label("Name").fill("Eve")
        theirs.get_by_label("Password").fill("a first password")
        theirs.get_by_role("button", name="Create account and join").click()
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Dashboards")
        theirs.get_by_role("link", name=email).click()
        theirs.get_by_label("Current password").fill("a first password")
        theirs.get_by_label("New password").fill("a second password")
        theirs.get_by_role("button", name="Change password").click()
        expect(theirs.get_by_role("status")).to_contain_text("Your password is changed.")
        theirs.get_by_role("button", name="Sign out").click()
        theirs.get_by_label("E-mail address").fill(email)
        theirs.get_by_label("Password").fill("a second password")
        theirs.get_by_role("button", name="Sign in").click()
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Dashboards")


def test_unknown_page_is_a_page(page: Page) -> None:
    page.goto("/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")


@contextmanager
def serve_site(html: str) -> Iterator[str]:
    """Serve a page on localhost, which browsers treat as a different site from 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


def test_embedded_dashboard_is_unlocked_in_a_frame_of_another_site(
    chromium: Browser, service: Service, shared: str, api: httpx.Client
) -> None:
    require_password(api, shared)
    embedded = f"{service.base}{shared.replace('/shared/', '/embedded/')}"
    with chromium.new_context() as context, serve_site(f"<iframe src='{embedded}'></iframe>") as other:
        page = context.new_page()
        page.goto(other)
        frame = page.frame_locator("iframe")
        frame.get_by_label("Password").fill(SHARE_PASSWORD)
        frame.get_by_role("button", name="Open").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Shared board")


def test_signing_out_ends_access(signed_in_page: Page) -> None:
    signed_in_page.get_by_role("button", name="Sign out").click()
    expect(signed_in_page.get_by_role("heading", level=1)).to_have_text("Sign in")
    signed_in_page.goto("/projects/1/dashboards")
    expect(signed_in_page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_earlier_version_is_restored(signed_in_page: Page, api: httpx.Client) -> None:
    page = signed_in_page
    number = api.post("dashboards/", json={"name": "As it was"}).json()["id"]
    api.patch(f"dashboards/{number}/", json={"name": "As it is"})
    page.goto(f"/projects/1/dashboards/{number}")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("with the key First key").first).to_be_visible()
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("As it was")
    assert api.get(f"dashboards/{number}/").json()["name"] == "As it was"
