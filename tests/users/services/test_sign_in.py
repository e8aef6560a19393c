"""Changing a password, in two steps."""

import pytest

from dashboards_api.errors import ValidationFailed
from tests.builders import PASSWORD, Person, set_password
from users.models import User
from users.services.sign_in import change_password, hash_new_password

ADDRESS = "192.0.2.1"
NEW = "another horse battery"


def test_a_concurrent_password_change_is_not_overwritten(alice: Person) -> None:
    set_password(alice)
    hashed = hash_new_password(alice.user, current=PASSWORD, new=NEW, address=ADDRESS)
    elsewhere = User.objects.get(pk=alice.user.pk)
    change_password(elsewhere, hash_new_password(elsewhere, current=PASSWORD, new="a third horse", address=ADDRESS))
    with pytest.raises(ValidationFailed):
        change_password(alice.user, hashed)
    assert User.objects.get(pk=alice.user.pk).check_password("a third horse")
