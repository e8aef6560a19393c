"""The meaning of `{filters}` in a query, and filters that are refused. The events are those of store.py."""

from dataclasses import replace
from typing import Any

import pytest

from dashboards_api.errors import DomainError
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import CONTEXT, compile_text, read

COUNT = "select count() from events where "
FIREFOX = {"key": "$browser", "value": "Firefox"}
ANN = {"type": "person", "key": "email", "value": "ann@example.com"}


def dates(start: str | None = None, end: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"dateRange": {"date_from": start, "date_to": end, **fields}}


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (None, 6),
        ({}, 6),
        ({"dateRange": None, "properties": None, "filterTestAccounts": None}, 6),
        (dates(), 6),
        (dates("all"), 6),
        (dates("2026-03-29", "2026-03-29"), 3),  # a 23-hour day
        (dates("2026-03-28", "2026-03-28"), 1),
        (dates("2026-03-29"), 5),
        (dates(None, "2026-03-29"), 4),
        (dates("2026-03-29T00:00:00Z", "2026-03-29T21:59:59Z", explicitDate=True), 2),
        (dates("2026-03-30", "2026-03-30T00:00:00"), 2),  # the whole day counts unless the end is explicit
        (dates("2026-03-30", "2026-03-30T00:00:00", explicitDate=True), 1),
        (dates("-1d"), 2),
        (dates("-2d", "-2d"), 3),
        (dates("-1dStart", "-1dEnd"), 2),
        (dates("dStart"), 0),
        (dates("mStart"), 6),
        (dates("-1mStart", "-1mEnd"), 0),
        ({"properties": [FIREFOX]}, 2),
        ({"properties": [ANN]}, 4),
        ({"properties": [FIREFOX, ANN], **dates("2026-03-29")}, 1),
        ({"properties": [{"type": "session", "key": "$session_duration", "operator": "gt", "value": 60}]}, 2),
        ({"properties": [{"type": "session", "key": "$session_duration", "value": "3600"}]}, 2),
        ({"properties": [{"type": "session", "key": "$is_bounce", "value": ["false"]}]}, 2),
        ({"properties": [{"type": "session", "key": "$is_bounce", "operator": "is_not_set"}]}, 4),
        ({"properties": [{"type": "session", "key": "$exit_pathname", "operator": "icontains", "value": "DOCS"}]}, 2),
        (
            {
                "properties": [
                    {"type": "session", "key": "$start_timestamp", "operator": "is_date_exact", "value": "2026-03-28"}
                ]
            },
            2,
        ),
    ],
)
def test_filters(store: Store, filters: Any, count: int) -> None:
    assert read(store, COUNT + "{filters}", filters=filters) == [[count]]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("select count() from events as e where {filters}", 1),
        ("select count() from persons p join events e on e.person_id = p.id where {filters}", 1),
        ("select count() from events a join events b on a.uuid = b.uuid where {filters}", 1),
        ("select sum(n) from (select count() as n from events where {filters})", 1),
        ("with w as (select event from events where {filters}) select count() from w", 1),
        ("select count() from events where {filters} or event = 'purchase'", 3),
        ("select countIf({filters}) from events", 1),
        ("select count() from events where not {filters}", 5),
        ("select count() from events where event in (select event from events where {filters})", 4),
        ("select count() from events where {filters} union all select 1 from events where {filters}", 1),
    ],
)
def test_filters_follow_the_table_of_their_select(store: Store, text: str, count: int) -> None:
    filters = {"properties": [FIREFOX, ANN], **dates("2026-03-29")}
    assert read(store, text, filters=filters)[0] == [count]


def test_filters_read_the_json_of_a_subquery(store: Store) -> None:
    """Filter a common table expression, in which `properties` is an ordinary text column that contains JSON."""
    text = (
        "with events as (select replaceAll(properties, 'Firefox', 'Chrome') as properties, timestamp from events)"
        " select count() from events where {filters}"
    )
    assert read(store, text, filters={"properties": [{**FIREFOX, "value": "Chrome"}]}) == [[2]]
    assert read(store, text, filters={"properties": [FIREFOX]}) == [[0]]


def test_filters_of_sessions(store: Store) -> None:
    text = "select session_id from sessions as s where {filters}"
    longer = {"type": "session", "key": "$session_duration", "operator": "gte", "value": 3600}
    assert read(store, text, filters={"properties": [longer], **dates("2026-03-28", "2026-03-28")}) == [["s1"]]
    assert read(store, text, filters=dates("2026-03-29")) == []
    with pytest.raises(DomainError) as caught:
        compile_text(text, filters={"properties": [FIREFOX]})
    assert caught.value.attr == "query__filters__properties__0__type"


@pytest.mark.parametrize(
    "text",
    [
        "select 1 where {filters}",
        "select count() from persons where {filters}",
        "select count() from orders where {filters}",
        "select count() from (select * from events) where {filters}",
        "with w as (select event from events) select count() from w where {filters}",
    ],
)
def test_select_without_events_or_sessions_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        compile_text(text, filters={"properties": [FIREFOX]})
    assert (caught.value.code, caught.value.attr) == ("invalid_arguments", "query")


