"""Errors name the unknown name, its position, and the nearest known name."""

import pytest

from queries.hogql.errors import HogQLError, UnknownName
from tests.queries.hogql.helpers import print_text

UNKNOWN = [
    ("select cuont() from events", "unknown_function", "cuont", "count", "cuont()"),
    ("select toStartOfDy(timestamp) from events", "unknown_function", "toStartOfDy", "toStartOfDay", None),
    ("select event from evnts", "unknown_table", "evnts", "events", "evnts"),
    ("select * from events e join ordrs o on 1 = 1", "unknown_table", "ordrs", "orders", "ordrs"),
    ("select evnet from events", "unknown_column", "evnet", "event", "evnet"),
    ("select e.timestmp from events e", "unknown_column", "e.timestmp", "e.timestamp", "e.timestmp"),
    ("select x.* from events e", "unknown_table", "x", None, "x.*"),
    ("select {variables.nme} from events", "unknown_placeholder", "variables.nme", "variables.name", None),
    ("select toTimeZone(now(), 'Europe/Berln')", "unknown_time_zone", "Europe/Berln", "Europe/Berlin", None),
    ("select count() over missing from events", "unsupported_syntax", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "name", "nearest", "place"), UNKNOWN)
def test_unknown_name(text: str, code: str, name: str | None, nearest: str | None, place: str | None) -> None:
    with pytest.raises(HogQLError) as caught:
        print_text(text, {"variables.name": "x"})
    error = caught.value
    assert error.code == code
    if isinstance(error, UnknownName):
        assert (error.name, error.nearest) == (name, nearest)
        assert name is not None
        assert name in error.detail
    if place is not None:
        assert error.span is not None
        assert text[error.span.start : error.span.end] == place


CODES = [
    ("select", "invalid_syntax"),
    ("select 1 from", "invalid_syntax"),
    ("select 'é' from events where )", "invalid_syntax"),
    ("select lower() from events", "invalid_arguments"),
    ("select lower(1, 2)", "invalid_arguments"),
    ("select quantile(1) from events", "invalid_arguments"),
    ("select count(5)(1) from events", "invalid_arguments"),
    ("select rank() from events", "invalid_arguments"),
    ("select lower(event) over () from events", "invalid_arguments"),
    ("select lower(distinct event) from events", "invalid_arguments"),
    ("select dateTrunc(event, timestamp) from events", "invalid_arguments"),
    ("select windowFunnel(1, 'strict_order')(timestamp, 1) from events", "unsupported_syntax"),
    ("select 1, 2 union all select 1", "invalid_arguments"),
    ("select *", "invalid_arguments"),
    ("select event from events, persons where created_at > now()", "ambiguous_column"),
    ("select 1 from events, events", "ambiguous_column"),
    ("select 1 from events where timestamp > 'yesterday'", "invalid_value"),
    ("select 1 from events where timestamp between '2026-13-01' and '2026-01-01'", "invalid_value"),
    ("select event from events order by 2", "invalid_value"),
    ("select 1 limit 1.5", "invalid_value"),
    ("select 99999999999999999999999", "unsupported_syntax"),
    ("select 1e400", "unsupported_syntax"),
    ("select event, count() from events group by event with totals", "unsupported_syntax"),
    ("select event from events order by event nulls first", "unsupported_syntax"),
    ("(select 1 as a) union all (select 2 as a) order by a", "unsupported_syntax"),
    ("select person_id in cohort 5 from events", "unsupported_syntax"),
    ("select event from events order by event limit 1 with ties", "unsupported_syntax"),
    ("select event from events order by timestamp with fill", "unsupported_syntax"),
    ("select 1 from events join persons on 1 = 1 asof join events on 1 = 1", "unsupported_syntax"),
    ("select 1 from events asof join persons on 1 = 1", "unsupported_syntax"),
    ("select 1 from events e join persons p", "unsupported_syntax"),
    ("select 1 from events e join persons p using (nothing)", "unknown_column"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), CODES)
def test_code(text: str, code: str) -> None:
    with pytest.raises(HogQLError) as caught:
        print_text(text)
    assert (caught.value.code, caught.value.attr) == (code, "query")


def test_position_is_a_line_and_a_column() -> None:
    text = "select event,\n  'é', cuont()\nfrom events"
    with pytest.raises(HogQLError) as caught:
        print_text(text)
    assert caught.value.span is not None
    assert caught.value.span.find_line(text) == (2, 8)


def test_syntax_error_says_where_it_is() -> None:
    with pytest.raises(HogQLError, match="Syntax error at line 2, column 6"):
        print_text("select 1\nfrom )")
