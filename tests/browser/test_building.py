"""Building a board in the console from scratch, with and without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, expect

from tests.browser.conftest import ADMIN, PageErrors
from tests.live.conftest import Service

DEMO = "/projects/2/dashboards"
BOTH = pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("building")
    running = Service({**environment, "DATA_DIR": str(folder)}, folder / "serve.log", "--demo").wait()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cookies(chromium: Browser, demo: Service) -> Any:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(demo.setup_links[0])
        page.get_by_label("Name").fill(ADMIN["name"])
        page.get_by_label("E-mail address").fill(ADMIN["email"])
        page.get_by_label("Password").fill(ADMIN["password"])
        page.get_by_role("button", name="Save and sign in").click()
        return context.cookies()


@pytest.fixture
def context(chromium: Browser, demo: Service, cookies: Any, has_scripts: bool) -> Iterator[BrowserContext]:
    options: Any = {"viewport": {"width": 1280, "height": 900}, "java_script_enabled": has_scripts}
    with chromium.new_context(base_url=demo.base, **options) as context:
        context.add_cookies(cookies)
        yield context


@pytest.fixture
def page(context: BrowserContext, demo: Service) -> Iterator[Page]:
    page = context.new_page()
    faults = PageErrors(page, demo.base)
    yield page
    assert faults.found == []


def create_board(page: Page, name: str) -> None:
    page.goto(DEMO)
    page.get_by_label("Name of a new dashboard").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def open_add_panel(page: Page) -> None:
    page.get_by_role("link", name="Add", exact=True).click()


def add_text(page: Page, text: str) -> None:
    open_add_panel(page)
    page.get_by_label("Text, in Markdown").fill(text)
    page.get_by_role("button", name="Add text").click()
    expect(page.locator("#flash")).to_contain_text("Added the text.")


def dismiss_next_dialog(page: Page) -> list[str]:
    """Dismiss the next dialog of a page. Return a list to which the type of the dialog is added."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    return asked


def get_box(tile: Locator) -> tuple[float, float, float, float]:
    box = tile.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


@BOTH
def test_board_is_built_from_nothing(page: Page, has_scripts: bool) -> None:
    create_board(page, f"Built {has_scripts}")
    page.get_by_role("link", name="Add the first tile").click()
    page.get_by_role("link", name="Trend").click()
    page.get_by_label("Name").fill("Views by browser")
    page.get_by_label("Event 1", exact=True).fill("$pageview")
    page.get_by_label("Break down by", exact=True).fill("$browser")
    page.get_by_label("Date range").select_option("Last 30 days")
    if not has_scripts:
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_label("Event 1", exact=True)).to_have_value("$pageview")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("figure, .chart").first).to_be_visible(timeout=20_000)
    expect(preview).to_contain_text("Chrome")
    page.get_by_role("button", name="Add to dashboard").click()
    expect(page.get_by_role("heading", name="Views by browser")).to_be_visible()

    open_add_panel(page)
    page.get_by_role("link", name="SQL").click()
    page.get_by_label("Query", exact=True).fill("SELECT count() AS events FROM events")
    page.get_by_label("Show as").select_option("Number")
    page.get_by_role("button", name="Add to dashboard").click()
    expect(page.get_by_role("heading", name="SQL insight")).to_be_visible()

    add_text(page, "## Read me")
    open_add_panel(page)
    page.get_by_label("Label").fill("Handbook")
    page.get_by_label("Link", exact=True).fill("example.com/handbook")
    page.get_by_role("button", name="Add button").click()
    expect(page.get_by_role("link", name="Handbook", exact=True)).to_be_visible()

    open_add_panel(page)
    page.get_by_label("Search insights").fill("countries")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add Countries").click()
    expect(page.locator(".tile")).to_have_count(5)

    page.get_by_role("link", name="Date range").click()
    page.get_by_label("Date range", exact=True).select_option("Last 14 days")
    page.get_by_label("Property 1", exact=True).fill("$browser")
    page.get_by_label("Value 1", exact=True).fill("Chrome")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name="Last 14 days, 1 filter")).to_be_visible()


@BOTH
def test_tile_is_changed_removed_and_brought_back(page: Page, has_scripts: bool) -> None:
    create_board(page, "Undo")
    add_text(page, "First")
    add_text(page, "Second")
    page.get_by_role("link", name="Edit First").click()
    page.get_by_label("Colour").select_option("Green")
    page.get_by_label("Columns").fill("12")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".tile--green")).to_contain_text("First")
    page.get_by_role("link", name="Edit First").click()
    page.get_by_role("button", name="Remove from the dashboard").click()
    expect(page.locator("#flash")).to_contain_text("Removed First.")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#flash")).to_contain_text("Undone.")
    expect(page.locator(".tile--green")).to_contain_text("First")


