"""TrendsQuery: shapes of results, options, and queries that are refused."""

from typing import Any

import pytest

from queries.exceptions import ResultTooLarge
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run
from tests.queries.runners.insights import DAYS, Event, ask, ask_data, build_trends, make_context, make_project, refuse

EVENTS: list[Event] = [
    ("2026-02-27 10:00:00", "ann", "view", {}),
    ("2026-03-01 10:00:00", "ann", "view", {"plan": "a"}),
    ("2026-03-01 11:00:00", "ben", "view", {"plan": "b"}),
    ("2026-03-02 10:00:00", "ann", "buy", {"plan": "a"}),
    ("2026-03-03 23:59:59", "ann", "view", {"plan": "a"}),
    ("2026-03-04 00:00:00", "ben", "view", {"plan": "b"}),
]
VIEW, BUY = {"event": "view"}, {"event": "buy"}
TOTAL_DISPLAYS = ["BoldNumber", "Metric", "ActionsPie", "ActionsBarValue", "ActionsTable", "WorldMap"]
LINE_DISPLAYS = ["ActionsLineGraph", "ActionsBar", "ActionsStackedBar", "ActionsAreaGraph", "SlopeGraph", "Auto", None]


@pytest.fixture(scope="module")
def project(store: Store) -> int:
    return make_project(store, EVENTS)


def test_object_has_the_fields_of_a_result(store: Store, project: int) -> None:
    body = run(store, build_trends(VIEW | {"custom_name": "Views"}), make_context(project))
    assert body == {
        "results": [
            {
                "action": {
                    "id": "view",
                    "type": "events",
                    "order": 0,
                    "name": "view",
                    "custom_name": "Views",
                    "math": None,
                    "math_property": None,
                    "math_hogql": None,
                    "math_group_type_index": None,
                    "properties": {},
                },
                "label": "Views",
                "count": 3,
                "data": [2, 0, 1],
                "labels": ["1-Mar-2026", "2-Mar-2026", "3-Mar-2026"],
                "days": ["2026-03-01", "2026-03-02", "2026-03-03"],
            }
        ],
        "hasMore": False,
    }


@pytest.mark.parametrize("display", TOTAL_DISPLAYS)
def test_total_has_one_number(store: Store, project: int, display: str) -> None:
    [found] = ask(store, project, VIEW, trendsFilter={"display": display})
    assert (found["aggregated_value"], found["count"]) == (3, 0)
    assert (found["data"], found["days"], found["labels"]) == ([], [], [])


@pytest.mark.parametrize("display", LINE_DISPLAYS)
def test_line_has_a_number_for_each_interval(store: Store, project: int, display: str | None) -> None:
    assert ask_data(store, project, VIEW, trendsFilter={"display": display}) == [2, 0, 1]


def test_total_covers_whole_days_whatever_the_interval(store: Store, project: int) -> None:
    dates = {"date_from": "2026-03-01", "date_to": "2026-03-03T01:00:00"}
    options = {"display": "BoldNumber"}
    assert ask_data(store, project, VIEW, dateRange=dates, interval="hour", trendsFilter=options) == 3


def test_project_without_events(store: Store) -> None:
    assert ask_data(store, 299_999, dateRange={"date_from": "all"}) == [0]
    assert ask_data(store, 299_999, trendsFilter={"display": "BoldNumber"}) == 0
    assert ask(store, 299_999, breakdownFilter={"breakdown": "plan"}) == []


def test_filters_of_the_query_hold_for_all_series(store: Store, project: int) -> None:
    found = ask_data(store, project, VIEW, BUY, properties=[{"key": "plan", "value": "a"}])
    assert found == {"view": [1, 0, 1], "buy": [0, 1, 0]}


def test_test_accounts_are_left_out_where_the_query_says_so(store: Store, project: int) -> None:
    context = make_context(project, test_account_filters=({"key": "plan", "operator": "is_not", "value": "a"},))
    for value, data in ((True, [1, 0, 0]), (False, [2, 1, 1]), (None, [2, 1, 1])):
        assert run(store, build_trends(filterTestAccounts=value), context)["results"][0]["data"] == data


def test_cumulative_numbers_are_running_totals(store: Store, project: int) -> None:
    [found] = ask(store, project, VIEW, trendsFilter={"display": "ActionsLineGraphCumulative"})
    assert (found["data"], found["count"]) == ([2, 2, 3], 3)


