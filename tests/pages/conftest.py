import pytest
from django.test import Client

from tests.builders import PASSWORD, Person, set_password
from tests.pages.browsing import sign_in


@pytest.fixture
def browser(alice: Person) -> Client:
    """Return a client that is signed in as Alice through the form, and that enforces CSRF checks."""
    set_password(alice)
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, alice.user.email, PASSWORD).status_code == 303
    return client
