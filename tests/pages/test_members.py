"""The page of a project's members."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.builders import Person, make_person, signed_in
from tests.pages.browsing import text_of, token_in
from users.models import Membership, MembershipLevel, User
from users.services.setup import user_to_set_up
from users.services.users import create_user


def path_of(person: Person) -> str:
    return f"/projects/{person.membership.project_id}/members"


def send(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"csrfmiddlewaretoken": token_in(client.get(path)), **fields})


def test_somebody_new_is_added_and_gets_a_link_once(alice: Person, browser: Client) -> None:
    response = send(browser, path_of(alice), action="invite", email="Dora@Example.com", level="8")
    dora = User.objects.get(email="dora@example.com")
    assert Membership.objects.get(user=dora).level == MembershipLevel.ADMIN
    found = re.search(r'value="http://testserver/setup/([^"]+)"', text_of(response))
    assert found is not None
    assert user_to_set_up(found[1]) == dora
    assert found[1] not in text_of(browser.get(path_of(alice)))


def test_somebody_known_is_added_without_one(alice: Person, browser: Client) -> None:
    eve = create_user("eve@example.com")
    response = send(browser, path_of(alice), action="invite", email="eve@example.com", level="1")
    assert response.status_code == 303
    assert Membership.objects.get(user=eve).level == MembershipLevel.MEMBER
    assert send(browser, path_of(alice), action="invite", email="eve@example.com", level="8").status_code == 400
    assert Membership.objects.get(user=eve).level == MembershipLevel.MEMBER


def test_a_level_is_changed_and_a_member_removed(alice: Person, bob: Person, browser: Client) -> None:
    theirs = signed_in(bob)
    send(browser, path_of(alice), action="level", member=bob.membership.pk, level="8")
    bob.membership.refresh_from_db()
    assert bob.membership.level == MembershipLevel.ADMIN
    assert theirs.get("dashboards/").status == bob.api.get("dashboards/").status == 200
    send(browser, path_of(alice), action="remove", member=bob.membership.pk)
    assert not Membership.objects.filter(pk=bob.membership.pk).exists()
    assert theirs.get("dashboards/").status == bob.api.get("dashboards/").status == 403
    assert User.objects.filter(pk=bob.user.pk).exists()


def test_a_project_keeps_an_admin(alice: Person, bob: Person, browser: Client) -> None:
    for fields in ({"action": "remove"}, {"action": "level", "level": "1"}):
        response = send(browser, path_of(alice), member=alice.membership.pk, **fields)
        assert response.status_code == 400
        assert "keeps at least one admin" in text_of(response)
    alice.membership.refresh_from_db()
    assert alice.membership.level == MembershipLevel.ADMIN


def test_nobody_reaches_above_themselves(alice: Person, browser: Client) -> None:
    owner = make_person("owner", alice.membership.project, MembershipLevel.OWNER)
    forbidden: list[dict[str, Any]] = [
        {"action": "remove", "member": owner.membership.pk},
        {"action": "level", "member": owner.membership.pk, "level": "1"},
        {"action": "level", "member": alice.membership.pk, "level": "15"},
        {"action": "invite", "email": "new@example.com", "level": "15"},
    ]
    for fields in forbidden:
        assert send(browser, path_of(alice), **fields).status_code == 403
    owner.membership.refresh_from_db()
    alice.membership.refresh_from_db()
    assert (owner.membership.level, alice.membership.level) == (MembershipLevel.OWNER, MembershipLevel.ADMIN)
    assert not User.objects.filter(email="new@example.com").exists()


def test_members_see_the_others_and_change_nothing(alice: Person, bob: Person, browser: Client) -> None:
    alice.membership.level = MembershipLevel.MEMBER
    alice.membership.save()
    page = browser.get(path_of(alice))
    assert bob.user.email in text_of(page)
    assert "Add somebody" not in text_of(page)
    for fields in (
        {"action": "remove", "member": bob.membership.pk},
        {"action": "invite", "email": "new@example.com", "level": "1"},
        {"action": "level", "member": alice.membership.pk, "level": "8"},
    ):
        assert send(browser, path_of(alice), **fields).status_code == 403
    assert Membership.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "invite", "email": "no address", "level": "1"}, 400),
        ({"action": "invite", "email": "a@example.com", "level": "2"}, 400),
        ({"action": "invite", "email": "a\0@example.com", "level": ""}, 400),
        ({"action": "remove", "member": "999999"}, 404),
        ({"action": "remove", "member": "x"}, 404),
        ({"action": "other"}, 400),
    ],
)
def test_what_cannot_be_is_said(alice: Person, browser: Client, fields: dict[str, str], status: int) -> None:
    assert send(browser, path_of(alice), **fields).status_code == status
    assert (Membership.objects.count(), User.objects.count()) == (1, 1)


def test_members_of_elsewhere_are_out_of_reach(alice: Person, carol: Person, browser: Client) -> None:
    assert send(browser, path_of(alice), action="remove", member=carol.membership.pk).status_code == 404
    token = token_in(browser.get(path_of(alice)))
    fields = {"csrfmiddlewaretoken": token, "action": "invite", "email": alice.user.email, "level": "1"}
    assert browser.post(path_of(carol), fields).status_code == 403
    assert carol.user.email not in text_of(browser.get(path_of(carol)))
    assert Membership.objects.count() == 2
