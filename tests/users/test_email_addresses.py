"""The normalization of e-mail addresses. Existing accounts with other e-mail addresses stay usable."""

import pytest
from django.contrib.auth.hashers import make_password

from dashboards_api.errors import ValidationFailed
from users.email_addresses import get_email_variants, normalize_new_email
from users.models import User
from users.services.sign_in import authenticate_user
from users.services.users import create_user, get_user_by_email

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Dora@Example.COM ", "dora@example.com"),
        ("d+x@example.com", "d+x@example.com"),
        ("a@müller.de", "a@xn--mller-kva.de"),
        ("a@MÜLLER.de", "a@xn--mller-kva.de"),
        ("admin@ex\u0430mple.com", "admin@xn--exmple-4nf.com"),
        ("a@\uff45xample\u3002com", "a@example.com"),
        ("a@localhost", "a@localhost"),
    ],
)
def test_an_address_is_normalized(typed: str, stored: str) -> None:
    assert normalize_new_email(typed) == stored
    assert stored in get_email_variants(typed)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "\u017ftaff@example.com",
        "\u212a@example.com",
        "\u0430dmin@example.com",
        "admin\u200b@example.com",
        "a@fa\xdf.de",
        "a@ex\u200cample.com",
        "a@.com",
        "a@" + "é" * 300 + ".com",
        "a@\ud800.com",
        "a",
        "",
    ],
)
def test_confusable_and_malformed_addresses_are_refused(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        create_user(typed)
    assert refused.value.attr == "email"
    assert User.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["\u017ftaff@example.com", "admin@ex\u0430mple.com"])
def test_an_account_with_a_non_ascii_address_stays_usable(email: str) -> None:
    old = User.objects.create(email=email, password=make_password(PASSWORD))
    assert authenticate_user(email, PASSWORD, address="192.0.2.1") == get_user_by_email(email) == old
    with pytest.raises(ValidationFailed):
        create_user(email)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_domain_may_be_entered_in_unicode() -> None:
    created = create_user("a@müller.de", password=PASSWORD)
    assert created.email == "a@xn--mller-kva.de"
    for typed in ("a@müller.de", "A@Müller.DE", "a@xn--mller-kva.de"):
        assert authenticate_user(typed, PASSWORD, address="192.0.2.1") == created
        with pytest.raises(ValidationFailed, match="already"):
            create_user(typed)
