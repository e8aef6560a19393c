"""Forms of the console refuse null characters, which PostgreSQL cannot store."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from dashboards.models import Activity, Dashboard
from tests.builders import PASSWORD, Person, make_dashboard, set_password
from tests.pages.browsing import get_csrf_token, sign_in
from users.models import AttemptCounter, Membership, PersonalAPIKey, User
from users.services.setup import create_setup_token

NAMES = ("action", "id", "label", "scope", "email", "level", "name", "text", "note", "restore", "current", "new")


@pytest.mark.parametrize("field", ["email", "password", "next", "other"])
def test_sign_in_with_null_characters_is_refused(alice: Person, field: str) -> None:
    set_password(alice)
    fields = {"email": alice.user.email, "password": PASSWORD, field: "a\0b"}
    assert sign_in(Client(enforce_csrf_checks=True), **fields).status_code == 400
    assert (AttemptCounter.objects.count(), Session.objects.count()) == (0, 0)


def read_all_rows() -> list[object]:
    models = (User, Membership, PersonalAPIKey, Dashboard, Activity)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_every_form_refuses_them_and_changes_nothing(alice: Person, browser: Client) -> None:
    board = make_dashboard(alice, "Board")
    project = f"/projects/{board.project_id}"
    token = get_csrf_token(browser.get(f"{project}/dashboards"))
    paths = ["/login", "/logout", f"/setup/{create_setup_token(alice.user)}", "/account", "/keys", f"{project}/members"]
    paths += [f"{project}/dashboards", *(f"{project}/dashboards/{board.pk}{end}" for end in ("", "/tiles", "/history"))]
    before = read_all_rows()
    for path in paths:
        for name in NAMES:
            response = browser.post(path, {"csrfmiddlewaretoken": token, name: "a\0b"})
            assert response.status_code == 400, (path, name)
    assert read_all_rows() == before
