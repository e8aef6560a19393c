"""Statements: parameters, limits, settings, cancellation."""

import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import (
    EngineError,
    InvalidQuery,
    MemoryExceeded,
    QueryCancelled,
    QueryTimeout,
    TooManyRows,
    UnknownFunction,
)
from engine.interface import Limits
from engine.parameters import Value
from engine.protocol import connect, send_message
from tests.engine.conftest import wait_until

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
SOME_ID = uuid.UUID("0190b0c5-5a4c-7a33-9d4e-1f2a3b4c5d6e")
PARAMETERS: list[tuple[str, Value, Any]] = [
    ("String", "'; DROP TABLE events; --", "'; DROP TABLE events; --"),
    ("String", "a\\b\tc\nd\re\0f'g\"h`i", "a\\b\tc\nd\re\0f'g\"h`i"),
    ("String", r"\N", r"\N"),
    ("String", "", ""),
    ("String", "{p:String} ünïcode 日本", "{p:String} ünïcode 日本"),
    ("Nullable(String)", None, None),
    ("Nullable(String)", r"\N", r"\N"),
    ("Int64", -(2**63), -(2**63)),
    ("UInt64", 2**64 - 1, 2**64 - 1),
    ("Float64", 1.5e-300, 1.5e-300),
    ("Float64", float("inf"), None),
    ("Bool", True, True),
    ("UInt8", False, 0),
    ("UUID", SOME_ID, str(SOME_ID)),
    ("Date", date(2026, 3, 29), "2026-03-29"),
    ("DateTime64(6, 'UTC')", datetime(2026, 3, 29, 1, 2, 3, 456789, UTC), "2026-03-29T01:02:03.456789Z"),
    (
        "DateTime64(6, 'UTC')",
        datetime(2026, 3, 29, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
        "2026-03-28T23:02:03.000000Z",
    ),
    ("Array(String)", ["it's", "a\\b", "c\nd", ""], ["it's", "a\\b", "c\nd", ""]),
    ("Array(Nullable(String))", ["x", None], ["x", None]),
    ("Array(Int64)", [1, 2], [1, 2]),
    ("Array(Int64)", [], []),
    ("Array(UUID)", [SOME_ID], [str(SOME_ID)]),
    ("Array(Array(String))", [["a"], ["b'"]], [["a"], ["b'"]]),
    ("Array(DateTime64(6, 'UTC'))", [datetime(2026, 1, 2, tzinfo=UTC)], ["2026-01-02T00:00:00.000000Z"]),
]


@pytest.mark.parametrize(("kind", "value", "expected"), PARAMETERS)
def test_parameters_are_values_and_never_text_of_the_statement(
    shared: EmbeddedClient, kind: str, value: Value, expected: object
) -> None:
    assert shared.read(f"SELECT {{p:{kind}}} AS p", {"p": value}).rows == [[expected]]


def test_moment_without_a_time_zone_is_refused(shared: EmbeddedClient) -> None:
    with pytest.raises(ValueError, match="time zone"):
        shared.read("SELECT {p:DateTime64}", {"p": datetime(2026, 1, 1)})


@pytest.mark.parametrize("value", ["1 OR 1", "1x", "", "0x", "--"])
def test_parameter_that_is_no_number_is_refused(shared: EmbeddedClient, value: str) -> None:
    with pytest.raises(InvalidQuery):
        shared.read("SELECT {p:Int64}", {"p": value})


def test_name_of_a_table_can_be_bound(shared: EmbeddedClient) -> None:
    assert shared.read("SELECT * FROM system.{p:Identifier}", {"p": "one"}).rows == [[0]]
    with pytest.raises(InvalidQuery):
        shared.read("SELECT * FROM system.{p:Identifier}", {"p": "one, system.processes"})


@pytest.mark.parametrize(
    ("sql", "limits", "error"),
    [
        (ENDLESS, Limits(seconds=0.5), QueryTimeout),
        ("SELECT groupArray(number) FROM numbers(100000000)", Limits(memory_bytes=100_000_000), MemoryExceeded),
        ("SELECT number FROM numbers(11)", Limits(result_rows=10), TooManyRows),
        ("SELECT repeat('x', 1000000)", Limits(result_bytes=1000), TooManyRows),
        ("SELECT groupArray(repeat('x', 1000)) FROM numbers(100)", Limits(result_bytes=1000), TooManyRows),
        ("SELECT toInt64('')", Limits(), InvalidQuery),
        (f"SELECT {'-(' * 200}1{')' * 200}", Limits(ast_depth=100), InvalidQuery),
        ("SELECT nope(1)", Limits(), UnknownFunction),
        ("SELECT nope", Limits(), InvalidQuery),
        ("SELECT FROM WHERE", Limits(), InvalidQuery),
    ],
)
def test_limit_is_a_typed_error(shared: EmbeddedClient, sql: str, limits: Limits, error: type[EngineError]) -> None:
    started = time.monotonic()
    with pytest.raises(error) as raised:
        shared.read(sql, limits=limits)
    assert time.monotonic() - started < 3
    assert "version" not in raised.value.detail
    assert raised.value.detail


@pytest.mark.parametrize(
    "sql", ["SELECT intDiv(1, 0) AS c1", "SELECT c1 FROM (SELECT throwIf(number = 3) AS c1 FROM numbers(5))"]
)
def test_message_does_not_contain_the_statement(shared: EmbeddedClient, sql: str) -> None:
    with pytest.raises(EngineError) as raised:
        shared.read(sql)
    assert "c1" not in raised.value.detail
    assert "SELECT" not in raised.value.detail


def test_results_up_to_the_limits_are_returned(shared: EmbeddedClient) -> None:
    result = shared.read("SELECT number AS n, 'x' AS x FROM numbers(10)", limits=Limits(result_rows=10))
    assert (result.columns, result.types, len(result.rows)) == (["n", "x"], ["UInt64", "String"], 10)


def test_missing_rows_of_a_join_are_null_and_infinity_is_null(shared: EmbeddedClient) -> None:
    joined = "SELECT r.b FROM (SELECT 1 AS a) AS l LEFT JOIN (SELECT 2 AS a, 3 AS b) AS r ON l.a = r.a"
    assert shared.read(joined).rows == [[None]]
    assert shared.read("SELECT 1 / 0, 0 / 0, toDecimal64(1.5, 2), toUInt64(-1)").rows == [[None, None, 1.5, 2**64 - 1]]


def test_query_is_cancelled_at_once_and_others_run_beside_it(shared: EmbeddedClient) -> None:
    query_id, errors = str(uuid.uuid4()), []

    def run() -> None:
        try:
            shared.read(ENDLESS, query_id=query_id, limits=Limits(seconds=30))
        except EngineError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: count_running(shared, query_id) == 1)
    started = time.monotonic()
    assert shared.read("SELECT 1").rows == [[1]]
    assert time.monotonic() - started < 1
    assert shared.cancel(query_id)
    thread.join(5)
    assert [type(error) for error in errors] == [QueryCancelled]
    assert time.monotonic() - started < 3
    assert not shared.cancel(query_id)


def test_query_of_a_client_that_is_gone_ends(shared: EmbeddedClient) -> None:
    query_id = str(uuid.uuid4())
    request = {"operation": "run", "sql": ENDLESS, "parameters": {}, "settings": {}, "readonly": True}
    with connect(shared.folder, 5) as connection:
        send_message(connection, {**request, "seconds": 60, "seconds_to_end": 2, "query_id": query_id})
        wait_until(lambda: count_running(shared, query_id) == 1)
    wait_until(lambda: count_running(shared, query_id) == 0)


def count_running(client: EmbeddedClient, query_id: str) -> int:
    sql = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {id:String}"
    return int(client.read(sql, {"id": query_id}).rows[0][0])


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1 FORMAT CSV", "SELECT 1 FORMAT JSON; SELECT 2"])
def test_several_results_are_refused(shared: EmbeddedClient, sql: str) -> None:
    with pytest.raises(InvalidQuery, match="more than one statement"):
        shared.execute(sql)


def test_settings_of_one_statement_do_not_reach_the_next(shared: EmbeddedClient) -> None:
    shared.read("SELECT 1", limits=Limits(result_rows=7))
    assert shared.execute("SELECT getSetting('max_result_rows'), getSetting('readonly')").rows == [[0, 0]]
