"""HogQL queries: results from the engine, and queries that are refused without a statement for the engine."""

import pickle
from dataclasses import replace
from typing import Any

import pytest

from dashboards_api.errors import DomainError
from queries.hogql.errors import UnknownTimeZone
from queries.hogql.statement import IsolationError
from queries.runners.compile import compile_query
from queries.runners.errors import InvalidQuery, UnsupportedQueryKind
from queries.runners.kinds import check_query_kind
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import CONTEXT, build_hogql, compile_text, read, run

OTHER_KINDS = ["PathsQuery", "ActorsQuery", "EventsQuery", "EventsNode"]
SELECT = "select event as Name, count() as n from events group by Name order by n desc"


def test_result_has_the_shape_of_a_response(store: Store) -> None:
    assert run(store, build_hogql(SELECT)) == {
        "results": [["$pageview", 4], ["purchase", 2]],
        "columns": ["Name", "n"],
        "types": [["Name", "String"], ["n", "UInt64"]],
        "hasMore": False,
        "limit": 100,
        "offset": 0,
        "hogql": SELECT,
    }


@pytest.mark.parametrize(
    ("limit", "rows", "has_more"),
    [("", 6, False), ("limit 5", 5, True), ("limit 6", 6, False), ("limit 2 offset 4", 2, False), ("limit 0", 0, True)],
)
def test_one_row_more_than_the_limit_tells_whether_there_are_more(
    store: Store, limit: str, rows: int, has_more: bool
) -> None:
    body = run(store, build_hogql(f"select event from events order by timestamp {limit}"))
    assert (len(body["results"]), body["hasMore"]) == (rows, has_more)


def test_limit_is_100_without_one(store: Store) -> None:
    body = run(store, build_hogql("select number from (select arrayJoin(range(200)) as number) order by number"))
    assert (len(body["results"]), body["limit"], body["hasMore"]) == (100, 100, True)


def test_result_without_rows(store: Store) -> None:
    body = run(store, build_hogql("select event from events where event = 'none'"))
    assert (body["results"], body["columns"], body["types"]) == ([], ["event"], [["event", "String"]])


def test_tables_times_and_weeks_are_the_project_s(store: Store) -> None:
    assert read(store, "select total from orders order by total") == [[10.5], [None]]
    assert read(store, "select toDate(now()), toStartOfWeek('2026-03-29')") == [["2026-03-31", "2026-03-23"]]
    sunday = replace(CONTEXT, week_start_day=0)
    assert read(store, "select toStartOfWeek('2026-03-29')", sunday) == [["2026-03-29"]]


def test_context_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(CONTEXT)) == CONTEXT  # noqa: S301 -- bytes of this test


@pytest.mark.parametrize("kind", [*OTHER_KINDS, "hogqlquery", "'; drop table events --", "x" * 10_000])
def test_other_kinds_are_unsupported_and_named(kind: str) -> None:
    with pytest.raises(UnsupportedQueryKind) as caught:
        compile_query({"kind": kind}, CONTEXT)
    assert (caught.value.code, caught.value.attr) == ("unsupported_query_kind", "query")
    assert kind[:80] in caught.value.detail
    assert len(caught.value.detail) < 200


@pytest.mark.parametrize(
    "source", [{}, {"kind": None}, {"kind": 1}, {"kind": []}, {"kind": ""}, None, [], "HogQLQuery"]
)
def test_query_without_a_kind_is_invalid(source: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        check_query_kind(source)
    assert (caught.value.code, caught.value.attr) == ("invalid_query", "query")


def test_node_without_its_query_is_invalid() -> None:
    with pytest.raises(InvalidQuery, match="InsightVizNode requires a query"):
        check_query_kind({"kind": "InsightVizNode"})


def test_kind_is_checked_without_parsing() -> None:
    assert check_query_kind(build_hogql("this is no query")) == "HogQLQuery"


@pytest.mark.parametrize(
    ("source", "code", "attr"),
    [
        ({"kind": "HogQLQuery"}, "invalid_query", "query__query"),
        (build_hogql(""), "invalid_syntax", "query"),
        (build_hogql("select"), "invalid_syntax", "query"),
        (build_hogql("select evnt from events"), "unknown_column", "query"),
        (build_hogql("select 1", connectionId="x"), "invalid_query", "query__connectionId"),
        (build_hogql("select 1", sendRawQuery=True), "invalid_query", "query__sendRawQuery"),
        ({"kind": "HogQLQuery", "query": ["select 1"]}, "invalid_query", "query__query"),
    ],
)
def test_refusal_names_the_place(source: dict[str, Any], code: str, attr: str) -> None:
    with pytest.raises(DomainError) as caught:
        compile_query(source, CONTEXT)
    assert (caught.value.code, caught.value.attr) == (code, attr)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "\0"])
def test_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        compile_text("select 1", replace(CONTEXT, time_zone=name))


def test_project_cannot_be_left_out() -> None:
    with pytest.raises(IsolationError):
        compile_text("select event from events", replace(CONTEXT, project_id=None))  # type: ignore[arg-type]  # invalid
