"""Statements that are compiled from query JSON read no rows of another project."""

import os
from random import Random, SystemRandom
from typing import Any

import pytest

from queries.exceptions import ResultTooLarge
from queries.hogql.errors import HogQLError
from queries.hogql.statement import Statement
from queries.hogql.tables import PROJECT_CONDITION
from queries.runners.compile import compile_query
from queries.runners.compiled import Rows
from tests.queries.hogql.random_trends import RandomTrends
from tests.queries.hogql.store import OURS, THEIRS, Store
from tests.queries.hogql.test_isolation import count_reads
from tests.queries.runners.helpers import CONTEXT

QUERIES = 100 if os.environ.get("CHECK_FULL") else 30


class Reader:
    """A reader that runs statements on a store, and records the statements with their rows."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.found: list[tuple[Statement, Rows]] = []

    def read(self, statement: Statement) -> Rows:
        rows = self.store.client.read(statement.sql, dict(statement.parameters)).rows
        self.found.append((statement, rows))
        return rows


def ask(store: Store, source: dict[str, Any], project: int = OURS) -> tuple[Any, list[tuple[Statement, Rows]]]:
    """Return the body of the response, and all executed statements with their rows."""
    reader = Reader(store)
    compiled = compile_query(source, CONTEXT.__class__(**{**vars(CONTEXT), "project_id": project}), reader.read)
    rows = reader.read(compiled.statement)
    try:
        return compiled.shape([], rows), reader.found
    except ResultTooLarge:
        return "too large", reader.found


def test_random_trends_answer_as_if_there_were_no_other_project(store: Store, own_store: Store) -> None:
    seed = SystemRandom().randrange(10**9)
    queries, answers = RandomTrends(Random(seed)), 0
    for number in range(QUERIES):
        source = queries.build()
        body, statements = ask(store, source)
        for statement, rows in statements:
            assert count_reads(statement.sql) == statement.sql.count(f"WHERE {PROJECT_CONDITION})") > 0
            assert statement.parameters["project_id"] == OURS
            assert "SECRET" not in str(rows), (seed, number, source)
        assert body == ask(own_store, source)[0], (seed, number, source)
        answers += any(item["count"] or item.get("aggregated_value") for item in body["results"])
    assert answers > QUERIES / 8  # about 44 % of the results have numbers


def test_other_project_would_be_seen(store: Store) -> None:
    source = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode"}], "dateRange": {"date_from": "2026-03-28"}}
    body, _ = ask(store, source | {"breakdownFilter": {"breakdown": "mark"}}, THEIRS)
    assert [item["label"] for item in body["results"]] == ["-SECRET"]


@pytest.mark.parametrize(
    "text",
    [
        "count(); select * from events",
        "(select count() from events where project_id = 2)",
        "count() from numbers(1) --",
        "countIf(project_id = 2)",
        "any(file('/etc/passwd'))",
        "count({project_id:Int64})",
        "any((select sum(number) from system.numbers))",
    ],
)
@pytest.mark.parametrize("place", ["math", "breakdown", "filter"])
def test_expression_cannot_leave_the_project(text: str, place: str) -> None:
    node: dict[str, Any] = {"kind": "EventsNode"}
    source: dict[str, Any] = {"kind": "TrendsQuery", "series": [node]}
    match place:
        case "math":
            node |= {"math": "hogql", "math_hogql": text}
        case "breakdown":
            source["breakdownFilter"] = {"breakdowns": [{"type": "hogql", "property": text}]}
        case "filter":
            source["properties"] = [{"type": "hogql", "key": text}]
    with pytest.raises(HogQLError):
        compile_query(source, CONTEXT)
