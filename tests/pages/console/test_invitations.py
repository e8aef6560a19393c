"""/invitations/:token and /invitations: joining a project by invitation."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import PASSWORD, Person, make_key, make_person, set_password
from tests.client import Api
from tests.pages.browsing import get_csrf_token, get_text, sign_in
from users.models import Invitation, Membership, MembershipLevel, User
from users.services.members import change_member_level, create_invitation, remove_member
from users.services.projects import add_member
from users.services.setup import check_setup, complete_setup, create_setup_token
from users.services.users import create_user, set_active

CEO = "ceo@corp.example"


def make_invitation_path(person: Person, email: str, level: MembershipLevel = MembershipLevel.MEMBER) -> str:
    return f"/invitations/{create_invitation(person.membership, email=email, level=level).token}"


def new_client() -> Client:
    return Client(enforce_csrf_checks=True)


def sign_in_browser(user: User) -> Client:
    user.set_password(PASSWORD)
    user.save()
    client = new_client()
    assert sign_in(client, user.email, PASSWORD).status_code == 303
    return client


def post_form(client: Client, path: str, action: str = "accept", **fields: Any) -> Any:
    page = client.get(path if action == "accept" or "/" in path else "/account")
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(page), "action": action, **fields})


def test_new_user_creates_an_account_and_joins(alice: Person) -> None:
    path, client = make_invitation_path(alice, "Dora@example.com", MembershipLevel.ADMIN), new_client()
    page = get_text(client.get(path))
    for shown in ("Join Home", "alice@example.com invites dora@example.com", "as admin"):
        assert shown in page
    response = post_form(client, path, name="Dora van Dyk", password=PASSWORD, email="carol@victim.example")
    project_id = alice.membership.project_id
    assert (response.status_code, response["Location"]) == (303, f"/projects/{project_id}/dashboards")
    dora = User.objects.get(email="dora@example.com")
    assert (dora.first_name, dora.last_name, dora.is_email_verified) == ("Dora", "van Dyk", False)
    assert Membership.objects.get(user=dora).level == MembershipLevel.ADMIN
    assert dora.current_project_id == project_id
    assert client.get(response["Location"]).status_code == 200
    assert not User.objects.filter(email="carol@victim.example").exists()
    assert Invitation.objects.count() == 0
    assert new_client().get(path).status_code == 404
    assert sign_in(new_client(), "dora@example.com", PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "dora@example.com"}, "too similar"),
        ({"name": "x" * 151}, "at most 150"),
    ],
)
def test_invalid_values_are_reported_and_create_nothing(alice: Person, fields: dict[str, str], message: str) -> None:
    path = make_invitation_path(alice, "dora@example.com")
    response = post_form(new_client(), path, **{"name": "Dora", "password": PASSWORD, **fields})
    assert response.status_code == 400
    assert message in get_text(response)
    assert (User.objects.count(), Membership.objects.count(), Invitation.objects.count()) == (1, 1, 1)


def test_existing_user_signs_in_and_accepts(alice: Person, carol: Person) -> None:
    path = make_invitation_path(alice, carol.user.email)
    page = get_text(new_client().get(path))
    assert "Sign in to accept" in page
    assert f'href="/login?next={path.replace("/", "%2F")}"' in page
    assert carol.user.first_name not in page
    assert post_form(new_client(), path, name="Carol", password=PASSWORD).status_code == 400
    assert Membership.objects.filter(user=carol.user).count() == 1
    client = sign_in_browser(carol.user)
    assert post_form(client, path).status_code == 303
    assert Membership.objects.get(user=carol.user, project=alice.membership.project).level == MembershipLevel.MEMBER
    carol.user.refresh_from_db()
    assert carol.user.current_project_id == carol.membership.project_id
    assert client.get(f"/projects/{alice.membership.project_id}/dashboards").status_code == 200


def test_other_user_cannot_accept(alice: Person, bob: Person, carol: Person) -> None:
    path = make_invitation_path(alice, "dora@example.com", MembershipLevel.ADMIN)
    client = sign_in_browser(carol.user)
    page = get_text(client.get(path))
    assert "You are signed in as carol@example.com" in page
    assert post_form(client, path).status_code == 403
    assert Membership.objects.count() == 3
    assert Invitation.objects.count() == 1


def test_account_created_beforehand_joins_no_other_project(alice: Person, carol: Person) -> None:
    """An admin creates the account of another person with the link, and another project invites that person."""
    attacker = new_client()
    post_form(attacker, make_invitation_path(carol, CEO), name="CEO", password=PASSWORD)
    account = User.objects.get(email=CEO)
    key = make_key(account)
    path = make_invitation_path(alice, CEO, MembershipLevel.ADMIN)
    home = alice.membership.project_id
    assert attacker.get(f"/projects/{home}/members").status_code == 403
    assert Api(key, home).get("dashboards/").status == 403
    assert "Home" not in get_text(attacker.get("/invitations"))
    pending = Invitation.objects.get()
    post_form(attacker, "/invitations", invitation=pending.pk)
    post_form(attacker, "/invitations", "decline", invitation=pending.pk)
    assert Invitation.objects.get() == pending
    # The invited user sees that the account has another owner, and an operator recovers the account with a set-up link.
    assert "If this account is not yours" in get_text(new_client().get(path))
    complete_setup(check_setup(create_setup_token(account), name="CEO", email=CEO, password="another horse battery"))
    assert attacker.get("/account").status_code == 302
    assert Api(key, carol.membership.project_id).get("dashboards/").status == 401
    mine = new_client()
    sign_in(mine, CEO, "another horse battery")
    assert post_form(mine, path).status_code == 303
    assert Membership.objects.get(user=account, project=home).level == MembershipLevel.ADMIN


def test_inviting_an_email_address_does_not_reserve_it(alice: Person, carol: Person) -> None:
    make_invitation_path(carol, CEO)
    mine = make_invitation_path(alice, CEO)
    assert post_form(new_client(), mine, name="C", password=PASSWORD).status_code == 303
    account = User.objects.get(email=CEO)
    assert [each.project for each in Membership.objects.filter(user=account)] == [alice.membership.project]


def test_verified_user_sees_pending_invitations(alice: Person, carol: Person) -> None:
    carol.user.is_email_verified = True
    client = sign_in_browser(carol.user)
    for level in (MembershipLevel.ADMIN, MembershipLevel.MEMBER):
        create_invitation(alice.membership, email=carol.user.email, level=level)
    page = get_text(client.get("/invitations"))
    assert ("Home" in page, "alice@example.com" in page) == (True, True)
    invitation = Invitation.objects.get()
    declined = post_form(client, "/invitations", "decline", invitation=invitation.pk)
    assert declined["Location"] == "/invitations"
    assert "You declined to join Home." in get_text(client.get("/invitations"))
    assert "You declined" not in get_text(client.get("/invitations"))
    assert (Invitation.objects.count(), Membership.objects.count()) == (0, 2)
    again = create_invitation(alice.membership, email=carol.user.email, level=MembershipLevel.MEMBER).invitation
    accepted = post_form(client, "/invitations", invitation=again.pk)
    assert accepted["Location"] == f"/projects/{alice.membership.project_id}/dashboards"
    assert Membership.objects.filter(user=carol.user, project=alice.membership.project).exists()
    assert post_form(client, "/invitations", invitation=again.pk)["Location"] == "/invitations"


def test_verified_user_cannot_accept_invitations_of_others(alice: Person, carol: Person) -> None:
    carol.user.is_email_verified = True
    client = sign_in_browser(carol.user)
    theirs = create_invitation(alice.membership, email=CEO, level=MembershipLevel.MEMBER).invitation
    for action in ("accept", "decline"):
        assert post_form(client, "/invitations", action, invitation=theirs.pk)["Location"] == "/invitations"
    assert Invitation.objects.get() == theirs


def test_invitation_can_be_declined(alice: Person) -> None:
    path, client = make_invitation_path(alice, CEO), new_client()
    assert "Invitation declined" in get_text(post_form(client, path, "decline"))
    assert Invitation.objects.count() == 0
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("change", ["time", "removed", "demoted", "below the level", "deactivated", "forged"])
def test_invitation_expires(alice: Person, bob: Person, change: str) -> None:
    is_owner = change == "below the level"
    inviter = make_person(
        "inviter", alice.membership.project, MembershipLevel.OWNER if is_owner else MembershipLevel.ADMIN
    )
    level = {"below the level": MembershipLevel.OWNER, "demoted": MembershipLevel.MEMBER}.get(change, 8)
    path, client = make_invitation_path(inviter, CEO, MembershipLevel(level)), new_client()
    token = get_csrf_token(client.get(path))
    if change == "time":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif change == "removed":
        remove_member(alice.membership, membership_id=inviter.membership.pk)
    elif change == "demoted":
        change_member_level(alice.membership, membership_id=inviter.membership.pk, level=MembershipLevel.MEMBER)
    elif change == "below the level":
        Membership.objects.filter(pk=inviter.membership.pk).update(level=MembershipLevel.ADMIN)
    elif change == "deactivated":
        set_active(inviter.user, active=False)
    else:
        path += "x"
    fields = {"csrfmiddlewaretoken": token, "action": "accept", "name": "C", "password": PASSWORD}
    assert client.post(path, fields).status_code == 404
    assert client.get(path).status_code == 404
    assert not User.objects.filter(email=CEO).exists()


def test_higher_level_is_kept(alice: Person, carol: Person) -> None:
    path = make_invitation_path(alice, carol.user.email, MembershipLevel.MEMBER)
    add_member(alice.membership.project, user=carol.user, level=MembershipLevel.ADMIN)
    assert post_form(sign_in_browser(carol.user), path).status_code == 303
    assert Membership.objects.get(user=carol.user, project=alice.membership.project).level == MembershipLevel.ADMIN


def test_unused_account_of_an_earlier_release_gets_a_new_link(alice: Person) -> None:
    old = create_user("dora@example.com")
    membership = add_member(alice.membership.project, user=old, level=MembershipLevel.MEMBER)
    set_password(alice)
    path = make_invitation_path(alice, "dora@example.com")
    assert post_form(new_client(), path, name="Dora", password=PASSWORD).status_code == 303
    old.refresh_from_db()
    assert (old.first_name, old.check_password(PASSWORD), old.is_email_verified) == ("Dora", True, False)
    membership.refresh_from_db()
    assert membership.level == MembershipLevel.MEMBER


@pytest.mark.parametrize("used", ["key", "elsewhere", "verified", "staff", "signed in"])
def test_used_account_is_not_taken_over(alice: Person, carol: Person, used: str) -> None:
    old = create_user("robot@example.com", is_staff=used == "staff")
    if used == "key":
        make_key(old)
    elif used == "elsewhere":
        add_member(carol.membership.project, user=old)
    elif used == "verified":
        User.objects.filter(pk=old.pk).update(is_email_verified=True)
    elif used == "signed in":
        User.objects.filter(pk=old.pk).update(last_login=timezone.now())
    path = make_invitation_path(alice, "robot@example.com")
    assert "Sign in to accept" in get_text(new_client().get(path))
    token = get_csrf_token(new_client().get(path))
    client = Client()
    fields = {"csrfmiddlewaretoken": token, "action": "accept", "name": "R", "password": PASSWORD}
    assert client.post(path, fields).status_code == 400
    old.refresh_from_db()
    assert (old.has_usable_password(), old.first_name) == (False, "")


def test_form_without_a_csrf_token_accepts_nothing(alice: Person, carol: Person) -> None:
    path = make_invitation_path(alice, carol.user.email)
    assert sign_in_browser(carol.user).post(path, {"action": "accept"}).status_code == 403
    assert Membership.objects.count() == 2
