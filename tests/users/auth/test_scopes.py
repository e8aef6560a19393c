"""Scopes of API keys."""

import pytest

from users.auth.permissions import find_missing_scope
from users.auth.scopes import is_valid_scope


@pytest.mark.parametrize("scope", ["*", "dashboard:read", "sharing_configuration:write", "feature_flag:read"])
def test_valid_scopes(scope: str) -> None:
    assert is_valid_scope(scope)


@pytest.mark.parametrize("scope", ["", "dashboard", "dashboard:", "dashboard:admin", ":read", "nothing:read", "*:read"])
def test_other_texts_are_not_valid_scopes(scope: str) -> None:
    assert not is_valid_scope(scope)


@pytest.mark.parametrize(
    ("granted", "required", "missing"),
    [
        (["*"], ["dashboard:write"], None),
        (["dashboard:write"], ["dashboard:read"], None),
        (["dashboard:read"], ["dashboard:write"], "dashboard:write"),
        (["insight:write"], ["dashboard:read"], "dashboard:read"),
        (["dashboard:read"], ["dashboard:read", "query:read"], "query:read"),
        ([], [], None),
        ([], ["dashboard:read"], "dashboard:read"),
    ],
)
def test_only_write_includes_read(granted: list[str], required: list[str], missing: str | None) -> None:
    assert find_missing_scope(granted, required) == missing
