"""Settings: odd values stop the start with their name, and every variable is documented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOW = (
    "import os, django; django.setup(); from django.conf import settings;"
    "print(*(repr(getattr(settings, name)) for name in os.environ['SHOW'].split(',')), sep='|')"
)


def start(show: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own and print some of them."""
    clean = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    clean |= {"DJANGO_SETTINGS_MODULE": "dashboards_api.settings", "DATA_DIR": str(tmp_path), "SHOW": show}
    return subprocess.run(
        [sys.executable, "-c", SHOW], env=clean | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_first_start_makes_a_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    first = start("SECRET_KEY", tmp_path).stdout
    assert len(first) > 50
    assert start("SECRET_KEY", tmp_path).stdout == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_text("s" * 40)
    assert start("SECRET_KEY", tmp_path, SECRET_KEY_FILE=str(file)).stdout.strip() == repr("s" * 40)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", "short"),
        ("PUBLIC_URL", "dashboards.example.com"),
        ("PUBLIC_URL", "ftp://x"),
        ("PUBLIC_URL", "https://x/path"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("WORKERS", "none"),
        ("WORKERS", "0"),
        ("EMBED_ORIGINS", "https://a.example; script-src *"),
        ("EMBED_ORIGINS", "a.example"),
        ("RATE_LIMITS", "many"),
        ("RATE_LIMITS", "0/minute"),
        ("RATE_LIMITS", "-1/minute"),
        ("RATE_LIMITS", "60/week"),
        ("RATE_LIMITS", "60/minute,"),
        ("RATE_LIMITS", "60/minute,90/minute"),
        ("RATE_LIMITS", "1000000000/day"),
        ("DEBUG", "perhaps"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "blanks are in this token"),
        ("REPLICA_URLS", "postgresql://replica/dashboards"),
        ("REPLICA_MAX_LAG_MS", "0"),
        ("DATABASE_URL", "nonsense"),
    ],
)
def test_an_odd_value_stops_the_start_and_is_named(tmp_path: Path, variable: str, value: str) -> None:
    stopped = start("DEBUG", tmp_path, **{variable: value})
    assert stopped.returncode != 0
    assert variable in stopped.stderr or value in stopped.stderr


def test_production_does_not_start_with_debug_on(tmp_path: Path) -> None:
    stopped = start("DEBUG", tmp_path, DEBUG="true", PUBLIC_URL="https://dashboards.example.com")
    assert "DEBUG must be off" in stopped.stderr


def test_an_https_address_turns_on_what_needs_it(tmp_path: Path) -> None:
    names = "SECURE_SSL_REDIRECT,SESSION_COOKIE_SECURE,SECURE_HSTS_SECONDS,ALLOWED_HOSTS"
    shown = start(names, tmp_path, PUBLIC_URL="https://dashboards.example.com/").stdout
    assert shown.startswith("True|True|31536000|")
    assert "'dashboards.example.com'" in shown
    assert start(names, tmp_path).stdout.startswith("False|False|0|['localhost', '127.0.0.1', '[::1]']")


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
def test_rate_limits_are_read(tmp_path: Path, value: str | None, rates: list[tuple[int, int]]) -> None:
    shown = start("RATE_LIMITS", tmp_path, **({} if value is None else {"RATE_LIMITS": value})).stdout.strip()
    found = [(int(limit), int(seconds)) for limit, seconds in re.findall(r"limit=(\d+), seconds=(\d+)", shown)]
    assert (found, shown == "[]") == (rates, not rates)


def test_every_variable_is_documented_and_every_documented_one_exists() -> None:
    source = (ROOT / "dashboards_api" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source))
    documented = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE))
    assert read == documented
