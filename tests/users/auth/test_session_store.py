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

from tests.builders import PASSWORD, Person, make_session
from tests.client import Api
from users.auth.session_store import SessionStore, hash_session_key
from users.auth.sessions import end_all_sessions


def get_session_cookie(browser: Api) -> str:
    return browser.client.cookies["sessionid"].value


def get_status(cookie: str) -> int:
    client = Client()
    client.cookies["sessionid"] = cookie
    return client.get("/api/users/@me/").status_code


def test_the_cookie_is_not_stored_and_its_hash_does_not_sign_in(alice: Person) -> None:
    cookie = get_session_cookie(make_session(alice))
    assert get_status(cookie) == 200
    row = Session.objects.get()
    assert row.session_key == hash_session_key(cookie)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM django_session")
        assert cookie not in str(cursor.fetchall())
    assert [get_status(stolen) for stolen in (row.session_key, row.session_key[:32])] == [401, 401]


def test_signing_in_again_replaces_the_session(alice: Person) -> None:
    browser = make_session(alice)
    old = get_session_cookie(browser)
    assert browser.sign_in(alice.user.email, PASSWORD).status == 200
    assert get_session_cookie(browser) != old
    assert (get_status(old), get_status(get_session_cookie(browser))) == (401, 200)
    assert Session.objects.count() == 1


def test_ended_sessions_are_deleted(alice: Person, bob: Person) -> None:
    browser, other, theirs = make_session(alice), Api(None, 0), make_session(bob)
    assert other.sign_in(alice.user.email, PASSWORD).status == 200
    cookie = get_session_cookie(browser)
    assert browser.post("/api/logout/").status == 204
    assert (get_status(cookie), Session.objects.count()) == (401, 2)
    end_all_sessions(alice.user)
    assert (get_status(get_session_cookie(other)), get_status(get_session_cookie(theirs))) == (401, 200)
    assert Session.objects.get().get_decoded()["_auth_user_id"] == str(bob.user.pk)


def test_expired_sessions_are_refused_and_deleted_by_clearsessions(alice: Person) -> None:
    browser = make_session(alice)
    call_command("clearsessions")
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert get_status(get_session_cookie(browser)) == 401
    call_command("clearsessions")
    assert Session.objects.count() == 0


def test_cycling_the_key_keeps_the_data(db: None) -> None:
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
def test_the_asynchronous_methods_hash_the_key() -> None:
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


def test_sessions_of_earlier_releases_remain_valid(alice: Person) -> None:
    """Earlier releases stored sessions under their cookies, with the session store of Django."""
    browser = make_session(alice)
    cookie = get_session_cookie(browser)
    Session.objects.update(session_key=cookie)
    assert plain.SessionStore(cookie).load()["_auth_user_id"] == str(alice.user.pk)
    migration = importlib.import_module("users.migrations.0006_hash_session_keys")
    for _ in range(2):  # a second run changes nothing
        migration.hash_session_keys(apps, connection.schema_editor(atomic=False))
        assert Session.objects.get().session_key == hash_session_key(cookie)
        assert get_status(cookie) == 200
