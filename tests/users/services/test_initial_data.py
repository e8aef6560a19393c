"""The data of a new database."""

import pytest

from users.models import Membership, MembershipLevel
from users.services.initial_data import create_initial_data

pytestmark = pytest.mark.django_db


def test_initial_data_is_created_once() -> None:
    created = create_initial_data()
    assert created is not None
    [membership] = Membership.objects.all()
    assert (membership.user.email, membership.level) == ("admin@example.com", MembershipLevel.OWNER)
    assert membership.user.has_usable_password() is False
    assert created.key.scopes == ["*"]
    assert create_initial_data() is None
