"""Screenshots of every page, for wide screens and phones, light and dark: `python -m tests.browser.screenshots`."""

import os
import shutil
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.live.conftest import ROOT, Service

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {"wide": 1280, "phone": 390}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DATA_DIR": data, "PYTHONUNBUFFERED": "1"}
        service = Service(environment, Path(data) / "serve.log", "--demo").wait()
        try:
            with sync_playwright() as playwright:
                path = os.environ.get("CHROMIUM") or shutil.which("chromium")
                take_all(playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]), service)
        finally:
            service.stop()


def take_all(browser: Browser, service: Service) -> None:
    shared, locked = create_shared_links(service)
    sign_up(browser, service)
    for width_name, width in WIDTHS.items():
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=service.base,
                viewport={"width": width, "height": 800},
                color_scheme=theme,
            )
            page = context.new_page()

            def take(name: str, path: str, page: Page = page, suffix: str = f"{width_name}-{theme}") -> None:
                page.goto(path)
                page.screenshot(path=FOLDER / f"{name}-{suffix}.png", full_page=True)

            take("shared", shared)
            take("password", locked)
            take("nothing", f"/shared/{'a' * 30}")
            take("sign-in", "/login")
            page.get_by_label("E-mail address").fill("ada@example.com")
            page.get_by_label("Password").fill("correct horse battery")
            page.get_by_role("button", name="Sign in").click()
            take("dashboards", "/projects/2/dashboards")
            take("dashboard", "/projects/2/dashboards/2")
            take("tiles", "/projects/2/dashboards/2/tiles")
            take("history", "/projects/2/dashboards/2/history")
            take("members", "/projects/2/members")
            take("account", "/account")
            take("keys", "/keys")
            context.close()


def create_shared_links(service: Service) -> tuple[str, str]:
    """Share two dashboards of the demo, the second with a password, and return their paths."""
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    with httpx.Client(base_url=f"{service.base}/api/projects/2/dashboards/", headers=headers, timeout=60) as api:
        for number in (1, 2, 3):
            api.get(f"{number}/", params={"refresh": "blocking"})
        tokens = [
            api.patch(f"{number}/sharing/", json={"enabled": True, "password_required": locked}).json()["access_token"]
            for number, locked in ((2, False), (1, True))
        ]
        api.patch("1/", json={"pinned": True})
        for body in ({"description": "Visitors."}, {"tags": ["weekly"]}, {"name": "Website"}):
            api.patch("2/", json=body)
        api.post("2/versions/1/restore/")
    return f"/shared/{tokens[0]}", f"/shared/{tokens[1]}"


def sign_up(browser: Browser, service: Service) -> None:
    [link] = service.setup_links
    page = browser.new_page()
    page.goto(link)
    page.get_by_label("Name").fill("Ada Admin")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.screenshot(path=FOLDER / "setup-wide-light.png")
    page.get_by_role("button", name="Save and sign in").click()
    page.close()


if __name__ == "__main__":
    main()
