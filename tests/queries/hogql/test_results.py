"""Results that were computed by hand from the events of store.py. The project is in Berlin."""

from typing import Any

import pytest

from tests.queries.hogql.helpers import print_text, read
from tests.queries.hogql.store import Store

ANSWERS: list[tuple[str, list[list[Any]]]] = [
    ("select count() from events", [[6]]),
    ("select event, count() from events group by event order by event", [["$pageview", 4], ["purchase", 2]]),
    # In Berlin, 22:30 UTC on the 28th is still the 28th, and 23:30 is the 29th.
    # 21:59:59 UTC on the 29th is the 29th, and 22:00 is the 30th.
    (
        "select toDate(timestamp) as day, count() from events group by day order by day",
        [["2026-03-28", 1], ["2026-03-29", 3], ["2026-03-30", 2]],
    ),
    ("select count() from events where timestamp >= '2026-03-29' and timestamp < '2026-03-30'", [[3]]),
    ("select count() from events where timestamp >= '2026-03-29T00:00:00Z'", [[4]]),
    ("select count() from events where toDate(timestamp) = '2026-03-30'", [[2]]),
    ("select dateDiff('hour', toDateTime('2026-03-29'), toDateTime('2026-03-30'))", [[23]]),
    ("select toUnixTimestamp('2026-03-29 00:00:00'), toStartOfMonth('2026-03-29')", [[1774738800, "2026-03-01"]]),
    ("select toHour('2026-03-29T00:00:00Z'), dateTrunc('day', 'soon')", [[1, None]]),
    (
        "select addDays('2026-03-29', 1) = '2026-03-30', dateAdd('hour', 2, '2026-03-29 01:00:00')",
        [[1, "2026-03-29T04:00:00+02:00"]],
    ),
    ("select now(), today(), yesterday()", [["2026-03-31T14:00:00+02:00", "2026-03-31", "2026-03-30"]]),
    # The condition compares the column. The alias, the start of a day, would match no event.
    (
        "select toStartOfDay(timestamp) as timestamp, count() from events"
        " where timestamp > '2026-03-30 11:00:00' group by timestamp",
        [["2026-03-30T00:00:00+02:00", 1]],
    ),
    # The phone was later identified as Ann's.
    ("select uniq(person_id) from events where distinct_id != 'ben'", [[1]]),
    (
        "select person.properties.email, count() from events group by 1 order by 1",
        [["ann@example.com", 4], ["ben@example.com", 2]],
    ),
    ("select sum(properties.amount) from events", [[42.5]]),
    ("select count() from events where properties.beta", [[1]]),
    ("select count() from events where properties.beta = 'false'", [[1]]),
    ("select properties.due from events where properties.due is not null", [["2026-04-01T12:00:00+02:00"]]),
    ("select count() from events where properties.due > '2026-04-01'", [[1]]),
    ("select properties.count + 1 from events where properties.count = 7", [[8]]),
    ("select properties.quoted from events where properties.quoted is not null", [['"x"']]),
    ("select properties.tags, properties.tags[2] from events where properties.tags is not null", [['["a","b"]', "b"]]),
    ("select count() from events where properties.nothing is null", [[6]]),
    # An empty string is not null.
    ("select count() from events where properties.$browser is not null", [[4]]),
    ("select count() from events where properties.$browser != 'Firefox'", [[4]]),
    ("select count() from events where not (properties.$browser = 'Firefox')", [[4]]),
    ("select count() from events where properties.$browser not ilike '%fox'", [[4]]),
    ("select count() from events where properties.$browser not in ('Firefox', 'Safari')", [[3]]),
    ("select count() from events where properties.missing = properties.absent", [[6]]),
    ("select count() from events where properties.missing != properties.$browser", [[4]]),
    ("select countIf(properties.amount > 10), countIf(properties.amount < 10) from events", [[1, 1]]),
    ("select session_id, $session_duration, $exit_pathname from sessions", [["s1", 3600, "/docs"]]),
    ("select count() from events where session.$session_duration = 3600", [[2]]),
    ("select `order id`, total from orders order by `order id`", [[1, 10.5], [2, None]]),
    ("select count() from orders where placed_at > '2026-03-30'", [[1]]),
    (
        "select p.properties.plan, count() from events e left join persons p on e.person_id = p.id"
        " group by 1 order by 1",
        [["free", 2], ["pro", 4]],
    ),
    (
        "select windowFunnel(3600)(timestamp, properties.$pathname = '/', properties.$pathname = '/docs') from events",
        [[2]],
    ),
    (
        "select windowFunnel(3599)(timestamp, properties.$pathname = '/', properties.$pathname = '/docs') from events",
        [[1]],
    ),
    ("select concat('a', null, 1), 'a' || null", [["a1", "a"]]),
    ("select count(distinct event), count(*) from events", [[2, 6]]),
    ("select max(n) from (select distinct_id, count() as n from events group by distinct_id)", [[3]]),
    ("select 'a\\'; drop table events --', '\\\\', '{p1:String}'", [["a'; drop table events --", "\\", "{p1:String}"]]),
    ("select event from events where event = 'x\\n\\t' or event = '\\\\N'", []),
    ("select [1, 2][1], (1, 'b').2, arraySum(x -> x * 2, [1, 2])", [[1, "b", 6]]),
    ("select * from (select 'z' as b, 'y' as a, 'x' as b) limit 1", [["z", "y"]]),
    ("select * from (select 1 as b, 2 as a union all select 3, 4) order by b", [[1, 2], [3, 4]]),
    ("with w as (select 1 as b, 2 as a) select * from w", [[1, 2]]),
    ("with w(d, c) as (select 1 as b, 2 as a) select * from w", [[1, 2]]),
    ("select toInt('1.5'), toInt('7'), toFloat('x'), toIntOrZero('x')", [[None, 7, None, 0]]),
]


