"""A password is hashed in one step and stored in the next: what happened in between is noticed."""

import pytest

from dashboards_api.errors import NotFound, ValidationFailed
from tests.builders import PASSWORD, Person, give_password, make_person
from users.models import User
from users.services.initial_data import DEFAULT_ADMIN_EMAIL
from users.services.setup import check_setup, complete_setup, create_setup_token
from users.services.sign_in import change_password, hash_new_password

ADDRESS = "192.0.2.1"
NEW = "another horse battery"


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(alice: Person) -> None:
    give_password(alice)
    hashed = hash_new_password(alice.user, current=PASSWORD, new=NEW, address=ADDRESS)
    elsewhere = User.objects.get(pk=alice.user.pk)
    change_password(elsewhere, hash_new_password(elsewhere, current=PASSWORD, new="a third horse", address=ADDRESS))
    with pytest.raises(ValidationFailed):
        change_password(alice.user, hashed)
    assert User.objects.get(pk=alice.user.pk).check_password("a third horse")


def test_a_set_up_link_that_was_used_meanwhile_sets_nothing_up(alice: Person) -> None:
    token = create_setup_token(alice.user)
    first, second = (
        check_setup(token, name=name, email="alice@example.com", password=NEW) for name in ("First", "Second")
    )
    complete_setup(first)
    with pytest.raises(NotFound):
        complete_setup(second)
    assert User.objects.get(pk=alice.user.pk).first_name == "First"


def test_an_address_that_was_taken_meanwhile_is_refused(alice: Person) -> None:
    alice.user.email = DEFAULT_ADMIN_EMAIL  # the one account whose address a set-up may change
    alice.user.save()
    checked = check_setup(create_setup_token(alice.user), name="Alice", email="dora@example.com", password=NEW)
    make_person("dora", alice.membership.project)
    with pytest.raises(ValidationFailed) as refused:
        complete_setup(checked)
    assert refused.value.attr == "email"
    assert User.objects.get(pk=alice.user.pk).email == DEFAULT_ADMIN_EMAIL
    assert not User.objects.get(pk=alice.user.pk).has_usable_password()