def test_cumulative_persons_count_on_their_first_day(store: Store, project: int) -> None:
    options = {"display": "ActionsLineGraphCumulative"}
    assert ask_data(store, project, {"math": "dau"}, trendsFilter=options) == [2, 2, 2]


@pytest.mark.parametrize(("width", "data"), [(1, [2, 0, 1]), (2, [2, 1, 0]), (3, [2, 1, 1]), (1_000, [2, 1, 1])])
def test_smoothed_numbers_are_averages_rounded_down(store: Store, project: int, width: int, data: list[int]) -> None:
    assert ask_data(store, project, VIEW, trendsFilter={"smoothingIntervals": width}) == data


def test_comparison_has_both_periods(store: Store, project: int) -> None:
    found = ask(store, project, VIEW, compareFilter={"compare": True})
    assert [(item["compare"], item["compare_label"], item["days"][0], item["data"]) for item in found] == [
        (True, "current", "2026-03-01", [2, 0, 1]),
        (True, "previous", "2026-02-26", [0, 1, 0]),
    ]


@pytest.mark.parametrize("value", [{"compare": False}, {}, None, {"compare": None, "compare_to": "-1d"}])
def test_query_without_comparison_has_no_labels_of_periods(store: Store, project: int, value: Any) -> None:
    [found] = ask(store, project, VIEW, compareFilter=value)
    assert "compare" not in found


@pytest.mark.parametrize(
    "field",
    [
        {"samplingFactor": 0.1},
        {"dataColorTheme": 3},
        {"modifiers": {"sessionTableVersion": "v2"}},
        {"tags": {"productKey": "x"}},
        {"conversionGoal": None},
        {"trendsFilter": {"showLegend": True, "goalLines": [{"label": "x", "value": 3}], "decimalPlaces": 2}},
        {"breakdownFilter": {"breakdown_path_cleaning": True}},
    ],
)
def test_field_without_effect_on_numbers_is_accepted(store: Store, project: int, field: dict[str, Any]) -> None:
    assert ask_data(store, project, VIEW, **field) == [2, 0, 1]


@pytest.mark.parametrize(
    ("fields", "code", "attr"),
    [
        ({"trendsFilter": {"display": "BoxPlot"}}, "unsupported_query_part", "query__trendsFilter__display"),
        ({"trendsFilter": {"display": "CalendarHeatmap"}}, "unsupported_query_part", "query__trendsFilter__display"),
        (
            {"trendsFilter": {"display": "TwoDimensionalHeatmap"}},
            "unsupported_query_part",
            "query__trendsFilter__display",
        ),
        ({"conversionGoal": {"actionId": 1}}, "unsupported_query_part", "query__conversionGoal"),
        ({"aggregation_group_type_index": 0}, "unsupported_query_part", "query__aggregation_group_type_index"),
        ({"trendsFilter": {"display": "Pie"}}, "invalid_query", "query__trendsFilter__display"),
        ({"trendsFilter": {"display": 1}}, "invalid_query", "query__trendsFilter__display"),
        ({"trendsFilter": []}, "invalid_query", "query__trendsFilter"),
        ({"trendsFilter": {"smoothingIntervals": 0}}, "invalid_query", "query__trendsFilter__smoothingIntervals"),
        ({"trendsFilter": {"smoothingIntervals": 1_001}}, "invalid_query", "query__trendsFilter__smoothingIntervals"),
        ({"trendsFilter": {"smoothingIntervals": True}}, "invalid_query", "query__trendsFilter__smoothingIntervals"),
        ({"trendsFilter": {"smoothingIntervals": 1.5}}, "invalid_query", "query__trendsFilter__smoothingIntervals"),
        ({"filterTestAccounts": "yes"}, "invalid_query", "query__filterTestAccounts"),
        ({"properties": "plan"}, "invalid_query", "query__properties"),
        ({"properties": [1]}, "invalid_query", "query__properties__0"),
        ({"compareFilter": True}, "invalid_query", "query__compareFilter"),
        ({"compareFilter": {"compare": 1}}, "invalid_query", "query__compareFilter__compare"),
        ({"interval": "fortnight"}, "invalid_query", "query__interval"),
        ({"dateRange": "-7d"}, "invalid_query", "query__dateRange"),
    ],
)
def test_refusal_names_the_place(fields: dict[str, Any], code: str, attr: str) -> None:
    assert refuse(build_trends(**fields)) == (code, attr)


