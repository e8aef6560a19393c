"""Creating, rotating and revoking API keys."""

import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dashboards_api.errors import NotFound, ValidationFailed
from tests.builders import Person, make_project
from users.models import PersonalAPIKey, hash_secret
from users.services.api_keys import create_api_key, get_expiry, revoke_api_key, roll_api_key

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_once_and_stored_as_a_hash(alice: Person) -> None:
    created = create_api_key(alice.user, label="CI", scopes=["dashboard:read", "dashboard:read"])
    assert re.fullmatch(r"phx_[0-9A-Za-z]{40,43}", created.value)
    row = PersonalAPIKey.objects.get(pk=created.key.pk)
    assert (row.secret_hash, row.scopes) == (hash_secret(created.value), ["dashboard:read"])
    assert row.mask_value == f"phx_...{created.value[-4:]}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM users_personalapikey")
        assert created.value not in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("changes", "attr"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * 41}, "label"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["dashboard:all"]}, "scopes"),
        ({"project_ids": [999999]}, "scoped_teams"),
        ({"organization_ids": ["095be615-a8ad-4c33-8e9c-c7612fbf6c9f"]}, "scoped_organizations"),
        ({"expires_at": timezone.now()}, "expires_at"),
    ],
)
def test_invalid_keys_are_refused(alice: Person, changes: dict[str, Any], attr: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_api_key(alice.user, **{"label": "k", "scopes": ["*"], **changes})
    assert refused.value.attr == attr
    assert PersonalAPIKey.objects.count() == 1


@pytest.mark.parametrize("days", [0, -1, 36501])
def test_the_days_until_expiry_are_bounded(days: int) -> None:
    with pytest.raises(ValidationFailed, match="between 1 and 36,500"):
        get_expiry(days)


def test_a_key_may_only_be_scoped_to_own_projects(alice: Person) -> None:
    with pytest.raises(ValidationFailed):
        create_api_key(alice.user, label="k", scopes=["*"], project_ids=[make_project("Other").pk])


def test_a_user_has_at_most_ten_keys(alice: Person) -> None:
    for _ in range(9):
        create_api_key(alice.user, label="same label", scopes=["*"])
    with pytest.raises(ValidationFailed, match="10 personal API keys"):
        create_api_key(alice.user, label="one more", scopes=["*"])
    assert alice.user.personal_api_keys.count() == 10


def test_rolling_keeps_the_key_and_changes_the_secret(alice: Person) -> None:
    created = create_api_key(alice.user, label="k", scopes=["*"])
    rolled = roll_api_key(created.key.pk)
    assert rolled.key.pk == created.key.pk
    row = PersonalAPIKey.objects.get(pk=created.key.pk)
    assert (row.secret_hash, row.mask_value[-4:]) == (hash_secret(rolled.value), rolled.value[-4:])
    assert row.last_rolled_at is not None
    with pytest.raises(NotFound):
        roll_api_key("unknown")


def test_revoking_deletes_the_key(alice: Person) -> None:
    created = create_api_key(alice.user, label="k", scopes=["*"])
    revoke_api_key(created.key.pk)
    assert not PersonalAPIKey.objects.filter(pk=created.key.pk).exists()
    with pytest.raises(NotFound):
        revoke_api_key(created.key.pk)