@pytest.mark.parametrize(
    ("condition", "start", "end", "count"),
    [
        (
            "timestamp >= {filters.dateRange.from} and timestamp <= {filters.dateRange.to}",
            "2026-03-29",
            "2026-03-29",
            3,
        ),
        ("timestamp >= {filters.dateRange.from} and timestamp <= {filters.dateRange.to}", None, None, 6),
        ("timestamp between {filters.dateRange.from} and {filters.dateRange.to}", "2026-03-29", "2026-03-29", 3),
        ("timestamp between {filters.dateRange.from} and {filters.dateRange.to}", None, "2026-03-29", 4),
        ("timestamp not between {filters.dateRange.from} and {filters.dateRange.to}", None, "2026-03-29", 2),
        ("timestamp between {filters.dateRange.from} and {filters.dateRange.to}", None, None, 6),
        ("toDate(timestamp) = toDate({filters.dateRange.from})", "2026-03-30", None, 2),
    ],
)
def test_ends_of_the_range(store: Store, condition: str, start: str | None, end: str | None, count: int) -> None:
    assert read(store, COUNT + condition, filters=dates(start, end)) == [[count]]


def test_open_end_that_is_not_compared_is_refused() -> None:
    with pytest.raises(DomainError, match="open at this end") as caught:
        compile_text("select toDate({filters.dateRange.from})")
    assert (caught.value.code, caught.value.attr) == ("invalid_value", "query")


def test_own_values_do_not_replace_filters(store: Store) -> None:
    assert read(store, COUNT + "{filters}", values={"filters": False, "filters.dateRange.from": 1}) == [[6]]


@pytest.mark.parametrize("name", ["filters.dateRange", "filters.properties", "filters.x", "filter"])
def test_other_placeholders_are_unknown(name: str) -> None:
    with pytest.raises(DomainError) as caught:
        compile_text(f"{COUNT} {{{name}}}", filters={"properties": []})
    assert caught.value.code == "unknown_placeholder"


HOSTILE = ["'", "\\", "`", "{variables.x}", "{", "}", "\0", "' or 1 = 1 --", "*/ union", "%", "\n", "x" * 60_000]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:12])
@pytest.mark.parametrize("operator", ["exact", "icontains", "starts_with", "gt"])
@pytest.mark.parametrize("kind", ["event", "person"])
def test_hostile_texts_are_values(store: Store, text: str, operator: str, kind: str) -> None:
    filter_ = {"type": kind, "key": text[:1_000], "operator": operator, "value": [text, f"{text}2"]}
    assert read(store, COUNT + "{filters}", filters={"properties": [filter_]}) == [[0]]


def test_thousands_of_values_are_one_condition(store: Store) -> None:
    many = {"key": "$browser", "value": [*(f"browser {number}" for number in range(3_000)), "Firefox"]}
    assert read(store, COUNT + "{filters}", filters={"properties": [many]}) == [[2]]


def nest(depth: int) -> Any:
    group: Any = FIREFOX
    for _ in range(depth):
        group = {"type": "AND", "values": [group]}
    return group


def test_nested_groups(store: Store) -> None:
    assert read(store, COUNT + "{filters}", filters={"properties": nest(15)}) == [[2]]


def prop(**fields: Any) -> dict[str, Any]:
    return {"properties": [{"key": "p", **fields}]}


