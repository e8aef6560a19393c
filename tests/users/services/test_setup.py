"""Setting up an account, in two steps."""

import pytest

from dashboards_api.errors import NotFound, ValidationFailed
from tests.builders import Person, make_person
from users.models import User
from users.services.initial_data import DEFAULT_ADMIN_EMAIL
from users.services.setup import check_setup, complete_setup, create_setup_token

NEW = "another horse battery"


def test_a_concurrently_used_setup_link_is_refused(alice: Person) -> None:
    token = create_setup_token(alice.user)
    first, second = (
        check_setup(token, name=name, email="alice@example.com", password=NEW) for name in ("First", "Second")
    )
    complete_setup(first)
    with pytest.raises(NotFound):
        complete_setup(second)
    assert User.objects.get(pk=alice.user.pk).first_name == "First"


def test_a_concurrently_taken_address_is_refused(alice: Person) -> None:
    alice.user.email = DEFAULT_ADMIN_EMAIL  # the only account whose e-mail address a set-up may change
    alice.user.save()
    checked = check_setup(create_setup_token(alice.user), name="Alice", email="dora@example.com", password=NEW)
    make_person("dora", alice.membership.project)
    with pytest.raises(ValidationFailed) as refused:
        complete_setup(checked)
    assert refused.value.attr == "email"
    assert User.objects.get(pk=alice.user.pk).email == DEFAULT_ADMIN_EMAIL
    assert not User.objects.get(pk=alice.user.pk).has_usable_password()
