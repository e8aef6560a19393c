"""Accepted and refused database URLs, and their errors, which contain no part of a password."""

from pathlib import Path
from urllib.parse import quote

import pytest

from dashboards_api.db.database_url import get_sqlite_path, parse_database_url


def test_every_part_of_a_url_is_parsed() -> None:
    found = parse_database_url("postgresql://u%40x:p%2Fw@host:5433/n%2Fame?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("u@x", "p/w", "host", 5433)
    assert (found["NAME"], found["OPTIONS"]) == ("n/ame", {"sslmode": "require"})
    assert found["ENGINE"] == "django.db.backends.postgresql"


@pytest.mark.parametrize("password", ["ab/cd+ef==", "a@b", "a?b", "a#b", "a[b", "a%b", "a:b", "1/2", "p@ss/wo?rd#"])
def test_percent_encoded_password_is_decoded(password: str) -> None:
    found = parse_database_url(f"postgresql://u:{quote(password, safe='')}@host/name")
    assert (found["PASSWORD"], found["HOST"], found["NAME"]) == (password, "host", "name")


@pytest.mark.parametrize("password", ["ab/cd+ef==", "a?b", "a#b", "a[b", "1/2", "1?2", "p@ss/word", "se]cret[x"])
def test_unencoded_password_is_refused_without_being_shown(password: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be parsed: write / .* or omit the password") as raised:
        parse_database_url(f"postgresql://u:{password}@host/name")
    assert password not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:hunter2@host/name", "not mysql://…"),
        ("nonsense", "must look like postgresql://"),
        ("hunter2", "must look like postgresql://"),
        ("postgresql://u:hunter2@host", "must name a database"),
        ("postgresql://u:hunter2@host:port/name", "must look like|cannot be parsed"),
        ("sqlite://relative.sqlite3", "three slashes"),
        ("sqlite:////file?timeout=3", "no options"),
    ],
)
def test_other_urls_are_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        parse_database_url(url)
    assert "hunter2" not in str(raised.value)


def test_path_of_a_database_file() -> None:
    assert get_sqlite_path(parse_database_url("sqlite:////var/x.sqlite3")) == Path("/var/x.sqlite3")
    assert get_sqlite_path(parse_database_url("sqlite://:memory:")) is None
    assert get_sqlite_path(parse_database_url("postgresql://host/name")) is None
