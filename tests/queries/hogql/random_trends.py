"""Random TrendsQueries about the events of store.py, with the marks of the other project among their values."""

from random import Random
from typing import Any

MARK = "-SECRET"
EVENTS = ("$pageview", "purchase", f"$pageview{MARK}", f"purchase{MARK}", None)
KEYS = ("$browser", "$pathname", "$session_id", "amount", "beta", "mark", "count")
VALUES = ("Firefox", "Safari", "", MARK, 40, True, None, "2.5")
OPERATORS = ("exact", "is_not", "icontains", "not_icontains", "is_set", "is_not_set", "gt", "regex", "is_date_after")
MATHS = (
    *("total", "dau", "weekly_active", "monthly_active", "unique_session", "first_time_for_user"),
    *("first_matching_event_for_user", "avg_count_per_actor", "p90_count_per_actor", "sum", "median", "max", "hogql"),
)
EXPRESSIONS = (
    "count()",
    "uniq(person.properties.email)",
    "sum(toFloat(properties.amount)) / count()",
    "countIf(event in (select event from events))",
    "max(session.$session_duration)",
    "count() + any((select count() from persons))",
)
BREAKDOWNS = (
    "person.properties.email",
    "concat(event, distinct_id)",
    "(select max(email) from (select properties.email as email from persons))",
    "toString(person_id)",
    "session.$exit_pathname",
)
CONDITIONS = ("1 = 1", f"event not like '%{MARK}'", "person_id in (select id from persons)", "properties.mark is null")
INTERVALS = ("hour", "day", "week", "month")
STARTS = ("2026-03-28", "-7d", "-2m", "all", "2026-03-29T10:00:00Z")
DISPLAYS = ("ActionsLineGraph", "ActionsLineGraphCumulative", "BoldNumber", "WorldMap")


class RandomTrends:
    """A generator of queries."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def build(self) -> dict[str, Any]:
        random = self.random
        series = [self._build_series() for _ in range(random.randint(1, 3))]
        query: dict[str, Any] = {"kind": "TrendsQuery", "series": series, "interval": random.choice(INTERVALS)}
        query["dateRange"] = {"date_from": random.choice(STARTS), "daysOfWeek": random.choice((None, [1, 6, 7]))}
        query["trendsFilter"] = {"display": random.choice(DISPLAYS), "formula": random.choice(("", "", "A * 2"))}
        query["compareFilter"] = {"compare": random.choice((True, False))}
        if random.random() < 0.6:
            query["breakdownFilter"] = self._build_breakdown()
        if random.random() < 0.4:
            query["properties"] = [self._build_filter() for _ in range(2)]
        return query

    def _build_series(self) -> dict[str, Any]:
        random = self.random
        node: dict[str, Any] = {"kind": "EventsNode", "event": random.choice(EVENTS), "math": random.choice(MATHS)}
        node["math_property"] = random.choice((*KEYS, "$session_duration"))
        node["math_hogql"] = random.choice(EXPRESSIONS)
        if random.random() < 0.3:
            node["properties"] = [self._build_filter()]
        if random.random() < 0.2:
            members = [{"kind": "EventsNode", "event": random.choice(EVENTS)} for _ in range(2)]
            node |= {"kind": "GroupNode", "nodes": members}
        return node

    def _build_filter(self) -> dict[str, Any]:
        random = self.random
        if random.random() < 0.2:
            return {"type": "hogql", "key": random.choice(CONDITIONS)}
        operator = random.choice(OPERATORS)
        value = "2026-03-29" if operator == "is_date_after" else "." if operator == "regex" else random.choice(VALUES)
        if operator not in ("exact", "is_not"):
            value = 1 if value is True else value or 0
        if random.random() < 0.2:
            return {"type": "person", "key": "email", "operator": "icontains", "value": random.choice(("ann", MARK))}
        key = "$pathname" if isinstance(value, str) else random.choice(KEYS)
        return {"type": "event", "key": key, "operator": operator, "value": value}

    def _build_breakdown(self) -> dict[str, Any]:
        random = self.random
        items = [self._build_item() for _ in range(random.randint(1, 3))]
        limit = random.choice((1, 2, 25))
        return {"breakdowns": items, "breakdown_limit": limit, "breakdown_hide_other_aggregation": limit == 2}

    def _build_item(self) -> dict[str, Any]:
        random = self.random
        match random.randrange(4):
            case 0:
                return {"type": "hogql", "property": random.choice(BREAKDOWNS)}
            case 1:
                return {"type": "person", "property": "email"}
            case 2:
                return {"type": "session", "property": random.choice(("$session_duration", "$exit_pathname"))}
        bins = random.choice((None, None, 3))
        return {"type": "event", "property": random.choice(KEYS), "histogram_bin_count": bins}
