"""The tree of a RetentionQuery: from the events of each person to pairs of a cohort and a return."""

from collections.abc import Sequence
from dataclasses import dataclass

from queries.hogql.ast import (
    Alias,
    Arithmetic,
    Array,
    Call,
    Compare,
    Constant,
    Expr,
    Lambda,
    OrderBy,
    QuerySource,
    Select,
    Window,
    WindowCall,
)
from queries.runners.event_rows import EVENT_ORDER
from queries.runners.interval_sets import IntervalSets
from queries.runners.periods import EVENTS_TABLE, Period
from queries.runners.retention_options import FIRST_EVER, RECURRING, Breakdown, RetentionOptions
from queries.runners.series import PERSON_ID, TIMESTAMP, Series, join_and, join_or
from queries.runners.statements import build_column

NONE = Constant(-1)  # not the number of an interval


@dataclass(frozen=True)
class RetentionTree:
    """A builder of the tree. `shared` is the condition that all events must meet."""

    options: RetentionOptions
    period: Period
    target: Series
    returning: Series
    shared: Expr

    @property
    def sets(self) -> IntervalSets:
        return IntervalSets(self.period)

    def build(self) -> Select:
        """Return the tree. Each row has a cohort, the number of intervals until the return, and the number of persons.

        With a breakdown, the rows begin with the rank of the value and the value. Values beyond the limit share a rank.
        """
        pairs = Select(
            (*self._value_columns, build_column("start"), Alias(Call("arrayJoin", (self._build_backs(),)), "back")),
            QuerySource(Select((*self._value_columns, *_COHORT_COLUMNS), QuerySource(self._build_persons()))),
        )
        keys = (*self._value_columns, build_column("start"), build_column("back"))
        counts = Select((*keys, Alias(Call("count"), "number")), QuerySource(pairs), group_by=keys)
        breakdown = self.options.breakdown
        return counts if breakdown is None else rank_values(counts, breakdown)

    @property
    def _value_columns(self) -> tuple[Expr, ...]:
        return () if self.options.breakdown is None else (build_column("value"),)

    def _build_backs(self) -> Expr:
        """Return the numbers of intervals until each return of a person, with 0 for the cohort itself."""
        back = Arithmetic("-", build_column("x"), build_column("start"))
        is_shown = join_and(Compare(">", back, Constant(0)), Compare("<", back, Constant(self.options.columns)))
        returns = Call("arrayFilter", (Lambda(("x",), is_shown), build_column("returns")))
        backs = Call("arrayConcat", (Array((Constant(0),)), Call("arrayMap", (Lambda(("x",), back), returns))))
        if not self.options.is_cumulative:
            return backs
        return Call("range", (Arithmetic("+", Call("arrayMax", (backs,)), Constant(1)),))

    def _build_persons(self) -> Select:
        """Return the intervals in which each person starts and returns, for each value of the breakdown."""
        if self.options.type == RECURRING:
            return self._build_recurring()
        return self._build_first()

    def _build_recurring(self) -> Select:
        starts_are_returns = self.target.condition == self.returning.condition and self.options.occurrences == 1
        columns = [Alias(self.sets.collect(self.target.condition), "starts")]
        if not starts_are_returns:
            columns.append(Alias(self._collect_returns(self.returning.condition), "returns"))
        is_relevant = join_or(self.target.condition, self.returning.condition)
        persons = self._group(columns, join_and(self.shared, self.period.build_condition(), is_relevant))
        starts = self.sets.list_numbers(build_column("starts"))
        returns = starts if starts_are_returns else self._list_returns()
        shown = (*self._value_columns, Alias(starts, "starts"), Alias(returns, "returns"))
        return Select(shown, QuerySource(persons))

    def _build_first(self) -> Select:
        """Return the persons whose first event is in the period, with the interval of that event.

        Events before the period are also read.
        """
        is_return = join_and(self.returning.condition, self.period.build_condition())
        is_target = self.target.names if self.options.type == FIRST_EVER else self.target.condition
        first, ever = (
            Alias(_find_first(c), name) for c, name in ((self.target.condition, "first"), (is_target, "ever"))
        )
        until_end = Compare("<=", TIMESTAMP, Constant(self.period.end))
        where = join_and(self.shared, until_end, join_or(is_target, is_return))
        persons = self._group([first, ever, Alias(self._collect_returns(is_return), "returns")], where)
        start = Call("assumeNotNull", (build_column("first"),))
        starts = Array((self.period.build_index(start),))
        shown = (*self._value_columns, Alias(starts, "starts"), Alias(self._list_returns(), "returns"))
        is_start = join_and(
            self.period.build_condition(build_column("first")),
            Compare("==", build_column("first"), build_column("ever")),
        )
        return Select(shown, QuerySource(persons), where=is_start)

    def _collect_returns(self, is_return: Expr) -> Expr:
        """Return the aggregate of the intervals with a return: a set, or an array if several events are required."""
        least = self.options.occurrences
        if least == 1:
            return self.sets.collect(is_return)
        numbers = Call("arraySort", (Call("groupArrayIf", (self.period.build_index(), is_return)),))
        later = Call("arrayShiftLeft", (numbers, Constant(least - 1), NONE))
        is_enough = Lambda(("x", "y"), Compare("==", build_column("x"), build_column("y")))
        return Call("arrayDistinct", (Call("arrayFilter", (is_enough, numbers, later)),))

    def _list_returns(self) -> Expr:
        return (
            self.sets.list_numbers(build_column("returns"))
            if self.options.occurrences == 1
            else build_column("returns")
        )

    def _group(self, columns: Sequence[Expr], condition: Expr) -> Select:
        """Return columns grouped by person, and by breakdown value unless the first event determines the value."""
        keys, values = [PERSON_ID], []
        if breakdown := self.options.breakdown:
            if self.options.type == FIRST_EVER:
                first_value = Call("argMinIf", (breakdown.value, EVENT_ORDER, self.target.names))
                values = [Alias(first_value, "value")]
            else:
                values = [Alias(breakdown.value, "value")]
                keys.append(build_column("value"))
        return Select((*values, *columns), EVENTS_TABLE, where=condition, group_by=tuple(keys))


