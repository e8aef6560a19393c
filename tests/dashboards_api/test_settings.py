"""Settings from the environment, and the documentation of every variable."""

import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.management.utils import get_random_secret_key

from dashboards_api.environment_reader import SettingError

ROOT = Path(__file__).parents[2]


class Loader:
    """A loader that runs the settings module with only DATA_DIR and the given environment variables."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch

    def __call__(self, **environment: str) -> dict[str, Any]:
        with self.monkeypatch.context() as patched:
            for name in list(os.environ):
                patched.delenv(name)
            for name, value in {"DATA_DIR": str(self.folder), **environment}.items():
                patched.setenv(name, value)
            return runpy.run_path(str(ROOT / "dashboards_api" / "settings.py"))


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    return Loader(tmp_path / "data", monkeypatch)


def test_secret_key_is_generated_when_needed_and_readable_only_by_its_owner(load: Loader) -> None:
    loaded = load()
    assert not load.folder.exists()
    secret = str(loaded["SECRET_KEY"])
    assert len(secret) > 50
    assert load()["SECRET_KEY"] == secret
    assert [(path.name, path.stat().st_mode & 0o777) for path in load.folder.iterdir()] == [("secret_key", 0o600)]
    assert load.folder.stat().st_mode & 0o777 == 0o700


def test_two_concurrent_starts_share_one_secret_key(load: Loader) -> None:
    first, second = load()["SECRET_KEY"], load()["SECRET_KEY"]
    assert str(first) == str(second)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_any_setting_can_be_read_from_a_file(load: Loader, tmp_path: Path, end: str) -> None:
    secret = get_random_secret_key()
    (tmp_path / "given").write_bytes(f"{secret}{end}".encode())
    assert load(SECRET_KEY_FILE=str(tmp_path / "given"), SECRET_KEY="")["SECRET_KEY"] == secret


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("PUBLIC_URL", "dashboards.example.com", "must look like https://dashboards.example.com"),
        ("PUBLIC_URL", "ftp://x", "not 'ftp://x'"),
        ("PUBLIC_URL", "https://x/path", "cannot be below a path"),
        ("PUBLIC_URL", "https://x?a", "must look like"),
        ("PUBLIC_URL", "https://x:99999", "must look like"),
        ("PUBLIC_URL", "https://[::1", "must look like"),
        ("PUBLIC_URL", "https://a b", "must look like"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "networks such as 10.0.0.0/8"),
        ("WORKERS", "many", "a whole number from 1 to 256, not 'many'"),
        ("WORKERS", "0", "a whole number from 1 to 256"),
        ("WORKERS", "257", "a whole number from 1 to 256"),
        ("EMBED_ORIGINS", "https://a.example; script-src *", "origins such as https://wiki.example.com"),
        ("EMBED_ORIGINS", "a.example", "not 'a.example'"),
        ("CORS_ALLOWED_ORIGINS", "a.example", "origins such as"),
        ("RATE_LIMITS", "many", "rates such as 480/minute"),
        ("RATE_LIMITS", "0/minute", "not '0/minute'"),
        ("RATE_LIMITS", "-1/minute", "rates such as"),
        ("RATE_LIMITS", "60/week", "second, minute, hour or day"),
        ("RATE_LIMITS", "60/minute,", "not ''"),
        ("RATE_LIMITS", "60/minute,90/minute", "two rates for one minute"),
        ("RATE_LIMITS", "1000000000/day", "rates such as"),
        ("QUERY_RATE_LIMITS", "many", "rates such as 480/minute"),
        ("DEBUG", "maybe", "must be true or false, not 'maybe'"),
        ("REQUIRE_IF_MATCH", "2", "must be true or false"),
        ("PREPARED_STATEMENTS", "sometimes", "must be true or false"),
        ("METRICS_TOKEN", "short", "at least 16 characters"),
        ("METRICS_TOKEN", "blanks are in this token", "only ASCII letters, digits and punctuation"),
        ("LOG_LEVEL", "verbose", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'verbose'"),
        ("STATEMENT_TIMEOUT", "never", "must be off, or a whole number from 1 to 3600, not 'never'"),
        ("STATEMENT_TIMEOUT", "0", "must be off, or a whole number"),
        ("ENGINE", "embedded", "must be true or false"),
        ("ENGINE_URL", "http://host:8123/db", "must look like clickhouse://user:password@host:8123/db"),
        ("ENGINE_URL", "clickhouse://host:8123", "must look like"),
        ("ENGINE_URL", "clickhouse://host:8123/", "must look like"),
        ("ENGINE_URL", "clickhouse://host:8123/a;b", "must look like"),
        ("ENGINE_URL", "clickhouse://host:none/db", "must look like"),
        ("ENGINE_URL", "clickhouse://host/db?secure=false", "with ?secure=true for https"),
        ("ENGINE_URL", "clickhouse:///db", "must look like"),
        ("SECRET_KEY_FILE", "/nowhere/secret", "the path of a readable file, but /nowhere/secret is not"),
        ("ALLOWED_HOSTS", "http://x", "without scheme, port, path or network, not 'http://x'"),
        ("ALLOWED_HOSTS", "x.example:8000", "without scheme, port, path or network"),
        ("ALLOWED_HOSTS", "a.example,10.2.3.0/24", "not '10.2.3.0/24'"),
        ("ALLOWED_HOSTS", "*.example.com", ".example.com"),
    ],
)
def test_invalid_value_is_reported_in_one_line_with_the_accepted_format(
    load: Loader, variable: str, value: str, accepted: str
) -> None:
    with pytest.raises(SettingError) as raised:
        load(**{variable: value})
    assert str(raised.value).startswith(f"{variable} ")
    assert accepted in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not load.folder.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "https://admin:hunter2@boards.example.com"),
        ("ENGINE_URL", "clickhouse://admin:hunter2/@host:8123/db"),
        ("ENGINE_URL", "clickhouse://admin:hunter2@host:8123/db#x"),
    ],
)
def test_password_in_a_url_is_not_shown(load: Loader, name: str, value: str) -> None:
    with pytest.raises(SettingError) as raised:
        load(**{name: value})
    assert "hunter2" not in str(raised.value)


def test_production_does_not_start_with_debug_on(load: Loader) -> None:
    with pytest.raises(SettingError, match="DEBUG must be off"):
        load(DEBUG="true", PUBLIC_URL="https://dashboards.example.com")


def test_https_url_enables_secure_settings(load: Loader) -> None:
    loaded = load(PUBLIC_URL="https://dashboards.example.com/")
    assert loaded["PUBLIC_URL"] == "https://dashboards.example.com"
    assert (loaded["SECURE_SSL_REDIRECT"], loaded["SESSION_COOKIE_SECURE"]) == (True, True)
    assert loaded["SECURE_HSTS_SECONDS"] == 31536000
    assert "dashboards.example.com" in loaded["ALLOWED_HOSTS"]
    plain = load()
    assert (plain["SECURE_SSL_REDIRECT"], plain["SECURE_HSTS_SECONDS"]) == (False, 0)
    assert plain["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("a.example, .b.example,*", ["a.example", ".b.example", "*"]),
        ("10.2.3.4,::1,[FE80::1]", ["10.2.3.4", "[::1]", "[fe80::1]"]),
        ("my_host,xn--mnchen-3ya.example", ["my_host", "xn--mnchen-3ya.example"]),
        ("", []),
    ],
)
def test_allowed_hosts_are_parsed(load: Loader, value: str, hosts: list[str]) -> None:
    assert load(ALLOWED_HOSTS=value)["ALLOWED_HOSTS"][:-3] == hosts


def test_allowed_host_with_ipv6_is_normalized(load: Loader) -> None:
    assert load(PUBLIC_URL="http://[2001:DB8::1]:8000")["ALLOWED_HOSTS"][-1] == "[2001:db8::1]"


@pytest.mark.parametrize(
    ("value", "rates"),
    [
        (None, [(6000, 60)]),
        ("", []),
        (" ", []),
        ("480/minute, 4800/hour", [(480, 60), (4800, 3600)]),
        ("5/second,9/day", [(5, 1), (9, 86400)]),
    ],
)
def test_rate_limits_are_parsed(load: Loader, value: str | None, rates: list[tuple[int, int]]) -> None:
    assert load(**({} if value is None else {"RATE_LIMITS": value}))["RATE_LIMITS"] == rates


@pytest.mark.parametrize(("value", "rates"), [(None, [(600, 60)]), ("", []), ("5/minute,9/day", [(5, 60), (9, 86400)])])
def test_query_rate_limits_are_parsed(load: Loader, value: str | None, rates: list[tuple[int, int]]) -> None:
    loaded = load(**({} if value is None else {"QUERY_RATE_LIMITS": value}))
    assert (loaded["QUERY_RATE_LIMITS"], loaded["RATE_LIMITS"]) == (rates, [(6000, 60)])


@pytest.mark.parametrize(
    ("value", "server"),
    [
        (None, None),
        ("", None),
        ("clickhouse://ada:p%40s%2Fs@ch.example:9000/events", ("ch.example", 9000, "ada", "p@s/s", "events", False)),
        ("clickhouse://ch.example/events?secure=true", ("ch.example", 8443, "default", "", "events", True)),
        ("clickhouse://[::1]/db", ("::1", 8123, "default", "", "db", False)),
    ],
)
def test_address_of_a_clickhouse_server_is_parsed(
    load: Loader, value: str | None, server: tuple[object, ...] | None
) -> None:
    loaded = load(**({} if value is None else {"ENGINE_URL": value}))
    assert (loaded["ENGINE"], loaded["ENGINE_URL"]) == (True, server)


def test_engine_can_be_turned_off(load: Loader) -> None:
    assert load(ENGINE="off")["ENGINE"] is False


def test_empty_variable_is_the_default_and_empty_list_is_empty(load: Loader) -> None:
    loaded = load(DATABASE_URL="", WORKERS="", LOG_LEVEL="", EMBED_ORIGINS="", CORS_ALLOWED_ORIGINS="")
    assert loaded["DATABASES"]["default"]["NAME"] == str(load.folder / "dashboards.sqlite3")
    assert loaded["LOG_LEVEL"] == "INFO"
    assert loaded["EMBED_ORIGINS"] == ["'none'"]
    assert (loaded["CORS_ALLOW_ALL_ORIGINS"], loaded["CORS_ALLOWED_ORIGINS"]) == (False, [])


def test_misspelled_variables_are_reported_and_unrelated_ones_are_not(load: Loader) -> None:
    misspelled = {
        "PUBLICURL": "PUBLIC_URL",
        "RATE_LIMIT": "RATE_LIMITS",
        "ALLOWED_HOST": "ALLOWED_HOSTS",
        "DATABASE_URI": "DATABASE_URL",
        "TRUSTED_PROXY": "TRUSTED_PROXIES",
        "SECRETKEY_FILE": "SECRET_KEY",
        "WORKER": "WORKERS",
    }
    others = (
        "PATH",
        "HOME",
        "LANG",
        "XDG_DATA_DIRS",
        "SECRET_KEY_BASE",
        "PGHOST",
        "LOGNAME",
        "DEBUGINFOD_URLS",
        "lang",
    )
    loaded = load(**dict.fromkeys([*misspelled, *others], "x"))
    assert dict(loaded["MISSPELLED_SETTINGS"]) == misspelled
    assert load(SECRET_KEY="s" * 40, DATA_DIR_FILE="")["MISSPELLED_SETTINGS"] == []


def test_documented_variables_equal_those_of_the_code() -> None:
    source = (ROOT / "dashboards_api" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source))
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE))
    assert read == documented


def test_removed_settings_are_reported_as_such(load: Loader) -> None:
    loaded = load(REPLICA_URLS="postgresql://replica/x", REPLICA_MAX_LAG_MS_FILE="/run/lag", REPLICA_URL="x")
    assert loaded["REMOVED_SETTINGS"] == ["REPLICA_URLS", "REPLICA_MAX_LAG_MS_FILE"]
    assert loaded["MISSPELLED_SETTINGS"] == []
    assert load()["REMOVED_SETTINGS"] == []
