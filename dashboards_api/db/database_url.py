"""The parser of DATABASE_URL: `postgresql://user:password@host:5432/name` or `sqlite:////path/to/file`."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

ACCEPTED_FORMS = "postgresql://user:password@host:5432/name or sqlite:////path/to/file"
SQLITE = "dashboards_api.db.backends.sqlite3"
POSTGRESQL = "dashboards_api.db.backends.postgresql"
POSTGRESQL_SCHEMES = ("postgresql", "postgres", "pgsql")


def parse_database_url(url: str) -> dict[str, Any]:
    """Return Django's settings for a database. Raises ValueError, whose message contains no part of the password."""
    scheme, found, _ = url.partition("://")
    if not found or scheme not in (*POSTGRESQL_SCHEMES, "sqlite"):
        given = f", not {scheme[:20]}://…" if found and scheme.isalnum() else ""
        raise ValueError(f"must look like {ACCEPTED_FORMS}{given}")
    return _parse_sqlite(url) if scheme == "sqlite" else _parse_postgresql(url)


def _parse_sqlite(url: str) -> dict[str, Any]:
    rest = url.removeprefix("sqlite://")
    if rest in (":memory:", "/:memory:"):
        return dict(dj_database_url.parse("sqlite://:memory:"))
    if not rest.startswith("/") or len(rest) < 2 or "?" in rest:
        raise ValueError("must look like sqlite:////path/to/file, with three slashes before a path, and no options")
    return dict(dj_database_url.parse(url))


def _parse_postgresql(url: str) -> dict[str, Any]:
    if _has_unquoted_password(url):
        raise ValueError(
            "cannot be parsed: write / ? # [ ] @ % in the password as %2F %3F %23 %5B %5D %40 %25, or omit the password"
            " and set PGPASSWORD"
        )
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise ValueError(f"must look like {ACCEPTED_FORMS}") from error
    if not parsed["NAME"] and "service=" not in url:
        raise ValueError("must name a database, such as postgresql://user@host:5432/name")
    return parsed


def _has_unquoted_password(url: str) -> bool:
    """Return whether a part of the password is parsed as another part of the URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "@" in url
    return bool(parts.fragment) or "@" in parts.path or ("@" in parts.query and "@" not in parts.netloc)


def build_database_settings(parsed: dict[str, Any], password: str, *, prepared: bool) -> dict[str, Any]:
    """Return Django's settings for a database with our backend and its options."""
    shared = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        options: dict[str, Any] = {
            # A transaction acquires the write lock at its start. Otherwise, a transaction that acquires the lock after
            # another transaction has written would fail.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        return {**parsed, **shared, "ENGINE": SQLITE, "OPTIONS": options}
    options = {
        **parsed.get("OPTIONS", {}),
        "server_side_binding": True,
        # Statements of the ORM are planned each time, because the best plan of a search depends on the search term.
        # Compiled queries use prepared statements, which belong to one connection. None disables prepared statements
        # for poolers that do not support them.
        "prepare_threshold": sys.maxsize if prepared else None,
    }
    return {
        **parsed,
        **shared,
        "ENGINE": POSTGRESQL,
        "PASSWORD": parsed["PASSWORD"] or password,
        "OPTIONS": options,
        # A server-side cursor would be left on a connection that a pooler has assigned to another client.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


def get_sqlite_path(database: dict[str, Any]) -> Path | None:
    """Return the path of a SQLite database, or None for an in-memory database and for PostgreSQL."""
    name = str(database["NAME"])
    is_file = database["ENGINE"].endswith("sqlite3") and not name.startswith((":memory:", "file:"))
    return Path(name).absolute() if is_file else None
