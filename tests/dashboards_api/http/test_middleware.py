"""Trusted proxies, and the request log."""

import ipaddress
import json
import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from dashboards_api.http.logging import JSONFormatter
from dashboards_api.http.middleware import TrustedProxyMiddleware, get_client_address
from tests.builders import Person, make_dashboard
from tests.client import Api


def run_middleware(settings: Any, trusted: list[str], **meta: str) -> tuple[str, str]:
    """Return (IP address of the client, scheme) after the middleware."""
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(each) for each in trusted]
    request = RequestFactory().get("/", **meta)  # type: ignore[arg-type]  # values of WSGI
    seen: list[HttpRequest] = []

    def view(inner: HttpRequest) -> HttpResponse:
        seen.append(inner)
        return HttpResponse()

    TrustedProxyMiddleware(view)(request)
    return seen[0].META["REMOTE_ADDR"], seen[0].scheme or ""


FORWARDED = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 9.9.9.9, 10.0.0.2", "HTTP_X_FORWARDED_PROTO": "https"}


def test_untrusted_proxy_is_ignored(settings: Any) -> None:
    assert run_middleware(settings, ["10.0.0.0/8"], REMOTE_ADDR="8.8.8.8", **FORWARDED) == ("8.8.8.8", "http")


def test_trusted_proxy_reports_the_last_untrusted_address(settings: Any) -> None:
    assert run_middleware(settings, ["10.0.0.0/8"], REMOTE_ADDR="10.0.0.1", **FORWARDED) == ("9.9.9.9", "https")


@pytest.mark.parametrize("hops", ["", "nonsense", "unknown, 10.0.0.3", "1.2.3.4, "])
def test_invalid_address_is_ignored(settings: Any, hops: str) -> None:
    address, _ = run_middleware(settings, ["10.0.0.0/8"], REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=hops)
    assert address.startswith("10.0.0.")


def test_client_address_found_by_the_edge_is_used(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8")]
    meta = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "9.9.9.9"}
    assert get_client_address(meta) == "9.9.9.9"
    meta["HTTP_X_FORWARDED_FOR"] = "1.1.1.1"
    assert get_client_address(meta) == "9.9.9.9"
    meta = {"REMOTE_ADDR": "8.8.8.8", "HTTP_DASHBOARDS.CLIENT_ADDRESS": "1.1.1.1"}
    assert get_client_address(meta) == "8.8.8.8"


def test_forwarded_hosts_are_not_used_in_links(alice: Person) -> None:
    make_dashboard(alice)
    make_dashboard(alice)
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/evil"}
    answer = alice.api.call("GET", "dashboards/?limit=1", headers=headers)
    assert answer.status == 200
    assert "evil" not in answer.text


def read_log(caplog: pytest.LogCaptureFixture) -> str:
    return json.dumps([json.loads(JSONFormatter().format(record)) for record in caplog.records])


def test_log_contains_the_request_and_no_secret(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret_body = {"name": "secret name", "personal_api_key": alice.key}
    answer = Api(None, alice.membership.project_id).post(
        f"dashboards/?personal_api_key={alice.key}&q=secret", secret_body
    )
    assert answer.status == 201
    Client().get("/shared/sharetoken1234.json")
    Client().get("/embedded/sharetoken1234")
    for path in (
        "/setup/sharetoken1234",
        "/invitations/sharetoken1234",
        "/x//shared//sharetoken1234.json",
        "/api/Shared/sharetoken1234",
    ):
        Client().get(path)
    log = read_log(caplog)
    assert f'"path": "/api/projects/{alice.membership.project_id}/dashboards/"' in log
    assert '"status": 201' in log
    assert f'"user": {alice.user.pk}' in log
    for secret in (alice.key, "secret", "sharetoken1234"):
        assert secret not in log


def test_valid_request_id_is_kept_and_any_other_replaced(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = alice.api.call("GET", "dashboards/", headers={"X-Request-ID": "abc-123"})
    assert answer.headers["X-Request-ID"] == "abc-123"
    for odd in ("x" * 65, "a b", "a\nb", ""):
        given = alice.api.call("GET", "dashboards/", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert len(given) == 32
        assert given.isalnum()
    assert '"request_id": "abc-123"' in read_log(caplog)
