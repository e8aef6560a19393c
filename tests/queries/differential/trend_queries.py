"""Random TrendsQueries, and the sessions and date properties that these queries read in random datasets."""

from datetime import timedelta
from random import Random
from typing import Any

from tests.queries.differential.brute_filters import EXPRESSIONS
from tests.queries.differential.brute_maths import BREAKDOWNS, MATHS
from tests.queries.differential.brute_trends import TOTALS
from tests.queries.differential.datasets import EVENT_NAMES, Dataset, make_span

NUMBERS = ("sum", "avg", "min", "max", "median", "p75", "p90", "p95", "p99")
SIMPLE = (
    "total",
    "dau",
    "weekly_active",
    "monthly_active",
    "unique_session",
    "first_time_for_user",
    "first_matching_event_for_user",
)
OPERATORS = (
    *("exact", "is_not", "in", "not_in", "icontains", "not_icontains", "icontains_multi", "not_icontains_multi"),
    *("regex", "not_regex", "starts_with", "not_starts_with", "ends_with", "not_ends_with", "is_set", "is_not_set"),
    *("gt", "gte", "lt", "lte", "min", "max", "between", "not_between"),
)
DATE_OPERATORS = ("is_date_exact", "is_date_before", "is_date_after")
INTERVALS = ("minute", "hour", "day", "day", "day", "week", "week", "month", "quarter", "year")
DISPLAYS = ("ActionsLineGraph", "ActionsBar", "ActionsLineGraphCumulative", *sorted(TOTALS))
FORMULAS = ("A", "A + 1", "A / B * 100", "(A - B) ** 2", "-A % 3", "B / A", "A * 2.5 - B", "A ** 0.5", "C + A / B")
DUE = ("2025-03-30", "2025-10-26T01:30:00Z", "2025-03-09 04:30:00", "soon", "", None)


def enrich(random: Random, dataset: Dataset) -> None:
    """Add sessions, dates and pages to the events of a dataset."""
    for event in dataset.events:
        if random.random() < 0.7:
            event.properties["$session_id"] = random.choice(("s1", "s2", "s3", "s4", "", None))
        if random.random() < 0.3:
            event.properties["due"] = random.choice(DUE)
        if random.random() < 0.2:
            event.properties["page"] = random.choice(("/", "/docs", "/docs/"))


