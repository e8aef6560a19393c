"""The page of the OpenAPI document in a real browser. The fixture `page` fails on violations of its policy."""

import re

from playwright.sync_api import Page, expect


def test_operation_is_called_with_the_session_of_the_browser(page: Page, admin: dict[str, str]) -> None:
    page.goto("/login")
    page.get_by_label("E-mail address").fill(admin["email"])
    page.get_by_label("Password").fill(admin["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboards")
    page.goto("/api/schema/swagger-ui/")
    expect(page.locator(".info .title")).to_contain_text("dashboards-api")
    operation = page.locator("[id$=-dashboards_create]")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("project_id").fill("1")
    operation.locator("textarea").fill('{"name": "By hand"}')
    with page.expect_response("**/api/projects/1/dashboards/") as sent:
        operation.get_by_role("button", name="Execute").click()
    assert sent.value.status == 201
    assert sent.value.request.headers["x-csrftoken"]


def test_the_page_lists_each_operation_once(page: Page) -> None:
    page.goto("/api/schema/swagger-ui/")
    expect(page.locator("[id$=-dashboards_create]")).to_have_count(1)
    expect(page.locator("[id*=-environments_]")).to_have_count(0)


def test_operation_has_a_url_of_its_own(page: Page) -> None:
    page.goto("/api/schema/swagger-ui/")
    operation = page.locator("[id$=-dashboards_create]")
    operation.locator(".opblock-summary-control").click()
    expect(page).to_have_url(re.compile("swagger-ui/#/.*/dashboards_create$"))
    page.reload()
    expect(operation.get_by_role("button", name="Try it out")).to_be_visible()


def test_tags_are_filtered(page: Page) -> None:
    page.goto("/api/schema/swagger-ui/")
    page.get_by_placeholder("Filter by tag").fill("insights")
    expect(page.locator("[id$=-insights_create]")).to_be_visible()
    expect(page.locator("[id$=-dashboards_create]")).to_have_count(0)


def test_an_operation_shows_its_example_without_a_choice_of_one(page: Page) -> None:
    page.goto("/api/schema/swagger-ui/#/dashboards/dashboards_create")
    operation = page.locator("[id$=-dashboards_create]")
    expect(operation.locator(".opblock-section-request-body")).to_contain_text("## Runbook")
    expect(operation.locator(".examples-select").first).to_be_hidden()
    expect(operation.locator(".response-col_links").first).to_be_hidden()


def test_the_page_has_the_color_scheme_of_the_system(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/api/schema/swagger-ui/")
    expect(page.locator("html")).to_have_class("dark-mode")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).not_to_have_class("dark-mode")
