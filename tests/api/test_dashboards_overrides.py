"""GET …/dashboards/:id/?filters_override=…&variables_override=…, and the time of the last retrieval."""

import json
import logging
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from dashboards.models import Dashboard
from dashboards_api.stamps import write_if_free
from tests.builders import Person, make_dashboard


def test_filters_are_laid_over_in_this_answer_alone(alice: Person) -> None:
    stored = {"date_from": "-7d", "properties": [], "n": 1.0}
    made = make_dashboard(alice, filters=stored)
    answer = alice.api.get(f"dashboards/{made.pk}/", filters_override='{"date_from": "-1d", "x": 2.0}')
    assert json.dumps(answer.json["filters"]) == '{"date_from": "-1d", "properties": [], "n": 1.0, "x": 2.0}'
    assert answer.json["persisted_filters"] == stored
    assert alice.api.get(f"dashboards/{made.pk}/").json["filters"] == stored
    made.refresh_from_db()
    assert made.filters == stored


def test_variables_are_laid_over_in_this_answer_alone(alice: Person) -> None:
    stored = {"v1": {"code_name": "country", "value": "x"}, "v2": {"code_name": "plan", "value": "y"}}
    made = make_dashboard(alice, variables=stored)
    override = {"v2": {"code_name": "plan", "value": "z"}}
    answer = alice.api.get(f"dashboards/{made.pk}/", variables_override=json.dumps(override))
    assert answer.json["variables"] == {**stored, **override}
    assert answer.json["persisted_variables"] == stored
    made.refresh_from_db()
    assert made.variables == stored


@pytest.mark.parametrize("name", ["filters_override", "variables_override"])
@pytest.mark.parametrize("value", ["{oops", "[]", "5", '"text"', "null", "NaN", '{"a": 1e999}'])
def test_anything_but_an_object_is_400(alice: Person, name: str, value: str) -> None:
    made = make_dashboard(alice)
    status, type_, _, attr = alice.api.get(f"dashboards/{made.pk}/", **{name: value}).error
    assert (status, type_, str(attr).split("__")[0]) == (400, "validation_error", name)


def test_an_empty_override_changes_nothing(alice: Person) -> None:
    made = make_dashboard(alice, filters={"a": 1})
    for value in ("", "{}"):
        assert alice.api.get(f"dashboards/{made.pk}/", filters_override=value).json["filters"] == {"a": 1}


def test_a_retrieval_is_noted_once_a_minute(alice: Person) -> None:
    made = make_dashboard(alice)
    assert alice.api.get("dashboards/").json["results"][0]["last_accessed_at"] is None
    first = alice.api.get(f"dashboards/{made.pk}/").json
    made.refresh_from_db()
    noted = made.last_accessed_at
    assert noted is not None
    assert timezone.now() - noted < timedelta(seconds=30)
    alice.api.get(f"dashboards/{made.pk}/")
    made.refresh_from_db()
    assert made.last_accessed_at == noted
    for answer in (
        first,
        alice.api.get(f"dashboards/{made.pk}/").json,
        alice.api.get("dashboards/").json["results"][0],
    ):
        assert answer["last_accessed_at"] == noted.isoformat().replace("+00:00", "Z")
    Dashboard.objects.update(last_accessed_at=noted - timedelta(seconds=61))
    alice.api.get(f"dashboards/{made.pk}/")
    made.refresh_from_db()
    assert made.last_accessed_at is not None
    assert made.last_accessed_at >= noted


def test_neither_a_list_nor_a_write_is_a_retrieval(alice: Person) -> None:
    made = make_dashboard(alice)
    alice.api.get("dashboards/")
    alice.api.patch(f"dashboards/{made.pk}/", {"name": "other"})
    assert alice.api.get(f"dashboards/{made.pk}/", filters_override="[]").status == 400
    made.refresh_from_db()
    assert made.last_accessed_at is None


def test_a_stamp_that_cannot_be_written_harms_nothing(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE no_such_table SET a = 1")

    assert write_if_free(write) is False
    assert "stamp skipped" in caplog.text
    made = make_dashboard(alice)
    assert alice.api.get(f"dashboards/{made.pk}/").status == 200


@pytest.mark.django_db(transaction=True)
def test_a_retrieval_does_not_wait_for_a_writer(alice: Person) -> None:
    made = make_dashboard(alice)
    alice.api.get("dashboards/")  # notes the use of the key
    held, done = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                Dashboard.objects.filter(pk=made.pk).update(name="other")
                held.set()
                done.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert held.wait(20)
        started = time.monotonic()
        answer = alice.api.get(f"dashboards/{made.pk}/")
        took = time.monotonic() - started
    finally:
        done.set()
        writer.join()
    assert (answer.status, answer.json["last_accessed_at"]) == (200, None)
    assert took < 2  # SQLite would wait ten seconds for the writer
