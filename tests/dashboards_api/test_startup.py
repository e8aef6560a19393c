"""Database errors at start, without the password."""

from typing import Any

import pytest
from django.db import connection

from dashboards_api.startup import redact_password


@pytest.fixture
def connection_settings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the changed settings of a connection. The test must not use the connection."""
    changed = {**connection.settings_dict, "NAME": "boards", "USER": "role", "HOST": "db.example.com"}
    monkeypatch.setattr(connection, "settings_dict", changed)
    return changed


@pytest.mark.parametrize("password", ["a", "in", "failed", "hunter2", "correct horse", "p@s$w/rd"])
def test_password_is_redacted_as_a_whole_word(connection_settings: dict[str, Any], password: str) -> None:
    connection_settings["PASSWORD"] = password
    for text, shown in (
        (
            f"bad URL postgresql://role:{password.replace(' ', '%20')}@h/boards",
            "bad URL postgresql://role:***@h/boards",
        ),
        (f"host=h password='{password}' dbname=d", "host=h password=*** dbname=d"),
        (f'could not translate host name "{password}" to address', 'could not translate host name "***" to address'),
    ):
        assert redact_password(text) == shown


@pytest.mark.parametrize("password", ["a", "in", "failed", "role", "boards", "db.example.com", "5432"])
def test_other_occurrences_of_the_text_are_kept(connection_settings: dict[str, Any], password: str) -> None:
    connection_settings["PASSWORD"] = password
    text = 'connection to server at "db.example.com", port 5432 failed: FATAL: no role "role" in database "boards"'
    assert redact_password(text) == text


def test_long_password_is_redacted_anywhere(connection_settings: dict[str, Any]) -> None:
    connection_settings["PASSWORD"] = ""
    connection_settings["OPTIONS"] = {"password": "correct-horse"}
    assert redact_password("x:correct-horse!") == "x:***!"


def test_without_a_password_nothing_is_redacted(connection_settings: dict[str, Any]) -> None:
    connection_settings["PASSWORD"] = ""
    assert redact_password("password authentication failed") == "password authentication failed"