PROPERTIES = "query__filters__properties"
REFUSED: list[tuple[Any, str, str]] = [
    ([], "invalid_query", "query__filters"),
    ("x", "invalid_query", "query__filters"),
    ({"properties": "x"}, "invalid_query", PROPERTIES),
    ({"properties": 7}, "invalid_query", PROPERTIES),
    ({"properties": [None]}, "invalid_query", f"{PROPERTIES}__0"),
    ({"properties": [[FIREFOX]]}, "invalid_query", f"{PROPERTIES}__0"),
    ({"properties": {"type": "AND"}}, "invalid_query", f"{PROPERTIES}__values"),
    ({"properties": {"type": "AND", "values": {}}}, "invalid_query", f"{PROPERTIES}__values"),
    ({"properties": {"type": "XOR", "values": []}}, "invalid_query", f"{PROPERTIES}__type"),
    ({"properties": {"type": ["AND"], "values": []}}, "invalid_query", f"{PROPERTIES}__type"),
    ({"properties": {"type": "AND", "values": [FIREFOX, 1]}}, "invalid_query", f"{PROPERTIES}__values__1"),
    *(
        ({"properties": [{"type": kind, "key": "id", "value": 1}]}, "unsupported_filter", f"{PROPERTIES}__0__type")
        for kind in ("cohort", "group", "element", "feature", "event_metadata", "recording", "log", "x" * 9_999)
    ),
    ({"properties": [{"type": 1, "key": "p"}]}, "unsupported_filter", f"{PROPERTIES}__0__type"),
    ({"properties": [{"type": None, "key": "p"}]}, "unsupported_filter", f"{PROPERTIES}__0__type"),
    ({"properties": [{"type": {}, "key": "p"}]}, "unsupported_filter", f"{PROPERTIES}__0__type"),
    ({"properties": [{"type": "event"}]}, "invalid_query", f"{PROPERTIES}__0__key"),
    (prop(key=""), "invalid_query", f"{PROPERTIES}__0__key"),
    (prop(key=["p"]), "invalid_query", f"{PROPERTIES}__0__key"),
    (prop(key="p" * 1_001), "invalid_query", f"{PROPERTIES}__0__key"),
    (prop(operator="equals"), "unsupported_filter", f"{PROPERTIES}__0__operator"),
    (prop(operator=["exact"]), "unsupported_filter", f"{PROPERTIES}__0__operator"),
    (prop(operator="semver_gt", value="1"), "unsupported_filter", f"{PROPERTIES}__0__operator"),
    (prop(value={"x": 1}), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(value=["a", ["b"]]), "invalid_query", f"{PROPERTIES}__0__value__1"),
    (prop(operator="icontains", value=[None]), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(operator="gt", value=True), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(key="amount", operator="gt", value="abc"), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(operator="is_date_before", value="soon"), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(operator="is_date_before", value=7), "invalid_query", f"{PROPERTIES}__0__value"),
    (prop(operator="is_date_exact", value="9999-01-01"), "invalid_query", f"{PROPERTIES}__0__value"),
    *((prop(operator="between", value=value), "invalid_query", f"{PROPERTIES}__0__value") for value in (
        None, 1, [1], [1, 2, 3], [2, 1], ["a", "b"], [True, 2], [1, None], [float("nan"), 1]
    )),
    (prop(type="session", key="$duration"), "invalid_query", f"{PROPERTIES}__0__key"),
    (prop(value=["x"] * 10_000), "query_too_complex", "query"),
    ({"properties": [FIREFOX] * 10_000}, "query_too_complex", "query"),
    ({"properties": nest(1_000)}, "query_too_complex", "query"),
    (prop(value="x" * 600_000), "query_too_complex", "query"),
    (prop(value="\ud800"), "invalid_query", PROPERTIES),
    (prop(type="hogql", key="properties.p = "), "invalid_syntax", "query"),
    (prop(type="hogql", key="nothing = 1"), "unknown_column", "query"),
    (prop(type="hogql", key="{filters}"), "unknown_placeholder", "query"),
    (prop(type="hogql", key=7), "invalid_query", f"{PROPERTIES}__0__key"),
    ({"properties": [{"type": "hogql", "key": f"1 = {n}"} for n in range(21)]}, "query_too_complex", "query"),
    ({"dateRange": []}, "invalid_query", "query__filters__dateRange"),
    ({"dateRange": {"date_from": 7}}, "invalid_query", "query__filters__dateRange__date_from"),
    ({"dateRange": {"date_to": "soon"}}, "invalid_query", "query__filters__dateRange__date_to"),
    ({"filterTestAccounts": "yes"}, "invalid_query", "query__filters__filterTestAccounts"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "code", "attr"), REFUSED)
def test_refusal_names_the_place(filters: Any, code: str, attr: str) -> None:
    with pytest.raises(DomainError) as caught:
        compile_text(COUNT + "{filters}", filters=filters)
    assert (caught.value.code, caught.value.attr) == (code, attr)
    assert len(caught.value.detail) < 2_000


def test_refused_type_is_named() -> None:
    with pytest.raises(DomainError, match='"cohort" is not a valid choice'):
        compile_text(COUNT + "{filters}", filters={"properties": [{"type": "cohort", "key": "id", "value": 1}]})


@pytest.mark.parametrize("own", ["x", [1], [{"type": "cohort", "key": "id", "value": 1}], {"key": ""}, None])
def test_test_account_filters_of_a_wrong_shape_are_refused_or_none(own: Any) -> None:
    context = replace(CONTEXT, test_account_filters=own)
    if own is None:
        assert compile_text(COUNT + "{filters}", context, filters={"filterTestAccounts": True}).statement.limit == 100
        return
    with pytest.raises(DomainError) as caught:
        compile_text(COUNT + "{filters}", context, filters={"filterTestAccounts": True})
    assert str(caught.value.attr).startswith("query__filters__filterTestAccounts")


def test_filters_that_the_text_does_not_name_are_not_read() -> None:
    assert compile_text("select 1", filters="x").statement.limit == 100


def test_filters_that_are_named_often_are_limited() -> None:
    many = {"key": "p", "value": [str(number) for number in range(4_000)]}
    text = COUNT + " or ".join(["{filters}"] * 50)
    with pytest.raises(DomainError) as caught:
        compile_text(text, filters={"properties": [many]})
    assert caught.value.code == "query_too_complex"
