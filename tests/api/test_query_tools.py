"""`mcp_tools/`: rows and names of events as plain text for language models."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from events.models import EventDefinition
from queries.models import QueryResult
from queries.readers import tables
from queries.readers.tables import format_table
from queries.services.queue import complete_query
from tests.builders import Person
from tests.queries.rows import build_computed, claim, make_result, make_store

SQL = "mcp_tools/execute_sql/"
TAXONOMY = "mcp_tools/read_taxonomy/"


@pytest.fixture(autouse=True)
def with_store(db: None, settings: Settings) -> None:
    settings.ENGINE = True
    make_store()


def test_rows_are_answered_as_text_and_as_json(alice: Person) -> None:
    details = {"columns": ["answer", "text"], "hasMore": False, "limit": 100}
    make_result(alice.membership.project, results=[[42, "a"], [None, "b"]], details=details)
    answer = alice.api.post(SQL, {"args": {"query": "select 1", "truncate": True}})
    assert answer.status == 200
    assert (answer.json["success"], answer.json["content"]) == (True, "answer\ttext\n42\ta\nnull\tb")
    assert answer.json["structured_content"]["results"] == [[42, "a"], [None, "b"]]
    assert answer.json["structured_content"]["columns"] == ["answer", "text"]


def test_query_that_runs_is_not_a_success(alice: Person) -> None:
    answer = alice.api.post(SQL, {"args": {"query": "select 1"}})
    assert (answer.status, answer.json["success"], answer.json["structured_content"]) == (202, False, None)
    assert QueryResult.objects.queued().count() == 1
    complete_query(claim(), build_computed("[[7]]", stale_at=now() + timedelta(hours=1)))
    assert alice.api.post(SQL, {"args": {"query": "select 1"}}).json["content"] == "a\n7"


@pytest.mark.parametrize(
    ("path", "body", "code", "attr"),
    [
        (SQL, {}, "required", "args"),
        (SQL, {"args": None}, "null", "args"),
        (SQL, {"args": {}}, "required", "args__query"),
        (SQL, {"args": {"query": 1}}, "invalid_input", "args__query"),
        (SQL, {"args": {"query": ""}}, "blank", "args__query"),
        (SQL, {"args": {"query": "x" * 100_001}}, "max_length", "args__query"),
        (SQL, {"args": {"query": "select 1", "truncate": "perhaps"}}, "invalid_input", "args__truncate"),
        (TAXONOMY, {}, "required", "args"),
        (TAXONOMY, {"args": {"query": {}}}, "required", "args__query__kind"),
        (TAXONOMY, {"args": {"query": {"kind": "actions"}}}, "invalid_choice", "args__query__kind"),
        (TAXONOMY, {"args": {"query": {"kind": ["events"]}}}, "invalid_choice", "args__query__kind"),
        (TAXONOMY, {"args": {"query": {"kind": "events", "limit": 501}}}, "max_value", "args__query__limit"),
        (TAXONOMY, {"args": {"query": {"kind": "events", "limit": 0}}}, "min_value", "args__query__limit"),
        (TAXONOMY, {"args": {"query": {"kind": "events", "offset": -1}}}, "min_value", "args__query__offset"),
    ],
)
def test_invalid_arguments_are_refused(alice: Person, path: str, body: Any, code: str, attr: str) -> None:
    assert alice.api.post(path, body, documented=False).error == (400, "validation_error", code, attr)
    assert not QueryResult.objects.exists()


def test_events_of_the_project_are_named(alice: Person, carol: Person) -> None:
    for person, names in ((alice, ["signed_up", "$pageview", "two\nlines"]), (carol, ["SECRET"])):
        project = person.membership.project
        EventDefinition.objects.bulk_create([EventDefinition(project=project, name=name) for name in names])

    def read(**query: Any) -> str:
        answer = alice.api.post(TAXONOMY, {"args": {"query": {"kind": "events", **query}}})
        assert (answer.status, answer.json["success"]) == (200, True)
        return str(answer.json["content"])

    assert read() == "Events of the project:\n$pageview\nsigned_up\ntwo\\nlines"
    assert read(limit=1) == "Events of the project:\n$pageview\n(There are more names. Use `limit` and `offset`.)"
    assert read(limit=2, offset=1) == "Events of the project:\nsigned_up\ntwo\\nlines"
    assert read(offset=2**63 - 1) == "Events of the project:"


def test_table_escapes_tabs_and_shortens_long_values() -> None:
    rows = [["a\tb\n\\", {"k": [1]}], ["x" * 600, True]]
    text = format_table(["one", "t\two"], rows, has_more=True, truncate=True)
    assert text.split("\n") == [
        "one\tt\\two",
        'a\\tb\\n\\\\\t{"k":[1]}',
        "x" * 500 + "…\ttrue",
        "(There are more rows. Use LIMIT and OFFSET.)",
    ]
    assert "x" * 600 in format_table(["one"], rows, has_more=False, truncate=False)


def test_table_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_CONTENT_CHARACTERS", 30)
    text = format_table(["n"], [[number] for number in range(1000)], has_more=True, truncate=True)
    assert text.split("\n")[-2:] == ["12", "(13 of 1000 rows. A text has at most 30 characters.)"]
