"""Options of `serve` that are refused before anything is read or created, and the URLs that it prints."""

from typing import Any

import pytest
from django.core.management import call_command

from dashboards_api.addresses import build_server_environment, get_browser_url
from dashboards_api.environment_reader import StartError


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--port", "99999", "--port must be a whole number from 1 to 65535, not '99999'."),
        ("--port", "0", "--port must be a whole number from 1 to 65535, not '0'."),
        ("--port", "http", "--port must be a whole number from 1 to 65535, not 'http'."),
        ("--workers", "0", "--workers must be a whole number from 1 to 256, not '0'."),
        ("--database-timeout", "soon", "--database-timeout must be a whole number from 0 to 3600, not 'soon'."),
    ],
)
def test_invalid_option_is_reported(option: str, value: str, problem: str) -> None:
    with pytest.raises(StartError) as raised:
        call_command("serve", option, value)
    assert str(raised.value).startswith(problem)


@pytest.mark.parametrize(
    ("address", "printed"),
    [
        ("127.0.0.1", "http://127.0.0.1:8180"),
        ("0.0.0.0", "http://127.0.0.1:8180"),  # noqa: S104  the test opens no socket
        ("::", "http://[::1]:8180"),
        ("::1", "http://[::1]:8180"),
        ("192.0.2.7", "http://192.0.2.7:8180"),
    ],
)
def test_printed_url_can_be_opened_in_a_browser(address: str, printed: str) -> None:
    assert get_browser_url(address, 8180) == printed


def test_printed_url_is_the_public_one_if_set(settings: Any) -> None:
    settings.PUBLIC_URL = "https://boards.example.com"
    assert get_browser_url("0.0.0.0", 8180) == "https://boards.example.com"  # noqa: S104  the test opens no socket


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", None),
        ("0.0.0.0", None),  # noqa: S104  the test opens no socket
        ("::1", None),
        ("192.0.2.7", "localhost,127.0.0.1,[::1],192.0.2.7"),
        ("2001:db8::1", "localhost,127.0.0.1,[::1],[2001:db8::1]"),
    ],
)
def test_listening_address_is_an_allowed_host(
    settings: Any, monkeypatch: pytest.MonkeyPatch, address: str, allowed: str | None
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", "/run/hosts")
    environment = build_server_environment(address)
    assert environment.get("ALLOWED_HOSTS") == allowed
    assert ("ALLOWED_HOSTS_FILE" in environment) == (allowed is None)
