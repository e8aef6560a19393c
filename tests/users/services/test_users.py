"""Creating users."""

import pytest

from dashboards_api.errors import ValidationFailed
from tests.builders import Person
from users.models import User
from users.services.api_keys import create_api_key
from users.services.projects import create_project
from users.services.users import create_user

pytestmark = pytest.mark.django_db


def test_email_addresses_are_case_insensitive() -> None:
    create_user("Dora@Example.com", password="correct horse battery")
    user = User.objects.get(email="dora@example.com")
    assert user.check_password("correct horse battery")
    with pytest.raises(ValidationFailed, match="already"):
        create_user("DORA@example.com")


@pytest.mark.parametrize(("email", "password"), [("nobody", None), ("a@b@c.de", None), ("d@example.com", "short")])
def test_invalid_users_are_refused(email: str, password: str | None) -> None:
    with pytest.raises(ValidationFailed):
        create_user(email, password=password)
    assert User.objects.count() == 0


def test_lengths_are_checked_on_every_database(alice: Person) -> None:
    with pytest.raises(ValidationFailed):
        create_user("long@example.com", first_name="x" * 151)
    for names in (("", "Org"), ("x" * 201, "Org"), ("P", "x" * 65), ("P", "")):
        with pytest.raises(ValidationFailed):
            create_project(names[0], organization_name=names[1])
    key = create_api_key(alice.user, label="k", scopes=["*"], project_ids=[alice.membership.project_id] * 2).key
    assert key.scoped_projects == [alice.membership.project_id]


def test_a_user_without_a_password_has_an_unusable_one() -> None:
    assert create_user("d@example.com").has_usable_password() is False