def rank_values(counts: Select, breakdown: Breakdown) -> Select:
    """Return counts with the ranks of their values, by the number of persons in their cohorts, then by name."""
    names = tuple(build_column(name) for name in ("value", "start", "back", "number"))
    of_cohort = Call("if", (Compare("==", build_column("back"), Constant(0)), build_column("number"), Constant(0)))
    total = WindowCall(Call("sum", (of_cohort,)), Window(partition_by=(build_column("value"),)))
    totals = Select((*names, Alias(total, "total")), QuerySource(counts))
    order = (OrderBy(build_column("total"), descending=True), OrderBy(build_column("value")))
    rank = Alias(WindowCall(Call("dense_rank"), Window(order_by=order)), "rank")
    ranked = Select((*names, rank), QuerySource(totals))
    place = Call("least", (build_column("rank"), Constant(breakdown.limit + 1)))
    keys = (
        Alias(place, "place"),
        Alias(Call("any", (build_column("value"),)), "name"),
        build_column("start"),
        build_column("back"),
    )
    groups = (build_column("place"), build_column("start"), build_column("back"))
    return Select(
        (*keys, Alias(Call("sum", (build_column("number"),)), "people")), QuerySource(ranked), group_by=groups
    )


def _find_first(condition: Expr) -> Expr:
    """Return the time of the first event that meets a condition, or null. Plain `min` would return 1970 instead."""
    return Call("minIfOrNull", (TIMESTAMP, condition))


_COHORT_COLUMNS = (Alias(Call("arrayJoin", (build_column("starts"),)), "start"), build_column("returns"))
