"""insights/trend/ and insights/funnel/: results of flat filters.

The tests store the results. tests/queries/worker/ computes them.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from events.models import Store
from queries.models import QueryResult
from tests.api.stored_results import complete, count_queued, store_failure, store_result
from tests.builders import Person, make_key
from tests.client import Answer, Api
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
TREND, FUNNEL = "insights/trend/", "insights/funnel/"
EVENTS = [{"id": "$pageview", "type": "events"}]
STEPS = [{"id": "a", "order": 0}, {"id": "b", "order": 1}]
SERIES = [{"kind": "EventsNode", "event": "$pageview"}]
QUERY: dict[str, Any] = {"kind": "TrendsQuery", "series": SERIES, "dateRange": {"date_from": "-7d"}}
RESULT = [{"label": "$pageview", "data": [1, 2]}]


def get(person: Person, path: str = TREND, **query: Any) -> Answer:
    filters = {"events": json.dumps(EVENTS), "date_from": "-7d"}
    return person.api.get(path, **(filters | query))


def get_queued() -> dict[str, Any]:
    query: dict[str, Any] = QueryResult.objects.queued().get().query
    return query


def test_trend_is_queued_and_answered_from_its_result(alice: Person) -> None:
    pending = get(alice)
    assert (pending.status, pending.json["query_status"]["complete"]) == (202, False)
    row = QueryResult.objects.get()
    assert row.query == QUERY
    complete(row, RESULT)
    row.refresh_from_db()
    row.details = {"timezone": "UTC"}
    row.save()
    answer = get(alice)
    last_refresh = answer.json.pop("last_refresh")
    assert answer.json == {"result": RESULT, "timezone": "UTC", "is_cached": True, "next": None}
    assert last_refresh
    assert count_queued() == 0


@pytest.mark.parametrize("prefix", ["projects", "environments"])
def test_both_prefixes_and_methods_have_the_same_result(alice: Person, home: Project, prefix: str) -> None:
    store_result(home, QUERY, RESULT)
    path = f"/api/{prefix}/{home.pk}/{TREND}"
    body = {"events": EVENTS, "date_from": "-7d"}
    assert alice.api.get(f"{path}?{urlencode({'events': json.dumps(EVENTS), 'date_from': '-7d'})}").json[
        "result"
    ] == alice.api.post(path, body).json["result"] == RESULT  # fmt: skip
    form = {"events": json.dumps(EVENTS), "date_from": "-7d"}
    assert alice.api.send_form("POST", path, form).json["result"] == RESULT


def test_body_takes_precedence_over_the_query_string(alice: Person) -> None:
    path = f"{TREND}?date_from=-7d&display=ActionsPie"
    assert alice.api.post(path, {"events": EVENTS, "date_from": "-30d"}).status == 202
    assert get_queued() == {
        **QUERY,
        "dateRange": {"date_from": "-30d"},
        "trendsFilter": {"display": "ActionsPie"},
    }


@pytest.mark.parametrize(
    ("filters", "kind"),
    [
        ({}, "TrendsQuery"),
        ({"insight": "TRENDS"}, "TrendsQuery"),
        ({"insight": "STICKINESS"}, "StickinessQuery"),
        ({"shown_as": "Stickiness"}, "StickinessQuery"),
        ({"insight": "LIFECYCLE"}, "LifecycleQuery"),
    ],
)
def test_trend_computes_three_kinds(alice: Person, filters: Any, kind: str) -> None:
    assert get(alice, **filters).status == 202
    assert get_queued()["kind"] == kind


@pytest.mark.parametrize("insight", ["FUNNELS", "RETENTION", "PATHS", "HogQLQuery", "SESSIONS"])
def test_trend_of_another_kind_is_400(alice: Person, insight: str) -> None:
    assert get(alice, insight=insight).error == (400, "validation_error", "invalid_choice", "insight")
    assert not QueryResult.objects.exists()


def test_funnel_is_that_of_its_steps(alice: Person) -> None:
    filters = {"insight": "TRENDS", "events": STEPS, "funnel_window_days": 7, "properties": {"$os": "Linux"}}
    assert alice.api.post(FUNNEL, filters).status == 202
    expected = {
        "kind": "FunnelsQuery",
        "series": [{"kind": "EventsNode", "event": "a"}, {"kind": "EventsNode", "event": "b"}],
        "properties": [{"key": "$os", "value": "Linux", "operator": "exact", "type": "event"}],
        "funnelsFilter": {"funnelWindowInterval": 7, "funnelWindowIntervalUnit": "day"},
    }
    assert get_queued() == expected
    complete(QueryResult.objects.get(), [{"order": 0, "name": "a", "count": 3}])
    answer = alice.api.post(FUNNEL, filters)
    assert answer.json["result"] == [{"order": 0, "name": "a", "count": 3}]
    assert set(answer.json) == {"result", "timezone", "is_cached", "last_refresh"}


def test_one_breakdown_value_of_an_old_form_is_a_text(alice: Person) -> None:
    old = {"insight": "FUNNELS", "events": STEPS, "breakdown": "$os", "breakdown_type": "event"}
    step = {"name": "a", "count": 3, "breakdown": ["Linux"], "breakdown_value": ["Linux"]}
    alice.api.post(FUNNEL, old)
    complete(QueryResult.objects.get(), [[step]])
    [[found]] = alice.api.post(FUNNEL, old).json["result"]
    assert found == {**step, "breakdown": "Linux", "breakdown_value": "Linux"}
    query = {**old, "events": json.dumps(STEPS)}
    for answer in (alice.api.post(FUNNEL, {**old, "insight": None}), alice.api.get(FUNNEL, **query)):
        assert answer.json["result"] == [[step]]


@pytest.mark.parametrize(
    ("refresh", "is_computed"),
    [("true", True), ("", True), ("force_blocking", True), ("false", False), ("force_cache", False), ("async", False)],
)
def test_refresh_computes_a_fresh_result_again(alice: Person, home: Project, refresh: str, is_computed: bool) -> None:
    store_result(home, QUERY, RESULT)
    assert get(alice, refresh=refresh).status == (202 if is_computed else 200)
    assert count_queued() == is_computed


def test_refresh_in_a_body(alice: Person, home: Project) -> None:
    store_result(home, QUERY, RESULT)
    body = {"events": EVENTS, "date_from": "-7d"}
    assert alice.api.post(TREND, {**body, "refresh": False}).status == 200
    assert alice.api.post(TREND, {**body, "refresh": True}).status == 202


@pytest.mark.parametrize("name", ["events", "properties", "actions", "breakdowns"])
@pytest.mark.parametrize("text", ["[{", "{oops", "[" * 70 + "]" * 70])
def test_invalid_json_is_400(alice: Person, name: str, text: str) -> None:
    status, _, code, attr = get(alice, **{name: text}).error
    assert (status, code, attr.split("__")[0]) == (400, "invalid_input", name)
    assert not QueryResult.objects.exists()


def test_unknown_filters_are_named_or_refused(alice: Person, home: Project) -> None:
    store_result(home, QUERY, RESULT)
    answer = get(alice, show_legend="true")
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, "show_legend")
    body = {"events": EVENTS, "date_from": "-7d", "hidden": [1]}
    assert alice.api.post(TREND, body, documented=False).headers["Ignored-Fields"] == "hidden"
    strict = {"Prefer": "handling=strict"}
    refused = alice.api.call("GET", f"{TREND}?evnts=[]", headers=strict)
    assert refused.error == (400, "validation_error", "unknown_field", "evnts")
    assert "'events'" in refused.json["detail"]


def test_errors_of_the_query_are_errors_of_the_request(alice: Person, home: Project, settings: Any) -> None:
    store_failure(home, QUERY, "worker_lost", "Gave up.")
    assert get(alice).status == 202  # the failed query is queued again
    Store.objects.all().delete()
    assert get(alice, date_from="-1d").error == (400, "validation_error", "no_data", "query")
    settings.ENGINE = False
    assert get(alice, date_from="-2d").error[0:3:2] == (503, "engine_unavailable")


def test_scope_is_that_of_insights(alice: Person, carol: Person, home: Project) -> None:
    for scopes, status in ((["insight:read"], 202), (["query:read"], 403), (["dashboard:write"], 403)):
        api = Api(make_key(alice.user, *scopes), home.pk)
        for path in (TREND, FUNNEL):
            assert api.get(path, events=json.dumps(EVENTS)).status == status
            assert api.post(path, {"events": EVENTS}).status == status
    assert Api(carol.key, home.pk).get(TREND, events=json.dumps(EVENTS)).status == 403


def test_idempotency_key_does_not_repeat_the_status_from_before_the_result(alice: Person) -> None:
    headers, body = {"Idempotency-Key": "once"}, {"events": EVENTS}
    assert alice.api.post(TREND, body, headers=headers).status == 202
    complete(QueryResult.objects.get(), RESULT)
    assert alice.api.post(TREND, body, headers=headers).json["result"] == RESULT
