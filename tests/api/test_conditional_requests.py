"""ETag, If-None-Match and 304."""

import gzip
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard, make_insight
from tests.client import Answer


def get_if_none_match(person: Person, path: str, etag: str) -> Answer:
    return person.api.call("GET", path, headers={"If-None-Match": etag})


@pytest.fixture
def board(alice: Person) -> Dashboard:
    created = make_dashboard(alice, "Board")
    make_insight(alice, created, name="Visits")
    return created


@pytest.fixture(params=["dashboards/", "dashboards/?search=board", "dashboards/{}/"])
def path(board: Dashboard, request: pytest.FixtureRequest) -> str:
    text: str = request.param
    return text.format(board.pk)


def test_unchanged_response_is_304(alice: Person, board: Dashboard, path: str) -> None:
    first = alice.api.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first.headers["Vary"].split(", ")
    again = get_if_none_match(alice, path, f'"other", {etag}')
    assert (again.status, again.text, again.headers["ETag"]) == (304, "", etag)
    alice.api.patch(f"dashboards/{board.pk}/", {"description": "new"})
    changed = get_if_none_match(alice, path, etag)
    assert (changed.status, changed.headers["ETag"] != etag) == (200, True)
    assert "new" in changed.text


def test_conditional_request_takes_two_queries(alice: Person, path: str) -> None:
    etag = alice.api.get(path).headers["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert get_if_none_match(alice, path, etag).status == 304
    assert len(captured) == 2


def test_etag_depends_on_the_caller_and_the_query(alice: Person, bob: Person, path: str) -> None:
    etag = alice.api.get(path).headers["ETag"]
    assert get_if_none_match(bob, path, etag).status == 200
    assert get_if_none_match(alice, f"{path}{'&' if '?' in path else '?'}limit=1", etag).status == 200
    assert get_if_none_match(alice, path, "*").status == 304


def test_changed_edit_right_changes_the_etag(alice: Person, bob: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    etag = bob.api.get(path).headers["ETag"]
    alice.api.patch(path, {"restriction_level": 37})
    answer = get_if_none_match(bob, path, etag)
    assert (answer.status, answer.json["effective_privilege_level"]) == (200, 21)
    etag = answer.headers["ETag"]
    bob.membership.level = 8
    bob.membership.save()
    assert get_if_none_match(bob, path, etag).json["effective_privilege_level"] == 37


def test_errors_take_precedence_over_304(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    etag = alice.api.get(path).headers["ETag"]
    assert get_if_none_match(alice, f"{path}?filters_override=[", etag).status == 400
    alice.api.patch(path, {"deleted": True})
    assert get_if_none_match(alice, path, etag).status == 404
    assert get_if_none_match(alice, path, "*").status == 404


def test_dashboard_of_another_project_is_404_despite_a_matching_etag(alice: Person, carol: Person) -> None:
    foreign = make_dashboard(carol)
    path = f"dashboards/{foreign.pk}/"
    etag = carol.api.get(path).headers["ETag"]
    Dashboard.objects.filter(pk=foreign.pk).update(last_accessed_at=None)
    assert [get_if_none_match(alice, path, each).status for each in (etag, "*")] == [404, 404]
    foreign.refresh_from_db()
    assert foreign.last_accessed_at is None


def test_reading_does_not_change_the_etag(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/"
    etag = alice.api.get(path).headers["ETag"]
    Dashboard.objects.update(last_accessed_at=None)
    assert get_if_none_match(alice, path, etag).status == 304
    board.refresh_from_db()
    assert board.last_accessed_at is not None
    answer: Any = alice.api.get(path)
    assert answer.headers["ETag"] == etag


def test_schema_has_an_etag(alice: Person) -> None:
    for query in ("", "?format=json"):
        first = Client().get(f"/api/schema/{query}")
        again = Client().get(f"/api/schema/{query}", headers={"If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert Client().get("/api/schema/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_large_responses_are_compressed_if_accepted(alice: Person) -> None:
    for number in range(10):
        make_dashboard(alice, f"board {number}")
    plain = alice.api.get("dashboards/")
    assert "Accept-Encoding" in plain.headers["Vary"]
    headers = {"Authorization": f"Bearer {alice.key}", "Accept-Encoding": "br, gzip"}
    path = f"/api/projects/{alice.membership.project_id}/dashboards/"
    packed = Client().get(path, headers=headers)
    assert packed["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content)) == plain.json
    assert len(packed.content) < len(plain.text) / 2
    assert int(packed["Content-Length"]) == len(packed.content)
    assert Client().get(path, headers={**headers, "If-None-Match": packed["ETag"]}).status_code == 304
    small = Client().get(f"{path}?limit=1", headers=headers)
    assert "Content-Encoding" not in small
