"""`Idempotency-Key`: one effect and one response for all requests with the same key."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboards.models import Dashboard, Tile
from dashboards_api.environment import Rate
from dashboards_api.idempotency.models import CLAIM_TIMEOUT, MAX_BODY_BYTES, RETENTION
from tests.builders import Person, make_dashboard, make_insight, make_key, make_project, make_session, make_text_tile
from tests.client import Answer, Api
from users.models import IdempotentRequest, PersonalAPIKey
from users.services.projects import add_member

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def post_with_key(api: Api, path: str, body: Any = None, key: str = KEY, **options: Any) -> Answer:
    return api.post(path, body, headers={"Idempotency-Key": key, **options.pop("headers", {})}, **options)


def is_replay(answer: Answer) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def age_requests(by: timedelta) -> None:
    IdempotentRequest.objects.update(claimed_at=timezone.now() - by)


def test_a_repeated_request_replays_the_response_and_does_nothing(alice: Person) -> None:
    body = {"name": "once", "tiles": [{"text": {"body": "ü\n1.0"}}], "filters": {"b": 1.0, "a": None}, "bogus": 1}
    first = post_with_key(alice.api, "dashboards/", body, documented=False)
    assert (first.status, is_replay(first)) == (201, False)
    created = Dashboard.objects.get()
    alice.api.patch(f"dashboards/{created.pk}/", {"name": "changed since"})
    again = post_with_key(alice.api, "dashboards/", body, documented=False)
    assert (again.status, is_replay(again)) == (201, True)
    assert again.text == first.text
    assert again.headers["Ignored-Fields"] == first.headers["Ignored-Fields"] == "bogus"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Content-Type"] == "application/json"
    assert Dashboard.objects.get().name == "changed since"
    assert Tile.objects.count() == 1


def test_quotes_are_not_part_of_the_key(alice: Person) -> None:
    assert post_with_key(alice.api, "dashboards/", {"name": "a"}, key=f'"{KEY}"').status == 201
    assert is_replay(post_with_key(alice.api, "dashboards/", {"name": "a"}, key=KEY))
    assert Dashboard.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", '""', "a b", "a\tb", "é", "x" * 256, '"' + "x" * 256 + '"'])
def test_a_malformed_key_is_400(alice: Person, key: str) -> None:
    answer = post_with_key(alice.api, "dashboards/", {"name": "a"}, key=key)
    assert answer.error == (400, "validation_error", "invalid_input", "Idempotency-Key")
    assert Dashboard.objects.count() == IdempotentRequest.objects.count() == 0


@pytest.mark.parametrize("key", ["a", "x" * 255, '"' + "x" * 255 + '"', "!~,;=/", 'a"b'])
def test_keys_of_1_to_255_visible_characters_are_accepted(alice: Person, key: str) -> None:
    assert post_with_key(alice.api, "dashboards/", {"name": "a"}, key=key).status == 201
    assert is_replay(post_with_key(alice.api, "dashboards/", {"name": "a"}, key=key))


def test_another_request_with_the_same_key_is_422(alice: Person) -> None:
    assert post_with_key(alice.api, "dashboards/", {"name": "a"}).status == 201
    others = [
        post_with_key(alice.api, "dashboards/", {"name": "b"}),
        post_with_key(alice.api, "insights/", {"name": "a"}),
        post_with_key(alice.api, "dashboards/?x=1", {"name": "a"}),
        alice.api.call(
            "POST",
            "dashboards/",
            raw=b'{"name": "a"}',
            content_type="application/x-www-form-urlencoded",
            headers={"Idempotency-Key": KEY},
        ),
    ]
    assert [each.error for each in others] == [(422, "invalid_request", "idempotency_key_reused", None)] * 4
    assert Dashboard.objects.count() == 1
    assert alice.api.get("insights/").json["count"] == 0


def test_keys_are_unique_per_user_and_project(alice: Person, bob: Person) -> None:
    elsewhere = make_project("Elsewhere")
    add_member(elsewhere, user=alice.user)
    apis = [alice.api, bob.api, Api(alice.key, elsewhere.pk)]
    assert [post_with_key(api, "dashboards/", {"name": "a"}).status for api in apis] == [201] * 3
    assert Dashboard.objects.count() == 3
    # Other API keys and the browser of the same user share their idempotency keys.
    assert is_replay(
        post_with_key(Api(make_key(alice.user), alice.membership.project_id), "dashboards/", {"name": "a"})
    )
    assert is_replay(post_with_key(make_session(alice), "dashboards/", {"name": "a"}))
    assert Dashboard.objects.count() == 3


def test_a_replay_requires_the_same_permissions(alice: Person, bob: Person) -> None:
    assert post_with_key(bob.api, "dashboards/", {"name": "a"}).status == 201
    reader = Api(make_key(bob.user, "dashboard:read"), bob.membership.project_id)
    assert post_with_key(reader, "dashboards/", {"name": "a"}).status == 403
    bob.membership.delete()
    assert post_with_key(bob.api, "dashboards/", {"name": "a"}).status == 403


def test_signing_out_with_a_key_ends_the_session(alice: Person) -> None:
    browser = make_session(alice)
    assert post_with_key(browser, "/api/logout/").status == 204
    assert post_with_key(browser, "/api/logout/").status == 401


def test_a_response_without_a_body_is_replayed(alice: Person) -> None:
    board = make_dashboard(alice)
    path, body = f"dashboards/{board.pk}/delete_tile/", {"tile_id": make_text_tile(alice, board).pk}
    assert [post_with_key(alice.api, path, body).status for _ in range(2)] == [204, 204]
    assert alice.api.post(path, body).status == 404


def test_client_errors_of_the_handler_are_stored(alice: Person) -> None:
    body = {"use_dashboard": 1_000_000}
    first = post_with_key(alice.api, "dashboards/", body)
    assert first.error == (400, "validation_error", "does_not_exist", "use_dashboard")
    again = post_with_key(alice.api, "dashboards/", body)
    assert (again.status, again.text, is_replay(again)) == (400, first.text, True)
    path = "dashboards/999999/tiles/"
    missing = [post_with_key(alice.api, path, {"text": {"body": "a"}}, key="other") for _ in range(2)]
    assert [(each.status, is_replay(each)) for each in missing] == [(404, False), (404, True)]
    assert Dashboard.objects.count() == 0


def test_errors_before_the_handler_are_not_stored(alice: Person) -> None:
    stranger, reader = Api("phx_unknown", alice.membership.project_id), make_key(alice.user, "dashboard:read")
    assert post_with_key(stranger, "dashboards/", {"name": "a"}).status == 401
    assert post_with_key(Api(reader, alice.membership.project_id), "dashboards/", {"name": "a"}).status == 403
    with override_settings(RATE_LIMITS=[Rate(1, 86400)]):
        assert alice.api.get("dashboards/").status == 200
        assert post_with_key(alice.api, "dashboards/", {"name": "a"}).status == 429
    assert IdempotentRequest.objects.count() == 0
    answer = post_with_key(alice.api, "dashboards/", {"name": "a"})
    assert (answer.status, is_replay(answer)) == (201, False)


def test_a_replay_counts_against_the_rate_limit(alice: Person) -> None:
    with override_settings(RATE_LIMITS=[Rate(9, 86400)], RATE_LIMIT_UNIT_SECONDS=60):
        answers = [post_with_key(alice.api, "dashboards/", {"name": "a"}) for _ in range(2)]
    assert [each.headers["RateLimit-Remaining"] for each in answers] == ["8", "7"]


def test_a_running_request_is_409_until_its_claim_times_out(alice: Person) -> None:
    assert post_with_key(alice.api, "dashboards/", {"name": "a"}).status == 201
    Dashboard.objects.all().delete()
    IdempotentRequest.objects.update(status=None, body=None)  # as after a crash of the process
    age_requests(CLAIM_TIMEOUT - timedelta(seconds=5))
    answer = post_with_key(alice.api, "dashboards/", {"name": "a"})
    assert answer.error == (409, "invalid_request", "idempotency_key_in_use", None)
    assert answer.headers["Retry-After"] == "1"
    age_requests(CLAIM_TIMEOUT + timedelta(seconds=1))
    answer = post_with_key(alice.api, "dashboards/", {"name": "a"})
    assert (answer.status, is_replay(answer)) == (201, False)
    assert is_replay(post_with_key(alice.api, "dashboards/", {"name": "a"}))
    assert Dashboard.objects.count() == 1


@pytest.mark.parametrize("by", [RETENTION + timedelta(seconds=1), -RETENTION - timedelta(seconds=30)])
def test_a_key_can_be_reused_after_24_hours(alice: Person, by: timedelta) -> None:
    assert post_with_key(alice.api, "dashboards/", {"name": "a"}).status == 201
    age_requests(by)
    assert post_with_key(alice.api, "dashboards/", {"name": "b"}).status == 201
    assert sorted(Dashboard.objects.values_list("name", flat=True)) == ["a", "b"]
    assert IdempotentRequest.objects.count() == 1


def test_a_response_too_large_to_store_is_409_on_repetition(alice: Person) -> None:
    noise = "".join(chr(0x4E00 + (number * 7919 + number * number * 31) % 20_000) for number in range(300_000))
    body = {"filters": {"noise": noise}}
    first = post_with_key(alice.api, "dashboards/", body)
    assert first.status == 201
    assert IdempotentRequest.objects.get().body is None
    again = post_with_key(alice.api, "dashboards/", body)
    assert again.error == (409, "invalid_request", "idempotent_answer_not_kept", None)
    assert "Retry-After" not in again.headers
    assert Dashboard.objects.count() == 1
    assert len(first.text.encode()) > MAX_BODY_BYTES


def test_responses_with_secrets_refuse_keys(alice: Person) -> None:
    browser, board = make_session(alice), make_dashboard(alice)
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"password_required": True, "enabled": True})
    before = PersonalAPIKey.objects.count()
    answers = [
        post_with_key(browser, "/api/personal_api_keys/", {"label": "a", "scopes": ["*"]}),
        post_with_key(browser, f"/api/personal_api_keys/{alice.user.personal_api_keys.get().pk}/roll/"),
        post_with_key(alice.api, f"dashboards/{board.pk}/sharing/passwords/"),
    ]
    refused = (400, "validation_error", "idempotency_key_not_supported", "Idempotency-Key")
    assert [each.error for each in answers] == [refused] * 3
    assert PersonalAPIKey.objects.count() == before
    assert IdempotentRequest.objects.count() == 0
    assert alice.api.get("dashboards/").status == 200


def test_neither_key_is_stored_in_clear_text(alice: Person) -> None:
    post_with_key(alice.api, "dashboards/", {"name": "a", "personal_api_key": alice.key})
    row = IdempotentRequest.objects.get()
    kept = repr([row.subject, row.fingerprint, row.headers, row.get_body()])
    assert KEY not in kept
    assert alice.key not in kept


@pytest.mark.parametrize("method", ["PATCH", "PUT", "GET"])
def test_other_methods_ignore_the_key(alice: Person, method: str) -> None:
    board = make_dashboard(alice)
    body = None if method == "GET" else {"name": "a"}
    for _ in range(2):
        answer = alice.api.call(method, f"dashboards/{board.pk}/", body, headers={"Idempotency-Key": KEY})
        assert (answer.status, is_replay(answer)) == (200, False)
    assert IdempotentRequest.objects.count() == 0


def test_server_errors_are_not_stored(alice: Person) -> None:
    board, insight = make_dashboard(alice), make_insight(alice)

    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "dashboards_tile"'):
            sql, params = "SELECT no_such_column", None
        return execute(sql, params, many, context)

    path, body = f"dashboards/{board.pk}/tiles/", {"insight": insight.pk}
    with connection.execute_wrapper(broken):
        answer = post_with_key(Api(alice.key, alice.membership.project_id, raise_request_exception=False), path, body)
    assert answer.status == (
        503 if connection.vendor == "sqlite" else 500
    )  # SQLite raises an OperationalError, PostgreSQL a ProgrammingError
    assert IdempotentRequest.objects.count() == Tile.objects.count() == 0
    assert post_with_key(alice.api, path, body).status == 201
    assert is_replay(post_with_key(alice.api, path, body))
    assert Tile.objects.count() == 1


def test_a_key_costs_three_statements(alice: Person) -> None:
    def cost(**options: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert alice.api.post("dashboards/", {"name": "a"}, **options).status == 201
        return len([query for query in captured if "SAVEPOINT" not in query["sql"]])

    alice.api.get("dashboards/")
    plain = cost()
    assert plain == 8
    assert cost(headers={"Idempotency-Key": "first"}) == plain + 3
    assert cost(headers={"Idempotency-Key": "first"}) == 2  # the API key, and the stored response


def test_cors_allows_and_exposes_the_headers() -> None:
    assert "idempotency-key" in settings.CORS_ALLOW_HEADERS
    assert "Idempotency-Replayed" in settings.CORS_EXPOSE_HEADERS
