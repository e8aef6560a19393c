"""The service behind each proxy of docs/proxies/: sign-in, API requests, and forged headers."""

import json
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from dashboards_api.http.middleware import SECRET_PATH_PREFIXES
from tests.engine.conftest import wait_until
from tests.live.conftest import ROOT, Service, environment
from tests.ops.proxies import CLIENT, DASHBOARDS, METRICS_TOKEN, NEIGHBOUR, Proxy, admin, proxy, public_port, service

__all__ = ["admin", "environment", "proxy", "public_port", "service"]

EMAIL, PASSWORD = "admin@example.com", "correct horse battery"
HIDDEN = ["/metrics", "/readyz"]
# Variants of the path that some servers treat as /metrics.
ODD = ["/%6detrics", "//metrics", "/./metrics", "/a/../metrics", "/metrics/", "/metrics;x", "/METRICS", "/metrics%00"]


def build_forged_headers(number: int = 1) -> dict[str, str]:
    """Return headers that claim another IP address of the client and plain http."""
    return {
        "X-Forwarded-For": f"203.0.113.{number}",
        "X_Forwarded_For": f"198.51.100.{number}",
        "X-Forwarded_For": f"192.0.2.{number}",
        "X-Forwarded-Proto": "http",
        "X_Forwarded_Proto": "http",
    }


def build_form(page: httpx.Response, **fields: str) -> dict[str, str]:
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text))
    return {"csrfmiddlewaretoken": token, **fields}


def parse_set_cookie(answer: httpx.Response) -> dict[str, set[str]]:
    """Return the attributes of each cookie of a response."""
    lines = [line.lower().split("; ") for line in answer.headers.get_list("set-cookie")]
    return {line[0].partition("=")[0]: set(line[1:]) for line in lines}


def make_setup_link(environment: dict[str, str], proxy: Proxy) -> str:
    command = [sys.executable, "manage.py", "setup_link", EMAIL]
    settings = environment | {"PUBLIC_URL": proxy.base}
    done = subprocess.run(command, cwd=ROOT, env=settings, check=True, capture_output=True, text=True)
    found = re.search(r"https://\S+/setup/\S+", done.stdout)
    assert found, done.stdout
    return found[0]


def read_last_request(service: Service) -> dict[str, Any]:
    lines = [line for line in service.log.read_text().splitlines() if '"event":"request"' in line]
    request: dict[str, Any] = json.loads(lines[-1])
    return request


def test_sign_in_on_a_port_other_than_443(proxy: Proxy, environment: dict[str, str]) -> None:
    link = make_setup_link(environment, proxy)
    assert link.startswith(f"{proxy.base}/setup/")
    with proxy.client() as browser:
        origin = {"Origin": proxy.base}
        form = build_form(browser.get(link), name="Ada", email=EMAIL, password=PASSWORD)
        answer = browser.post(link, data=form, headers=origin)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert {"secure", "httponly"} <= parse_set_cookie(answer)["sessionid"]
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        home = browser.get("/", follow_redirects=True)
        assert (home.status_code, str(home.url)) == (200, f"{proxy.base}/projects/1/dashboards")
        assert browser.post("/logout", data=build_form(home), headers=origin).status_code == 303
        page = browser.get("/login")
        assert "secure" in parse_set_cookie(page)["posthog_csrftoken"]
        form = build_form(page, email=EMAIL, password=PASSWORD)
        assert browser.post("/login", data=form, headers={"Origin": "https://localhost"}).status_code == 403
        assert browser.post("/login", data=form, headers=origin).status_code == 303
        assert browser.get("/projects/1/dashboards").status_code == 200
    if proxy.name != "caddy":  # the configuration of Caddy has no request log
        log = proxy.log.read_text()
        assert '"GET /setup/..." 200 ' in log
        assert link.rpartition("/")[2] not in log


@pytest.mark.parametrize("prefix", SECRET_PATH_PREFIXES)
def test_log_contains_no_secrets_of_paths(proxy: Proxy, prefix: str) -> None:
    token = f"secret-of-{prefix}"
    with proxy.client() as browser:
        assert browser.get(f"/{prefix}/{token}").status_code == 404
    if proxy.name != "caddy":  # the configuration of Caddy has no request log
        line = f'"GET /{prefix}/..." 404 '
        wait_until(lambda: line in proxy.log.read_text())  # the line is written after the response
        assert token not in proxy.log.read_text()


def test_links_begin_with_the_public_url(proxy: Proxy, admin: httpx.Client) -> None:
    names = [f"{proxy.name} {number}" for number in range(3)]
    assert [admin.post(DASHBOARDS, json={"name": name}).status_code for name in names] == [201] * 3
    page = admin.get(DASHBOARDS, params={"limit": 2, "search": f"{proxy.name} "}).json()
    assert page["next"].startswith(f"{proxy.base}{DASHBOARDS}?")
    found = page["results"] + admin.get(page["next"]).json()["results"]
    assert sorted(row["name"] for row in found) == names


def test_plain_http_is_redirected_despite_forged_headers(proxy: Proxy) -> None:
    answer = httpx.get(f"http://localhost:{proxy.plain_port}/login?a=1", headers={"X-Forwarded-Proto": "https"})
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{proxy.base}/login?a=1")


@pytest.mark.parametrize("path", [*HIDDEN, *ODD])
def test_internal_endpoints_are_not_exposed(proxy: Proxy, service: Service, path: str) -> None:
    token = f"Authorization: Bearer {METRICS_TOKEN}"
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nConnection: close\r\n{token}\r\n\r\n"
    answer = proxy.exchange(request)
    assert re.match(r"HTTP/1.1 40[04] ", answer)
    assert "dashboards_request" not in answer
    assert '"status"' not in answer
    inside = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert "dashboards_request" in httpx.get(f"{service.base}/metrics", headers=inside).text


def test_forged_forwarding_headers_are_ignored(proxy: Proxy, service: Service, admin: httpx.Client) -> None:
    for headers in ({}, build_forged_headers()):
        answer = admin.get(DASHBOARDS, headers=headers)
        assert answer.status_code == 200  # plain http would be redirected
        request = read_last_request(service)
        assert (request["request_id"], request["address"]) == (answer.headers["X-Request-ID"], CLIENT)


def test_failed_attempts_count_for_the_client_address(proxy: Proxy, admin: httpx.Client) -> None:
    sharing = f"{DASHBOARDS}{admin.post(DASHBOARDS, json={'name': 'shared'}).json()['id']}/sharing/"
    token = admin.patch(sharing, json={"enabled": True, "password_required": True}).json()["access_token"]
    assert admin.post(f"{sharing}passwords/", json={"raw_password": PASSWORD}).status_code == 201

    def guess(client: httpx.Client, number: int, password: str) -> int:
        # Go proxies send headers sorted by name, so forged headers at the end could overwrite earlier headers.
        headers = {**build_forged_headers(number), "Z1": "1", "Z2": "1"}
        return client.post(f"/shared/{token}", json={"password": password}, headers=headers).status_code

    with proxy.client() as client, proxy.client(NEIGHBOUR) as neighbour:
        assert [guess(client, number, "wrong") for number in range(11)] == [401] * 10 + [429]
        assert guess(client, 11, PASSWORD) == 429
        assert guess(neighbour, 12, "wrong") == 401
        assert guess(neighbour, 13, PASSWORD) == 200
    assert token not in proxy.log.read_text()
