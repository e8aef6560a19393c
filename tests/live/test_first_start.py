"""The first start: its secrets, and the URLs that it prints."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import ROOT, Service, find_free_port, run_manage, wait_until_ready

FIRST_FILES = ("first_api_key", "setup_link")


def get_url(environment: dict[str, str]) -> str:
    return environment.get("DATABASE_URL") or f"sqlite:///{environment['DATA_DIR']}/dashboards.sqlite3"


def read_until(descriptor: int, text: str) -> str:
    """Read the output of a terminal until it contains a string, and return the output."""
    shown = b""
    deadline = time.monotonic() + 60
    while text not in shown.decode():
        assert time.monotonic() < deadline, shown.decode()
        if select.select([descriptor], [], [], 1)[0]:
            shown += os.read(descriptor, 4096)
    return shown.decode().replace("\r\n", "\n")


def test_secrets_are_written_to_private_files_if_the_output_is_not_a_terminal(service: Service) -> None:
    for name in FIRST_FILES:
        assert (service.data / name).stat().st_mode & 0o777 == 0o600
    log = service.log.read_text()
    assert f"Your first API key is in {service.data}/first_api_key\n" in log
    assert f"(once, within 24 hours) is in {service.data}/setup_link\n" in log
    assert service.printed_keys[0] not in log
    assert service.setup_links[0] not in log
    assert "phx_" not in log


def test_printed_url_and_setup_link_open_in_a_browser(service: Service) -> None:
    [address] = re.findall(r"^Serving on (\S+)$", service.log.read_text(), re.MULTILINE)
    assert address == f"{service.base}/"
    with httpx.Client(follow_redirects=True, timeout=20) as browser:
        page = browser.get(address)
        assert (page.status_code, page.url.path) == (200, "/login")
        assert browser.get(service.setup_links[0]).status_code == 200


def test_setup_link_has_the_listening_port(service: Service, environment: dict[str, str]) -> None:
    link = run_manage(environment, "setup_link", "admin@example.com").stdout.splitlines()[-1]
    assert link.startswith(f"{service.base}/setup/")
    assert httpx.get(link, timeout=20).status_code == 200


@pytest.mark.parametrize(("host", "printed"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("localhost", "127.0.0.1")])  # noqa: S104  all IP addresses are intended
def test_host_is_printed_as_an_allowed_url(
    service: Service, environment: dict[str, str], tmp_path: Path, host: str, printed: str
) -> None:
    data = {**environment, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "s" * 40}
    if "DATABASE_URL" not in data:
        data["DATABASE_URL"] = get_url(environment)
    other = Service(data, tmp_path / "log", "--host", host).wait()
    try:
        [address] = re.findall(r"^Serving on (\S+)$", other.log.read_text(), re.MULTILINE)
        assert address == f"http://{printed}:{other.port}/"
        assert httpx.get(address, follow_redirects=True, timeout=20).status_code == 200
    finally:
        other.stop()


def test_secrets_are_shown_on_a_terminal_and_not_stored(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    ours, theirs = pty.openpty()
    port = find_free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1"]
    environment = {**kept, "DATA_DIR": str(tmp_path / "data"), "LOG_LEVEL": "ERROR"}
    running = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=theirs, stderr=subprocess.DEVNULL)
    try:
        shown = read_until(ours, "Serving on")
        wait_until_ready(f"http://127.0.0.1:{port}", running)  # a worker that is starting ignores SIGTERM for 10 s
    finally:
        running.terminate()
        running.wait(timeout=20)
        os.close(ours)
        os.close(theirs)
    assert re.search(r"^Your first API key \(shown only now\): phx_\w{40,}$", shown, re.MULTILINE)
    assert re.search(r"\(once, within 24 hours\): http://127\.0\.0\.1:\d+/setup/\S+$", shown, re.MULTILINE)
    assert not [name for name in FIRST_FILES if (tmp_path / "data" / name).exists()]


def test_demo_is_the_first_page_after_setup(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    service = Service(fresh_environment, tmp_path / "log", "--demo").wait()
    try:
        with httpx.Client(follow_redirects=True, timeout=20) as browser:
            page = browser.get(service.setup_links[0])
            [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            form = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
            home = browser.post(service.setup_links[0], data={"csrfmiddlewaretoken": token, **form})
        assert home.url.path == "/projects/2/dashboards"
        assert "Website health" in home.text
    finally:
        service.stop()