@pytest.mark.parametrize(("query", "rows"), ANSWERS)
def test_answer(store: Store, query: str, rows: list[list[Any]]) -> None:
    assert read(store, query) == rows


@pytest.mark.parametrize(("monday", "week"), [(True, "2026-03-23"), (False, "2026-03-29")])
def test_weeks_start_on_the_project_s_day(store: Store, monday: bool, week: str) -> None:
    for function in ("toStartOfWeek(timestamp)", "dateTrunc('week', timestamp)"):
        query = f"select {function} from events where event = 'purchase' order by timestamp limit 1"
        assert read(store, query, week_starts_on_monday=monday)[0] == [week]


def test_time_zone_of_the_project_decides_the_day(store: Store) -> None:
    query = "select count() from events where toDate(timestamp) = '2026-03-28'"
    assert read(store, query, time_zone="UTC") == [[2]]
    assert read(store, query, time_zone="Asia/Kolkata") == [[0]]


def test_one_row_more_than_the_limit_is_read(store: Store) -> None:
    statement = print_text("select event from events limit 2 offset 1")
    assert (statement.limit, statement.offset) == (2, 1)
    assert len(store.read(statement)) == 3


def test_limit_is_the_default_or_at_most_the_highest() -> None:
    assert print_text("select 1").limit == 100
    assert print_text("select 1 limit 1000000").limit == 50_000
    assert print_text("select 1 union all select 2", default_limit=7).limit == 7


def test_columns_are_named_as_written() -> None:
    query = "select count( ), event as Name, properties.$os, e.event, * exclude (properties, uuid) from events e"
    names = ["count( )", "Name", "$os", "event", "event", "timestamp", "distinct_id", "created_at"]
    assert print_text(query).columns == names


def test_no_name_and_no_value_of_the_query_is_in_the_statement() -> None:
    statement = print_text("select event as evil, 'evil' from events as evil where evil.properties.evil = 'evil'")
    assert "evil" not in statement.sql
    assert set(statement.parameters.values()) == {1, "evil", 101}


def test_stored_columns_are_compared_so_that_the_index_is_used() -> None:
    sql = print_text("select count() from events where event = 'a' and timestamp > '2026-01-01'").sql
    assert "WHERE (equals(s1.`event`, {p" in sql
    assert "greater(s1.`timestamp`, toDateTime64({p" in sql
