"""The report of a run: a table of medians, and ratios with their goals."""

from collections.abc import Iterable
from dataclasses import fields, replace
from statistics import median
from typing import NamedTuple

from benchmarks.load import Result

Results = dict[tuple[str, str], Result]
COLUMNS = ("req/s", "p50 ms", "p99 ms", "CPU ms: server + database", "memory MB", "statements", "errors")


class Goal(NamedTuple):
    """The ratio of the same number in two results (server, job), with a required value and a goal."""

    name: str
    number: str
    ours: tuple[str, str]
    other: tuple[str, str]
    at_least: bool
    must: float
    aim: float


LIST, ONE, UNCHANGED = ("ours", "list"), ("ours", "one"), ("ours", "304")
AGAINST_PLAIN = [
    Goal("list: CPU, ours / plain", "cost", LIST, ("plain", "list"), False, 0.15, 0.10),
    Goal("one: CPU, ours / plain", "cost", ONE, ("plain", "one"), False, 0.17, 0.12),
    Goal("list: req/s, ours / plain", "per_second", LIST, ("plain", "list"), True, 6, 9),
    Goal("one: req/s, ours / plain", "per_second", ONE, ("plain", "one"), True, 6, 8),
]
AGAINST_LIMIT = {
    "postgresql": [
        Goal("list: req/s, ours / limit", "per_second", LIST, ("limit", "list"), True, 0.45, 0.60),
        Goal("one: req/s, ours / limit", "per_second", ONE, ("limit", "one"), True, 0.40, 0.55),
        Goal("list: CPU, ours / limit", "cost", LIST, ("limit", "list"), False, 2.5, 1.7),
    ],
    "sqlite": [
        Goal("list: req/s, ours / limit", "per_second", LIST, ("limit", "list"), True, 0.40, 0.55),
        Goal("one: req/s, ours / limit", "per_second", ONE, ("limit", "one"), True, 0.20, 0.30),
    ],
}
AGAINST_BEFORE = [
    Goal("list: req/s, ours / before", "per_second", LIST, ("before", "list"), True, 0.85, 1.0),
    Goal("one: req/s, ours / before", "per_second", ONE, ("before", "one"), True, 0.80, 1.0),
    Goal("list: CPU, ours / before", "cost", LIST, ("before", "list"), False, 1.15, 1.0),
    Goal("one: CPU, ours / before", "cost", ONE, ("before", "one"), False, 1.15, 1.0),
]
ALONE = [
    Goal("304: CPU, ours / ours full list", "cost", UNCHANGED, LIST, False, 0.4, 0.25),
    Goal("memory, ours / plain", "memory_mb", ONE, ("plain", "one"), False, 1.2, 1.0),
]
MUST_SPREAD, AIM_SPREAD = 4.0, 2.5


def compute_medians(results: Iterable[Result]) -> Results:
    """Return the medians of all rounds for each server and job. Errors are summed."""
    rounds: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        rounds.setdefault((result.server, result.job), []).append(result)
    return {key: _median(group) for key, group in rounds.items()}


def _median(group: list[Result]) -> Result:
    first = group[0]
    names = [field.name for field in fields(first) if isinstance(getattr(first, field.name), float)]
    middle = {name: median(getattr(result, name) for result in group) for name in names}
    return replace(first, **middle, errors=sum(result.errors for result in group))


def format_results(results: Results) -> str:
    return format_table(
        ["job", "server", *COLUMNS],
        (
            [
                result.job,
                result.server,
                f"{result.per_second:,.0f}",
                f"{result.p50:.2f}",
                f"{result.p99:.2f}",
                f"{result.cpu:.2f} + {result.database_cpu:.2f}",
                f"{result.memory_mb:.0f}",
                "" if result.statements is None else f"{result.statements:.1f}",
                str(result.errors),
            ]
            for result in results.values()
        ),
    )


def format_goals(results: Results, engine: str) -> str:
    """Return a Markdown table of the ratios between existing results."""
    rows = [
        _judge(goal.name, getattr(results[goal.ours], goal.number) / getattr(results[goal.other], goal.number), goal)
        for goal in [*AGAINST_PLAIN, *AGAINST_LIMIT[engine], *AGAINST_BEFORE, *ALONE]
        if goal.ours in results and goal.other in results
    ]
    spread = Goal("list: p99 / p50", "", LIST, LIST, False, MUST_SPREAD, AIM_SPREAD)
    rows.append(_judge(spread.name, results[LIST].p99 / results[LIST].p50, spread))
    return format_table(["goal", "ratio", "must", "aim", ""], rows)


def _judge(name: str, ratio: float, goal: Goal) -> list[str]:
    sign = ">=" if goal.at_least else "<="
    verdict = "aim" if _meets(ratio, goal.aim, goal) else "must" if _meets(ratio, goal.must, goal) else "missed"
    return [name, f"{ratio:.2f}", f"{sign} {goal.must:g}", f"{sign} {goal.aim:g}", verdict]


def _meets(ratio: float, bound: float, goal: Goal) -> bool:
    return ratio >= bound if goal.at_least else ratio <= bound


def format_table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