class TrendQueries:
    """A generator of queries about one dataset. `numeric` are properties that are defined as numbers."""

    def __init__(self, random: Random, dataset: Dataset, numeric: set[str]) -> None:
        self.random = random
        self.dataset = dataset
        self.numeric = numeric

    def build(self) -> dict[str, Any]:
        random, interval = self.random, self.random.choice(INTERVALS)
        query: dict[str, Any] = {"kind": "TrendsQuery", "interval": interval}
        query["series"] = [self._build_series() for _ in range(random.choice((1, 1, 2, 3)))]
        query["dateRange"] = self._build_dates(interval)
        if random.random() < 0.5:
            query["trendsFilter"] = self._build_options(len(query["series"]))
        if random.random() < 0.5:
            query["breakdownFilter"] = self._build_breakdown()
        if random.random() < 0.3:
            query["properties"] = self._build_filters()
        if random.random() < 0.3:
            query["compareFilter"] = {"compare": True}
            if random.random() < 0.5:
                query["compareFilter"]["compare_to"] = random.choice(("-1d", "-7d", "-1w", "-1m", "-1y", "-5h", "-1q"))
        if random.random() < 0.2:
            query["filterTestAccounts"] = random.choice((True, False))
        return query

    def _build_series(self) -> dict[str, Any]:
        random = self.random
        node: dict[str, Any] = {"kind": "EventsNode", "event": random.choice((*EVENT_NAMES, None))}
        if random.random() < 0.15:
            node = {"kind": "GroupNode", "operator": "OR", "nodes": [self._build_member() for _ in range(2)]}
        for name in ("name", "custom_name"):
            if random.random() < 0.2:
                node[name] = random.choice(("One", "", "Two :: three", "'quoted' {p1:String}"))
        if random.random() < 0.3:
            node["properties"] = self._build_filters()
        return node | self._build_math()

    def _build_member(self) -> dict[str, Any]:
        node: dict[str, Any] = {"kind": "EventsNode", "event": self.random.choice(EVENT_NAMES)}
        if self.random.random() < 0.3:
            node["properties"] = [self._build_filter()]
        return node

    def _build_math(self) -> dict[str, Any]:
        random = self.random
        match random.randrange(6):
            case 0:
                return {}
            case 1:
                name = random.choice(NUMBERS)
                kind, key = random.choice((("event", "amount"), ("person", "plan"), ("event", "plan")))
                return {"math": name, "math_property": key, "math_property_type": f"{kind}_properties"}
            case 2:
                name = random.choice([name for name in NUMBERS if name != "sum"])
                return {"math": f"{name}_count_per_actor"}
            case 3:
                if random.random() < 0.5:
                    return {"math": "hogql", "math_hogql": random.choice(list(MATHS))}
                return {"math": random.choice(NUMBERS), "math_property": "$session_duration"}
            case _:
                return {"math": random.choice(SIMPLE)}

    def _build_filters(self) -> Any:
        random = self.random
        filters = [self._build_filter() for _ in range(random.randint(0, 3))]
        if random.random() < 0.5:
            return filters
        inner = {"type": random.choice(("AND", "OR")), "values": [self._build_filter() for _ in range(2)]}
        return {"type": random.choice(("AND", "OR")), "values": [*filters, inner]}

    def _build_filter(self) -> dict[str, Any]:
        random = self.random
        if random.random() < 0.1:
            return {"type": "hogql", "key": random.choice(list(EXPRESSIONS))}
        if random.random() < 0.15:
            value = random.choice(("2025-03-30", "2025-10-26T01:30:00Z", "2025-03-09 03:00", "-3d"))
            return {"key": "due", "type": "event", "operator": random.choice(DATE_OPERATORS), "value": value}
        places = (("event", "plan"), ("event", "amount"), ("person", "plan"), ("session", "$session_duration"))
        kind, key = random.choice((*places, ("event", "page")))
        operator = random.choice(OPERATORS)
        item: dict[str, Any] = {"key": key, "type": kind, "operator": operator}
        if kind == "event" and random.random() < 0.2:
            del item["type"]
        if operator in ("is_set", "is_not_set"):
            return item
        return item | {"value": self._choose_value(operator, kind, key)}

    def _choose_value(self, operator: str, kind: str, key: str) -> Any:
        random = self.random
        is_numeric = key in self.numeric or kind == "session"
        numbers = (1, 2.5, "2.5", 0, -4, "5", 3600, 1e3)
        if operator in ("between", "not_between"):
            return sorted(random.sample((1, 2.5, 0, -4, 5, 3600), 2))
        if operator in ("gt", "gte", "lt", "lte", "min", "max"):
            return random.choice(numbers if is_numeric else (*numbers, "a", "b"))
        if operator.endswith("regex"):
            return random.choice(("^a", "b$", "^$", r"^\d", "x", ["a", "^2"], r"\."))
        texts = ("a", "b", "A", "2.5", 2.5, "", '"x"', "true", "ß", "/docs", "1")
        if operator in ("exact", "is_not", "in", "not_in") and random.random() < 0.5:
            return random.sample((*texts, None, True), random.randint(0, 3))
        return random.choice((*texts, ["a", "1"], True))

    def _build_breakdown(self) -> dict[str, Any]:
        random = self.random
        pairs = [self._choose_breakdown() for _ in range(random.choice((1, 1, 2, 3)))]
        options: dict[str, Any] = {}
        if len(pairs) > 1 or random.random() < 0.3:
            options["breakdowns"] = [
                {"type": kind, "property": key, "histogram_bin_count": self._choose_bins()} for kind, key in pairs
            ]
        else:
            options |= {"breakdown_type": pairs[0][0], "breakdown": pairs[0][1]}
            options["breakdown_histogram_bin_count"] = self._choose_bins()
        if random.random() < 0.5:
            options["breakdown_limit"] = random.randint(1, 5)
        if random.random() < 0.3:
            options["breakdown_hide_other_aggregation"] = random.choice((True, False))
        return options

    def _choose_bins(self) -> int | None:
        return self.random.randint(1, 5) if self.random.random() < 0.15 else None

    def _choose_breakdown(self) -> tuple[str, str]:
        pairs = [("event", "plan"), ("event", "amount"), ("person", "plan"), ("event", "page")]
        pairs += [("session", "$session_duration"), ("session", "$is_bounce")]
        return self.random.choice([*pairs, *(("hogql", text) for text in BREAKDOWNS)])

    def _build_options(self, series: int) -> dict[str, Any]:
        random = self.random
        options: dict[str, Any] = {"display": random.choice(DISPLAYS)}
        if random.random() < 0.3:
            options["smoothingIntervals"] = random.randint(1, 9)
        known = [text for text in FORMULAS if ("B" not in text or series > 1) and ("C" not in text or series > 2)]
        if random.random() < 0.3:
            texts = random.sample(known, random.randint(1, 2))
            names = [{"formula": text, "custom_name": random.choice(("Rate", None))} for text in texts]
            options |= random.choice(({"formula": texts[0]}, {"formulas": texts}, {"formulaNodes": names}))
        return options

    def _build_dates(self, interval: str) -> dict[str, Any]:
        random, dates = self.random, {}
        if random.random() < 0.5 or interval == "minute":
            dates = dict(make_span(random, self.dataset, interval).json)
        else:
            dates = {"date_from": self._choose_start(interval), "date_to": self._choose_end()}
            dates = {name: text for name, text in dates.items() if text is not None or random.random() < 0.5}
        if random.random() < 0.15:
            dates["explicitDate"] = random.choice((True, False))
        if random.random() < 0.15:
            dates["excludeIncompletePeriods"] = True
        if random.random() < 0.15:
            dates["daysOfWeek"] = random.sample(range(1, 8), random.randint(0, 5))
        return dates

    def _choose_start(self, interval: str) -> str | None:
        relative = ["-3d", "-7d", "-14d", "-1w", "-2w", "-30h", "-90M", "dStart", "-1dStart", "wStart", "-1wStart"]
        if interval != "hour":
            relative += ["-1m", "-1q", "-1y", "mStart", "-1mStart", "qStart", "yStart", "-1yStart", "all", "-21d"]
        return self.random.choice([*relative, None, *self._choose_moments(-8)])

    def _choose_end(self) -> str | None:
        relative = ["-1d", "-2h", "-1dEnd", "dEnd", "wEnd", "-1wEnd", "mEnd", "all", "", "-0d"]
        return self.random.choice([*relative, None, None, None, *self._choose_moments(4)])

    def _choose_moments(self, days: int) -> list[str]:
        """Return a date and times, with and without an offset, about `days` days after the DST transition."""
        moment = self.dataset.change + days * timedelta(days=1) + timedelta(hours=self.random.randrange(72))
        local = moment.astimezone(self.dataset.zone)
        return [local.date().isoformat(), local.isoformat(), local.replace(tzinfo=None).isoformat(), moment.isoformat()]
