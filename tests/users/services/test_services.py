"""Users, projects and keys."""

import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dashboards_api.errors import NotFound, ValidationFailed
from tests.builders import Person, make_project
from users.models import Membership, MembershipLevel, Organization, PersonalAPIKey, User, hash_secret
from users.services.api_keys import create_api_key, get_expiry, revoke_api_key, roll_api_key
from users.services.initial_data import create_initial_data
from users.services.projects import create_project
from users.services.users import create_user

pytestmark = pytest.mark.django_db


def test_a_user_is_found_by_their_address_in_any_case() -> None:
    create_user("Dora@Example.com", password="correct horse battery")
    user = User.objects.get(email="dora@example.com")
    assert user.check_password("correct horse battery")
    with pytest.raises(ValidationFailed, match="already"):
        create_user("DORA@example.com")


@pytest.mark.parametrize(("email", "password"), [("nobody", None), ("a@b@c.de", None), ("d@example.com", "short")])
def test_bad_users_are_refused(email: str, password: str | None) -> None:
    with pytest.raises(ValidationFailed):
        create_user(email, password=password)
    assert User.objects.count() == 0


def test_lengths_hold_on_every_engine(alice: Person) -> None:
    with pytest.raises(ValidationFailed):
        create_user("long@example.com", first_name="x" * 151)
    for names in (("", "Org"), ("x" * 201, "Org"), ("P", "x" * 65), ("P", "")):
        with pytest.raises(ValidationFailed):
            create_project(names[0], organization_name=names[1])
    key = create_api_key(alice.user, label="k", scopes=["*"], project_ids=[alice.membership.project_id] * 2).key
    assert key.scoped_projects == [alice.membership.project_id]


def test_without_a_password_nobody_signs_in() -> None:
    assert create_user("d@example.com").has_usable_password() is False


def test_a_project_gets_or_makes_its_organization_and_members() -> None:
    for name in ("admin", "member"):
        create_user(f"{name}@example.com")
    one = create_project(
        "One", organization_name="Örg & Co", admins=["admin@example.com"], members=["member@example.com"]
    )
    two = create_project("Two", organization_name="Örg & Co")
    assert one.organization == two.organization == Organization.objects.get()
    assert one.organization.slug == "org-co"
    levels = dict(Membership.objects.values_list("user__email", "level"))
    assert levels == {"admin@example.com": MembershipLevel.ADMIN, "member@example.com": MembershipLevel.MEMBER}
    assert User.objects.get(email="member@example.com").current_project == one
    assert create_project("Three", organization_name="Org Co").organization.slug == "org-co-2"


def test_a_project_with_an_unknown_member_is_not_made() -> None:
    with pytest.raises(NotFound):
        create_project("One", organization_name="Org", members=["nobody@example.com"])
    assert Organization.objects.count() == 0


def test_a_key_is_shown_once_and_stored_as_a_hash(alice: Person) -> None:
    made = create_api_key(alice.user, label="CI", scopes=["dashboard:read", "dashboard:read"])
    assert re.fullmatch(r"phx_[0-9A-Za-z]{40,43}", made.value)
    row = PersonalAPIKey.objects.get(pk=made.key.pk)
    assert (row.secret_hash, row.scopes) == (hash_secret(made.value), ["dashboard:read"])
    assert row.mask_value == f"phx_...{made.value[-4:]}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM users_personalapikey")
        assert made.value not in str(cursor.fetchall())


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
def test_bad_keys_are_refused(alice: Person, changes: dict[str, Any], attr: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_api_key(alice.user, **{"label": "k", "scopes": ["*"], **changes})
    assert refused.value.attr == attr
    assert PersonalAPIKey.objects.count() == 1


@pytest.mark.parametrize("days", [0, -1, 36501])
def test_a_key_is_good_for_a_sane_number_of_days(days: int) -> None:
    with pytest.raises(ValidationFailed, match="between 1 and 36,500"):
        get_expiry(days)


def test_a_key_is_not_narrowed_to_a_project_its_user_is_not_in(alice: Person) -> None:
    with pytest.raises(ValidationFailed):
        create_api_key(alice.user, label="k", scopes=["*"], project_ids=[make_project("Other").pk])


def test_a_user_has_at_most_ten_keys(alice: Person) -> None:
    for _ in range(9):
        create_api_key(alice.user, label="same label", scopes=["*"])
    with pytest.raises(ValidationFailed, match="10 personal API keys"):
        create_api_key(alice.user, label="one more", scopes=["*"])
    assert alice.user.personal_api_keys.count() == 10


def test_rolling_keeps_the_key_and_changes_the_secret(alice: Person) -> None:
    made = create_api_key(alice.user, label="k", scopes=["*"])
    rolled = roll_api_key(made.key.pk)
    assert rolled.key.pk == made.key.pk
    row = PersonalAPIKey.objects.get(pk=made.key.pk)
    assert (row.secret_hash, row.mask_value[-4:]) == (hash_secret(rolled.value), rolled.value[-4:])
    assert row.last_rolled_at is not None
    with pytest.raises(NotFound):
        roll_api_key("unknown")


def test_revoking_deletes(alice: Person) -> None:
    made = create_api_key(alice.user, label="k", scopes=["*"])
    revoke_api_key(made.key.pk)
    assert not PersonalAPIKey.objects.filter(pk=made.key.pk).exists()
    with pytest.raises(NotFound):
        revoke_api_key(made.key.pk)


def test_the_first_run_makes_one_of_everything_and_only_once() -> None:
    made = create_initial_data()
    assert made is not None
    [membership] = Membership.objects.all()
    assert (membership.user.email, membership.level) == ("admin@example.com", MembershipLevel.OWNER)
    assert membership.user.has_usable_password() is False
    assert made.key.scopes == ["*"]
    assert create_initial_data() is None
