"""Golden cases: queries of small datasets with known results, in the format of tests/golden/README.md."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from queries.runners.dates import list_buckets, resolve_date_range
from queries.runners.periods import to_microseconds
from tests.queries.golden import OWN_FOLDER, Case, GoldenStore, find_differences, read_cases, read_folder
from tests.queries.hogql.store import Store


@pytest.fixture(scope="module")
def golden(store: Store) -> GoldenStore:
    return GoldenStore(store)


def check_date_range(case: Case, golden: GoldenStore) -> None:
    interval = case.query["interval"]
    found = resolve_date_range(case.query["dateRange"], case.context, interval=interval)
    buckets = list_buckets(found, interval, case.context)
    answers = {
        "from": format_local(found.start),
        "to": format_local(found.end),
        "buckets": [format_local(bucket) for bucket in buckets],
    }
    assert {name: answers[name] for name in case.expect} == case.expect


def format_local(moment: datetime | None) -> str:
    return moment.replace(tzinfo=None).isoformat() if moment else ""


def check_trends(case: Case, golden: GoldenStore) -> None:
    found = golden.run(case)["results"]
    answers = {"series": found, "n_series": len(found)}
    if points := case.expect.get("data_at"):
        answers["data_at"] = {
            series: {place: found[int(series)]["data"][int(place)] for place in places}
            for series, places in points.items()
        }
    assert find_differences(case.expect, answers) == []


def check_retention(case: Case, golden: GoldenStore) -> None:
    rows = golden.run(case)["results"]
    by_breakdown: dict[str, list[list[int]]] = {}
    for row in rows:
        by_breakdown.setdefault(row["breakdown_value"], []).append(list_counts(row))
    answers = {
        "labels": [row["label"] for row in rows],
        "dates": [format_local(datetime.fromisoformat(row["date"])) for row in rows],
        "by_breakdown": by_breakdown,
        "rows": [list_counts(row) for row in rows],
    }
    if "date_from" not in case.query["dateRange"]:  # such cases omit the cells after the last interval
        answers["rows"] = [cut_zeros(row, len(row) - place) for place, row in enumerate(answers["rows"])]
    assert find_differences(case.expect, answers) == []


def list_counts(row: dict[str, Any]) -> list[int]:
    return [cell["count"] for cell in row["values"]]


def cut_zeros(counts: list[int], length: int) -> list[int]:
    assert not any(counts[length:])
    return counts[:length]


def check_stickiness(case: Case, golden: GoldenStore) -> None:
    assert find_differences(case.expect, golden.run(case)["results"][0]) == []


def check_lifecycle(case: Case, golden: GoldenStore) -> None:
    found = golden.run(case)["results"]
    answers = {
        "status": {series["status"]: series["data"] for series in found},
        "counts": {series["status"]: series["count"] for series in found},
        "days": found[0]["days"],
    }
    assert find_differences(case.expect, answers) == []


def check_funnels(case: Case, golden: GoldenStore) -> None:
    found = golden.run(case)["results"]
    match case.query.get("funnelsFilter", {}).get("funnelVizType", "steps"):
        case "time_to_convert":
            answers = {"bins": found["bins"]} | name_times(found)
        case "trends":
            answers = describe_points(case, golden, found[0])
        case _ if found and isinstance(found[0], list):
            answers = {"by_breakdown": {name_value(steps[0]): list(map(describe_step, steps)) for steps in found}}
        case _:
            answers = {"steps": list(map(describe_step, found)), "empty": found == []}
    assert find_differences(case.expect, answers) == []


def describe_step(step: dict[str, Any]) -> dict[str, Any]:
    return {"name": step["name"], "count": step["count"]} | name_times(step)


def name_times(found: dict[str, Any]) -> dict[str, Any]:
    return {"average": found["average_conversion_time"], "median": found["median_conversion_time"]}


def name_value(step: dict[str, Any]) -> str:
    """Return the value of a breakdown in the notation of golden cases, which join several values by `::`."""
    return "::".join(step["breakdown_value"])


def describe_points(case: Case, golden: GoldenStore, found: dict[str, Any]) -> dict[str, Any]:
    """Return the rates by start of interval, with the numbers of persons, which only the rows of the statement have."""
    persons = {start: counts for start, *counts in golden.read_rows(case)[0][1]}
    zone = case.context.zone
    points = {}
    for day, rate in zip(found["days"], found["data"], strict=True):
        start = datetime.fromisoformat(day).replace(tzinfo=zone)
        first, second = persons.get(to_microseconds(start), (0, 0))
        points[start.strftime("%Y-%m-%d %H:%M:%S")] = {"from": first, "to": second, "rate": rate}
    return {"n_points": found["count"], "points_at": points}


# The check for cases of each kind.
CHECKS: dict[str, Callable[[Case, GoldenStore], None]] = {
    "DateRange": check_date_range,
    "FunnelsQuery": check_funnels,
    "LifecycleQuery": check_lifecycle,
    "RetentionQuery": check_retention,
    "StickinessQuery": check_stickiness,
    "TrendsQuery": check_trends,
}

CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case, golden: GoldenStore) -> None:
    CHECKS[case.kind](case, golden)


def test_names_of_cases_are_unique() -> None:
    own = [case.id for case in read_folder(OWN_FOLDER)]
    assert len(set(own)) == len(own)
