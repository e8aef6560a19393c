"""Rate limits of API keys, their headers, and the limit on invalid keys."""

import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings

from dashboards_api.environment import Rate
from tests.builders import Person, make_key, make_session
from tests.client import Answer, Api
from users.models import RateWindow
from users.rate_limiting import failed_keys

DAY = 86400
HEADERS = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


@pytest.fixture
def five_a_day() -> Iterator[None]:
    with override_settings(RATE_LIMITS=[Rate(5, DAY)], RATE_LIMIT_UNIT_SECONDS=60):
        yield


def get_limits(answer: Answer) -> tuple[str, str]:
    assert 1 <= int(answer.headers["RateLimit-Reset"]) <= DAY
    return answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]


@pytest.mark.usefixtures("five_a_day")
def test_requests_beyond_the_limit_are_429_with_retry_after(alice: Person) -> None:
    answers = [alice.api.get("dashboards/") for _ in range(7)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert [get_limits(answer) for answer in answers] == [("5", left) for left in "4321000"]
    refused = answers[-1]
    assert refused.error == (429, "throttled_error", "throttled", None)
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= DAY
    assert refused.json["detail"] == f"Request was throttled. Expected available in {wait} seconds."
    assert refused.headers["RateLimit-Reset"] == str(wait)


@pytest.mark.usefixtures("five_a_day")
def test_a_limited_request_writes_nothing(alice: Person) -> None:
    created = [alice.api.post("dashboards/", {"name": "b"}).status for _ in range(6)]
    assert created == [201] * 5 + [429]
    with override_settings(RATE_LIMITS=[]):
        assert alice.api.get("dashboards/").json["count"] == 5


@pytest.mark.usefixtures("five_a_day")
def test_every_response_has_rate_limit_headers(alice: Person) -> None:
    etag = alice.api.get("dashboards/").headers["ETag"]
    unchanged = alice.api.call("GET", "dashboards/", headers={"If-None-Match": etag})
    refused = alice.api.post("dashboards/", {"name": None, "tags": 1})
    missing = alice.api.get("dashboards/999999/")
    assert [(each.status, get_limits(each)) for each in (unchanged, refused, missing)] == [
        (304, ("5", "3")),
        (400, ("5", "2")),
        (404, ("5", "1")),
    ]


@pytest.mark.usefixtures("five_a_day")
def test_requests_refused_for_other_reasons_count(alice: Person, carol: Person) -> None:
    reader = Api(make_key(alice.user, "dashboard:read"), alice.membership.project_id)
    answers = [
        reader.post("dashboards/", {"name": "b"}),
        reader.get("insights/"),
        reader.get(f"/api/projects/{carol.membership.project_id}/dashboards/"),
        reader.get("/api/projects/999999/dashboards/"),
        reader.call("DELETE", "/api/personal_api_keys/@current/"),
        reader.post("dashboards/", {"name": "b"}),
        reader.get(f"/api/projects/{carol.membership.project_id}/dashboards/"),
    ]
    assert [answer.status for answer in answers] == [403, 403, 403, 404, 403, 429, 429]
    assert [get_limits(answer) for answer in answers] == [("5", left) for left in "4321000"]
    assert alice.api.get("dashboards/").json["count"] == 0


@pytest.mark.usefixtures("five_a_day")
@pytest.mark.parametrize(
    "path", ["/api/users/@me/", "/api/projects/", "insights/", "dashboard_templates/", "/api/environments/@current/"]
)
def test_all_operations_count_together(alice: Person, path: str) -> None:
    for _ in range(4):
        assert alice.api.get("dashboards/").status == 200
    assert alice.api.get(path).status in (200, 404)
    assert alice.api.get(path).status == 429


@pytest.mark.usefixtures("five_a_day")
def test_each_key_of_a_user_has_its_own_limit(alice: Person) -> None:
    other = Api(make_key(alice.user), alice.membership.project_id)
    assert [alice.api.get("dashboards/").status for _ in range(6)][-1] == 429
    assert get_limits(other.get("dashboards/")) == ("5", "4")


@pytest.mark.usefixtures("five_a_day")
def test_requests_with_a_key_in_the_body_count(alice: Person) -> None:
    anonymous = Api(None, alice.membership.project_id)
    answers = [anonymous.post("dashboards/", {"personal_api_key": alice.key}, documented=False) for _ in range(6)]
    assert [answer.status for answer in answers] == [201] * 5 + [429]


@pytest.mark.usefixtures("five_a_day")
def test_sessions_and_unknown_keys_are_not_counted(alice: Person) -> None:
    browser, stranger = make_session(alice), Api("phx_unknown", alice.membership.project_id)
    for api, status in ((browser, 200), (stranger, 401)):
        answers = [api.get("dashboards/") for _ in range(7)]
        assert {answer.status for answer in answers} == {status}
        assert not HEADERS & set(answers[-1].headers)
    assert not RateWindow.objects.exists()


def test_without_rate_limits_nothing_is_counted(alice: Person) -> None:
    with override_settings(RATE_LIMITS=[]):
        answers = [alice.api.get("dashboards/") for _ in range(7)]
    assert {answer.status for answer in answers} == {200}
    assert not HEADERS & set(answers[-1].headers)
    assert not RateWindow.objects.exists()


def test_the_headers_show_the_tightest_of_several_rates(alice: Person) -> None:
    with override_settings(RATE_LIMITS=[Rate(9, DAY), Rate(1000, 3600)], RATE_LIMIT_UNIT_SECONDS=60):
        assert get_limits(alice.api.get("dashboards/")) == ("9", "8")


def test_an_expensive_request_is_charged_more(alice: Person) -> None:
    with override_settings(RATE_LIMITS=[Rate(100_000, DAY)], RATE_LIMIT_UNIT_SECONDS=0.0001):
        cheap = alice.api.get("dashboards/")
        left = int(cheap.headers["RateLimit-Remaining"])
        assert left < 99_999
        tiles = [{"text": {"body": str(number)}} for number in range(300)]
        expensive = alice.api.post("dashboards/", {"tiles": tiles})
    assert expensive.status == 201
    assert left - int(expensive.headers["RateLimit-Remaining"]) > 100
    taken = RateWindow.objects.get().taken
    assert taken >= 100_000 - int(expensive.headers["RateLimit-Remaining"])


def test_cors_exposes_the_headers() -> None:
    assert {*HEADERS, "Retry-After"} <= set(settings.CORS_EXPOSE_HEADERS)


def send_invalid_keys(project_id: int, times: int, address: str) -> list[Answer]:
    api = Api("phx_unknown", project_id, REMOTE_ADDR=address)
    return [api.get("dashboards/") for _ in range(times)]


@pytest.fixture
def wait_for_a_new_minute() -> None:
    """Wait for a new minute if the current minute ends soon, because a new minute resets the counters."""
    while time.time() % failed_keys.WINDOW_SECONDS > 50:
        time.sleep(0.5)


@pytest.mark.usefixtures("five_a_day", "wait_for_a_new_minute")
def test_only_invalid_keys_of_an_address_are_limited(alice: Person) -> None:
    project = alice.membership.project_id
    answers = send_invalid_keys(project, failed_keys.MAX_FAILURES + 2, "198.51.100.7")
    assert [answer.status for answer in answers] == [401] * failed_keys.MAX_FAILURES + [429] * 2
    assert answers[-1].error == (429, "throttled_error", "throttled", None)
    wait = int(answers[-1].headers["Retry-After"])
    assert 1 <= wait <= failed_keys.WINDOW_SECONDS
    assert answers[-1].json["detail"] == f"Request was throttled. Expected available in {wait} seconds."
    assert not HEADERS & set(answers[-1].headers)
    in_body = Api(None, project, REMOTE_ADDR="198.51.100.7").post("dashboards/", {"personal_api_key": "phx_unknown"})
    assert in_body.status == 429
    assert Api(alice.key, project, REMOTE_ADDR="198.51.100.7").get("dashboards/").status == 200
    assert Api(None, project, REMOTE_ADDR="198.51.100.7").get("dashboards/").status == 401
    assert send_invalid_keys(project, 1, "198.51.100.8")[0].status == 401
    assert RateWindow.objects.count() == 1  # of the valid key


@pytest.mark.usefixtures("wait_for_a_new_minute")
def test_without_rate_limits_invalid_keys_are_401(alice: Person) -> None:
    answers = send_invalid_keys(alice.membership.project_id, failed_keys.MAX_FAILURES + 2, "198.51.100.9")
    assert {answer.status for answer in answers} == {401}
