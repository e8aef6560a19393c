"""Sessions are stored under a hash of their cookie."""

import importlib
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.sessions.backends import db as plain
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.builders import PASSWORD, Person, signed_in
from tests.client import Api
from users.auth.session_store import SessionStore, hash_session_key
from users.auth.sessions import end_all_sessions


def cookie_of(browser: Api) -> str:
    return browser.client.cookies["sessionid"].value


def status_with(cookie: str) -> int:
    client = Client()
    client.cookies["sessionid"] = cookie
    return client.get("/api/users/@me/").status_code


def test_no_row_holds_the_cookie_and_no_row_is_one(alice: Person) -> None:
    cookie = cookie_of(signed_in(alice))
    assert status_with(cookie) == 200
    row = Session.objects.get()
    assert row.session_key == hash_session_key(cookie)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM django_session")
        assert cookie not in str(cursor.fetchall())
    assert [status_with(stolen) for stolen in (row.session_key, row.session_key[:32])] == [401, 401]


def test_a_new_sign_in_takes_another_cookie_and_ends_the_old_one(alice: Person) -> None:
    browser = signed_in(alice)
    old = cookie_of(browser)
    assert browser.sign_in(alice.user.email, PASSWORD).status == 200
    assert cookie_of(browser) != old
    assert (status_with(old), status_with(cookie_of(browser))) == (401, 200)
    assert Session.objects.count() == 1


def test_signing_out_and_ending_sessions_delete_the_rows(alice: Person, bob: Person) -> None:
    browser, other, theirs = signed_in(alice), Api(None, 0), signed_in(bob)
    assert other.sign_in(alice.user.email, PASSWORD).status == 200
    cookie = cookie_of(browser)
    assert browser.post("/api/logout/").status == 204
    assert (status_with(cookie), Session.objects.count()) == (401, 2)
    end_all_sessions(alice.user)
    assert (status_with(cookie_of(other)), status_with(cookie_of(theirs))) == (401, 200)
    assert Session.objects.get().get_decoded()["_auth_user_id"] == str(bob.user.pk)


def test_expired_sessions_are_none_and_are_cleared_away(alice: Person) -> None:
    browser = signed_in(alice)
    call_command("clearsessions")
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert status_with(cookie_of(browser)) == 401
    call_command("clearsessions")
    assert Session.objects.count() == 0


def test_a_cycled_key_keeps_the_content(db: None) -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    old = str(session.session_key)
    session.cycle_key()
    assert SessionStore(session.session_key)["a"] == 1
    assert SessionStore(old).get("a") is None
    assert SessionStore().exists(str(session.session_key))
    assert not SessionStore().exists(old)
    session.flush()
    assert Session.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_asynchronous_methods_hash_too() -> None:
    async def use() -> str:
        session = SessionStore()
        await session.aset("a", 1)
        await session.asave()
        key = str(session.session_key)
        assert await SessionStore(key).aget("a") == 1
        assert await session.aexists(key)
        await session.acycle_key()
        assert not await session.aexists(key)
        return str(session.session_key)

    key = async_to_sync(use)()
    assert Session.objects.get().session_key == hash_session_key(key)
    async_to_sync(SessionStore(key).adelete)()
    assert Session.objects.count() == 0


def test_sessions_of_an_earlier_release_go_on(alice: Person) -> None:
    """They were stored under their cookies, by Django's own store."""
    browser = signed_in(alice)
    cookie = cookie_of(browser)
    Session.objects.update(session_key=cookie)
    assert plain.SessionStore(cookie).load()["_auth_user_id"] == str(alice.user.pk)
    migration = importlib.import_module("users.migrations.0006_hash_session_keys")
    for _ in range(2):  # a second run changes nothing
        migration.hash_session_keys(apps, connection.schema_editor(atomic=False))
        assert Session.objects.get().session_key == hash_session_key(cookie)
        assert status_with(cookie) == 200