@pytest.mark.parametrize(
    "kind",
    ["cohort", "static-cohort", "group", "element", "feature", "event_metadata", "recording", "log_entry", "flag"],
)
def test_filter_of_an_unsupported_type_is_refused(kind: str) -> None:
    filters = [{"key": "id", "type": kind, "value": 1}]
    assert refuse(build_trends(properties=filters)) == ("unsupported_filter", "query__properties__0__type")
    place = "query__series__0__properties__0__type"
    assert refuse(build_trends({"properties": filters})) == ("unsupported_filter", place)


def test_result_of_too_many_values_is_refused(store: Store) -> None:
    """Refuse a result with one row for each value, since the zeros for all other intervals would fill the memory."""
    events: list[Event] = [("2026-03-01 00:00:00", "ann", "view", {"plan": f"p{number}"}) for number in range(200)]
    project = make_project(store, events)
    dates = {"date_from": "2026-03-01", "date_to": "2026-03-03"}
    limit = {"breakdown": "plan", "breakdown_limit": 1_000}
    with pytest.raises(ResultTooLarge, match="500,000 values") as caught:
        ask(store, project, dateRange=dates, interval="minute", breakdownFilter=limit)
    assert caught.value.code == "too_many_rows"
    found = ask(store, project, dateRange=dates, interval="hour", breakdownFilter=limit)
    assert (len(found), {item["count"] for item in found}) == (200, {1})


def test_formulas_count_as_values_of_the_result(store: Store, project: int) -> None:
    dates = {"date_from": "2026-03-01", "date_to": "2026-03-06"}
    formulas = {"formulas": [f"A + {number}" for number in range(20)]}
    series = [VIEW] * 26
    with pytest.raises(ResultTooLarge):
        ask(
            store,
            project,
            *series,
            dateRange=dates,
            interval="minute",
            trendsFilter=formulas,
            compareFilter={"compare": True},
        )
    assert len(ask(store, project, *series, dateRange=DAYS, trendsFilter=formulas)) == 20


HOSTILE = [
    *(
        "'",
        '"',
        "`",
        "\\",
        "\\'",
        "\0",
        "\n",
        "--",
        "/*",
        ";",
        "%s",
        "%",
        "{p1:String}",
        "{project_id:Int64}",
        "{",
        "}}",
    ),
    *("$$_posthog_breakdown_other_$$", "ß😀", "x" * 1_000),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_a_text(store: Store, text: str) -> None:
    events: list[Event] = [
        ("2026-03-01 10:00:00", "ann", text, {text: text}),
        ("2026-03-01 11:00:00", "ann", "view", {}),
    ]
    project = make_project(store, events)
    [found] = ask(store, project, {"event": text, "custom_name": text}, properties=[{"key": text, "value": text}])
    assert (found["label"], found["data"], found["action"]["id"]) == (text, [1, 0, 0], text)
    [value, null] = ask(store, project, breakdownFilter={"breakdown": text})
    assert {value["label"], null["label"]} >= {text}


@pytest.mark.parametrize(
    "source",
    [
        build_trends({"event": "\ud800"}),
        build_trends({"custom_name": "\udfff"}),
        build_trends({"math": "sum", "math_property": "\ud800"}),
        build_trends(breakdownFilter={"breakdown": "\ud800"}),
        build_trends(properties=[{"key": "\ud800", "value": 1}]),
        build_trends(trendsFilter={"formula": "\ud800"}),
    ],
)
def test_half_of_a_character_is_refused(source: dict[str, Any]) -> None:
    assert refuse(source) == ("invalid_query", "query")


@pytest.mark.parametrize(
    "source",
    [
        build_trends({"event": "x" * 10**6}),
        build_trends(breakdownFilter={"breakdown": "x" * 10**6}),
        build_trends(properties=[{"key": "plan", "value": ["x"] * 10_000}]),
        build_trends(trendsFilter={"formula": "+".join("A" * 300_000)}),
    ],
)
def test_query_has_a_maximum_size(source: dict[str, Any]) -> None:
    assert refuse(source)[0] == "query_too_complex"


def test_depth_of_filters_has_a_maximum() -> None:
    group: Any = {"type": "AND", "values": []}
    for _ in range(50):
        group = {"type": "AND", "values": [group]}
    assert refuse(build_trends(properties=group))[0] == "query_too_complex"