@pytest.mark.parametrize("has_scripts", [True])
def test_page_with_unsaved_input_is_left_only_on_confirmation(page: Page, has_scripts: bool) -> None:
    create_board(page, "Unsaved")
    page.get_by_role("link", name="Tiles", exact=True).click()
    page.get_by_label("Text, in Markdown").fill("typed for long")
    asked = dismiss_next_dialog(page)
    page.get_by_role("link", name="Unsaved").click()
    expect(page.get_by_label("Text, in Markdown")).to_have_value("typed for long")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Add", exact=True).first.click()
    expect(page.locator("section[id^=edit-]")).to_contain_text("typed for long")
    page.get_by_role("link", name="Unsaved").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unsaved")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("has_scripts", [True])
def test_previewed_insight_is_left_only_on_confirmation(page: Page, has_scripts: bool) -> None:
    create_board(page, "Previewed")
    open_add_panel(page)
    page.get_by_role("link", name="SQL").click()
    page.get_by_label("Query").fill("select 1")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main[data-unsaved]")).to_be_visible()
    asked = dismiss_next_dialog(page)
    page.get_by_role("link", name="Previewed").click()
    expect(page.get_by_label("Query")).to_have_value("select 1")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Add to").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Previewed")
    assert asked == ["beforeunload"]


@BOTH
def test_conflict_keeps_what_was_typed(page: Page, context: BrowserContext, has_scripts: bool) -> None:
    create_board(page, "Conflict")
    other = context.new_page()
    other.goto(page.url)
    for each, text in ((page, "mine"), (other, "theirs")):
        each.get_by_text("Edit", exact=True).click()
        each.get_by_label("Description").fill(text)
    other.get_by_label("Tags").fill("kept")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("#flash")).to_contain_text("Saved.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("has changed since you opened it")
    expect(page.get_by_label("Description")).to_have_value("mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".lead")).to_have_text("mine")
    expect(page.get_by_role("link", name="kept")).to_be_visible()


@BOTH
def test_sharing_panel_stays_open(page: Page, has_scripts: bool) -> None:
    create_board(page, "Sharing")
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("button", name="Share by link").click()
    expect(page.get_by_label("Link", exact=True)).to_be_visible()
    link = page.get_by_label("Link", exact=True).input_value()
    embedded = link.replace("/shared/", "/embedded/")
    assert page.get_by_label("Embed code").input_value().startswith(f'<iframe src="{embedded}"')
    page.get_by_label("Ask for a password").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_label("The new password")).to_be_visible()
    page.locator("summary", has_text="Stop sharing").click()
    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_text("Only members of")).to_be_visible()


@pytest.mark.parametrize("has_scripts", [True])
def test_tiles_are_dragged_and_resized(page: Page, has_scripts: bool) -> None:
    create_board(page, "Layout")
    add_text(page, "First")
    add_text(page, "Second")
    first, second = (page.locator(".tile", has_text=text) for text in ("First", "Second"))
    start = get_box(first)
    first.hover()
    x, y, *_ = get_box(first.locator(".tile__handle"))
    page.mouse.move(x + 5, y + 5)
    page.mouse.down()
    page.mouse.move(x + 5 + start[2], y + 5, steps=5)
    page.mouse.up()
    expect(page.locator("#flash")).to_contain_text("Moved First.")
    assert get_box(first)[0] > start[0] + start[2] * 0.9
    first.locator(".tile__handle").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#flash")).to_contain_text("column 6, row 1, 6 columns wide, 4 rows high")
    expect(page.locator("#flash")).to_contain_text("Moved First.")
    moved = get_box(first)
    page.reload()
    assert get_box(first)[::2] == moved[::2]  # the message above moves it down
    assert get_box(first)[3] == moved[3]
    expect(second).to_be_visible()


@pytest.mark.parametrize("has_scripts", [False])
def test_layout_by_buttons_without_scripts(page: Page, has_scripts: bool) -> None:
    create_board(page, "Buttons")
    add_text(page, "First")
    add_text(page, "Second")
    page.get_by_role("link", name="Tiles", exact=True).click()
    page.get_by_role("button", name="Wider: First").click()
    expect(page.locator("section[id^=edit-]").first).to_contain_text("7 columns")
    page.get_by_role("button", name="Move down: First").click()
    expect(page.locator("section[id^=edit-]").last).to_contain_text("First")
