"""The page of a project's members."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboards_api.errors import NotFound
from tests.builders import Person, make_person, make_session, set_password
from tests.pages.browsing import get_csrf_token, get_text
from users.models import Invitation, Membership, MembershipLevel, User
from users.services.invitations import get_invitation
from users.services.members import MAX_INVITATIONS, create_invitation
from users.services.users import create_user


def get_members_path(person: Person) -> str:
    return f"/projects/{person.membership.project_id}/members"


def post_form(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), **fields})


def invite_user(client: Client, path: str, **fields: Any) -> str:
    """Invite a user, and return the token of the link that is shown."""
    response = post_form(client, path, action="invite", **fields)
    assert (response.status_code, response["Location"]) == (303, path)
    found = re.search(r'value="http://testserver/invitations/([^"]+)"', get_text(client.get(path)))
    assert found is not None
    return found[1]


def test_user_is_invited_and_the_link_is_shown_once(alice: Person, browser: Client) -> None:
    token = invite_user(browser, get_members_path(alice), email="Dora@Example.com", level="8")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.level) == ("dora@example.com", MembershipLevel.ADMIN)
    assert get_invitation(token) == invitation
    assert (User.objects.count(), Membership.objects.count()) == (1, 1)
    page = get_text(browser.get(get_members_path(alice)))
    assert token not in page
    assert "dora@example.com" in page


def test_invitation_does_not_reveal_whether_an_account_exists(alice: Person, browser: Client) -> None:
    create_user("eve@example.com", first_name="Evelyn")
    pages = []
    for email in ("eve@example.com", "new@example.com"):
        token = invite_user(browser, get_members_path(alice), email=email, level="1")
        post_form(browser, get_members_path(alice), action="withdraw", invitation=Invitation.objects.get().pk)
        invited_again = post_form(browser, get_members_path(alice), action="invite", email=email, level="1")
        pages.append(get_text(browser.get(invited_again["Location"])))
        post_form(browser, get_members_path(alice), action="withdraw", invitation=Invitation.objects.get().pk)
        assert token not in pages[-1]
    shown = [re.sub(r'eve@|new@|invitations/[^"]+|value="[^"]+"', "", page) for page in pages]
    assert shown[0] == shown[1]
    assert "Evelyn" not in pages[0]


def test_new_link_replaces_the_previous_one(alice: Person, browser: Client) -> None:
    first = invite_user(browser, get_members_path(alice), email="dora@example.com", level="1")
    second = invite_user(browser, get_members_path(alice), email="DORA@example.com", level="8")
    assert Invitation.objects.get() == get_invitation(second)
    assert Invitation.objects.get().level == MembershipLevel.ADMIN
    with pytest.raises(NotFound):
        get_invitation(first)
    post_form(browser, get_members_path(alice), action="withdraw", invitation=Invitation.objects.get().pk)
    assert Invitation.objects.count() == 0
    assert Client().get(f"/invitations/{second}").status_code == 404


def test_member_cannot_be_invited_again(alice: Person, bob: Person, browser: Client) -> None:
    set_password(bob)
    response = post_form(browser, get_members_path(alice), action="invite", email="Bob@example.com", level="8")
    assert response.status_code == 400
    assert "This person is already a member." in get_text(response)
    bob.membership.refresh_from_db()
    assert (bob.membership.level, Invitation.objects.count()) == (MembershipLevel.MEMBER, 0)


def test_number_of_invitations_is_limited(alice: Person, browser: Client) -> None:
    for number in range(MAX_INVITATIONS):
        create_invitation(alice.membership, email=f"a{number}@example.com", level=MembershipLevel.MEMBER)
    response = post_form(browser, get_members_path(alice), action="invite", email="more@example.com", level="1")
    assert response.status_code == 400
    assert "at most 100 open invitations" in get_text(response)
    invite_user(browser, get_members_path(alice), email="a0@example.com", level="1")
    assert Invitation.objects.count() == MAX_INVITATIONS


def test_level_is_changed_and_a_member_removed(alice: Person, bob: Person, browser: Client) -> None:
    theirs = make_session(bob)
    post_form(browser, get_members_path(alice), action="level", member=bob.membership.pk, level="8")
    bob.membership.refresh_from_db()
    assert bob.membership.level == MembershipLevel.ADMIN
    assert theirs.get("dashboards/").status == bob.api.get("dashboards/").status == 200
    post_form(browser, get_members_path(alice), action="remove", member=bob.membership.pk)
    assert not Membership.objects.filter(pk=bob.membership.pk).exists()
    assert theirs.get("dashboards/").status == bob.api.get("dashboards/").status == 403
    assert User.objects.filter(pk=bob.user.pk).exists()


def test_last_admin_cannot_be_removed(alice: Person, bob: Person, browser: Client) -> None:
    for fields in ({"action": "remove"}, {"action": "level", "level": "1"}):
        response = post_form(browser, get_members_path(alice), member=alice.membership.pk, **fields)
        assert response.status_code == 400
        assert "must keep at least one admin" in get_text(response)
    alice.membership.refresh_from_db()
    assert alice.membership.level == MembershipLevel.ADMIN


def test_member_leaves_the_project(alice: Person, bob: Person, browser: Client) -> None:
    page = f"/projects/{alice.membership.project_id}/members"
    create_invitation(alice.membership, email="dora@example.com", level=MembershipLevel.MEMBER)
    assert post_form(browser, page, action="leave").status_code == 400
    alice.membership.refresh_from_db()
    bob.membership.level = MembershipLevel.ADMIN
    bob.membership.save()
    response = post_form(browser, page, action="leave")
    assert (response.status_code, response["Location"]) == (303, "/")
    assert list(Membership.objects.all()) == [bob.membership]
    assert Invitation.objects.count() == 0  # the invitation is deleted with the membership of its creator
    assert browser.get(page).status_code == alice.api.get("dashboards/").status == 403


def test_member_cannot_manage_higher_levels(alice: Person, browser: Client) -> None:
    owner = make_person("owner", alice.membership.project, MembershipLevel.OWNER)
    forbidden: list[dict[str, Any]] = [
        {"action": "remove", "member": owner.membership.pk},
        {"action": "level", "member": owner.membership.pk, "level": "1"},
        {"action": "level", "member": alice.membership.pk, "level": "15"},
        {"action": "invite", "email": "new@example.com", "level": "15"},
    ]
    for fields in forbidden:
        assert post_form(browser, get_members_path(alice), **fields).status_code == 403
    owner.membership.refresh_from_db()
    alice.membership.refresh_from_db()
    assert (owner.membership.level, alice.membership.level) == (MembershipLevel.OWNER, MembershipLevel.ADMIN)
    assert Invitation.objects.count() == 0


def test_members_see_others_and_change_nothing(alice: Person, bob: Person, browser: Client) -> None:
    sent = create_invitation(alice.membership, email="asked@example.com", level=MembershipLevel.MEMBER).invitation
    alice.membership.level = MembershipLevel.MEMBER
    alice.membership.save()
    page = browser.get(get_members_path(alice))
    assert bob.user.email in get_text(page)
    assert "Invite member" not in get_text(page)
    assert "asked@example.com" not in get_text(page)
    for fields in (
        {"action": "remove", "member": bob.membership.pk},
        {"action": "invite", "email": "new@example.com", "level": "1"},
        {"action": "level", "member": alice.membership.pk, "level": "8"},
        {"action": "withdraw", "invitation": sent.pk},
    ):
        assert post_form(browser, get_members_path(alice), **fields).status_code == 403
    assert (Membership.objects.count(), Invitation.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "invite", "email": "no address", "level": "1"}, 400),
        ({"action": "invite", "email": "a@example.com", "level": "2"}, 400),
        ({"action": "invite", "email": "a\0@example.com", "level": ""}, 400),
        ({"action": "invite", "email": "\u017ftaff@example.com", "level": "1"}, 400),
        ({"action": "withdraw", "invitation": "999999"}, 404),
        ({"action": "remove", "member": "999999"}, 404),
        ({"action": "remove", "member": "x"}, 404),
        ({"action": "other"}, 400),
    ],
)
def test_invalid_values_are_reported(alice: Person, browser: Client, fields: dict[str, str], status: int) -> None:
    assert post_form(browser, get_members_path(alice), **fields).status_code == status
    assert (Membership.objects.count(), User.objects.count(), Invitation.objects.count()) == (1, 1, 0)


def test_members_of_other_projects_are_not_found(alice: Person, carol: Person, browser: Client) -> None:
    assert post_form(browser, get_members_path(alice), action="remove", member=carol.membership.pk).status_code == 404
    theirs = create_invitation(carol.membership, email="x@example.com", level=MembershipLevel.MEMBER).invitation
    assert post_form(browser, get_members_path(alice), action="withdraw", invitation=theirs.pk).status_code == 404
    assert Invitation.objects.get() == theirs
    token = get_csrf_token(browser.get(get_members_path(alice)))
    fields = {"csrfmiddlewaretoken": token, "action": "invite", "email": alice.user.email, "level": "1"}
    assert browser.post(get_members_path(carol), fields).status_code == 403
    assert carol.user.email not in get_text(browser.get(get_members_path(carol)))
    assert Membership.objects.count() == 2
