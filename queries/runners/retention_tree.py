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
    Field,
    Lambda,
    OrderBy,
    QuerySource,
    Select,
    Tuple,
    Window,
    WindowCall,
)
from queries.runners.periods import EVENTS_TABLE, Period
from queries.runners.retention_options import FIRST_EVER, RECURRING, Breakdown, RetentionOptions
from queries.runners.series import PERSON_ID, TIMESTAMP, Series, join_and, join_or

NONE = Constant(-1)  # the number of no interval


@dataclass(frozen=True)
class RetentionTree:
    """The parts of the tree. `shared` is the condition of all events."""

    options: RetentionOptions
    period: Period
    target: Series
    returning: Series
    shared: Expr

    def build(self) -> Select:
        """Return the tree. Its rows are a cohort, the intervals until the return, and the number of persons.

        With a breakdown, they begin with the place of its value and the value: places after the limit are one place.
        """
        pairs = Select(
            (*self._value_columns, _name("start"), Alias(Call("arrayJoin", (self._build_backs(),)), "back")),
            QuerySource(Select((*self._value_columns, *_COHORT_COLUMNS), QuerySource(self._build_persons()))),
        )
        keys = (*self._value_columns, _name("start"), _name("back"))
        counts = Select((*keys, Alias(Call("count"), "number")), QuerySource(pairs), group_by=keys)
        breakdown = self.options.breakdown
        return counts if breakdown is None else rank_values(counts, breakdown)

    @property
    def _value_columns(self) -> tuple[Expr, ...]:
        return () if self.options.breakdown is None else (_name("value"),)

    def _build_backs(self) -> Expr:
        """Return the numbers of intervals until each return of a person, with 0 for the cohort itself."""
        back = Arithmetic("-", _name("x"), _name("start"))
        is_shown = join_and(Compare(">", back, Constant(0)), Compare("<", back, Constant(self.options.columns)))
        returns = Call("arrayFilter", (Lambda(("x",), is_shown), _name("returns")))
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
        is_relevant = join_or(self.target.condition, self.returning.condition)
        starts = Call("groupUniqArrayIf", (self.period.build_index(), self.target.condition))
        columns = [Alias(starts, "starts"), Alias(self._build_returns(self.returning.condition), "returns")]
        return self._group(columns, join_and(self.shared, self.period.build_condition(), is_relevant))

    def _build_first(self) -> Select:
        """Return persons with the interval of their first event, which may also be before the range."""
        in_range = self.period.build_condition()
        is_return = join_and(self.returning.condition, in_range)
        anchors = [Alias(_find_first(self.target.condition), "first")]
        is_target = self.target.condition
        if self.options.type == FIRST_EVER:
            is_target = self.target.names
            anchors.append(Alias(_find_first(is_target), "ever"))
        columns = [*anchors, Alias(self._build_returns(is_return), "returns")]
        until_end = Compare("<=", TIMESTAMP, Constant(self.period.end))
        persons = self._group(columns, join_and(self.shared, until_end, join_or(is_target, is_return)))
        is_start = [self.period.build_condition(_name("first"))]
        if self.options.type == FIRST_EVER:
            is_start.append(Compare("==", _name("first"), _name("ever")))
        first = Call("assumeNotNull", (_name("first"),))
        starts = Alias(Array((self.period.build_index(first),)), "starts")
        shown = (*self._value_columns, starts, _name("returns"))
        return Select(shown, QuerySource(persons), where=join_and(*is_start))

    def _build_returns(self, is_return: Expr) -> Expr:
        index, least = self.period.build_index(), self.options.occurrences
        if least == 1:
            return Call("groupUniqArrayIf", (index, is_return))
        numbers = Call("arraySort", (Call("groupArrayIf", (index, is_return)),))
        later = Call("arrayShiftLeft", (numbers, Constant(least - 1), NONE))
        is_enough = Lambda(("x", "y"), Compare("==", _name("x"), _name("y")))
        return Call("arrayDistinct", (Call("arrayFilter", (is_enough, numbers, later)),))

    def _group(self, columns: Sequence[Expr], condition: Expr) -> Select:
        """Return columns of each person: and of each value, unless the first event of a person decides the value."""
        keys, values = [PERSON_ID], []
        if breakdown := self.options.breakdown:
            if self.options.type == FIRST_EVER:
                order = Tuple((TIMESTAMP, Field(("events", "uuid"))))
                values = [Alias(Call("argMinIf", (breakdown.value, order, self.target.names)), "value")]
            else:
                values = [Alias(breakdown.value, "value")]
                keys.append(_name("value"))
        return Select((*values, *columns), EVENTS_TABLE, where=condition, group_by=tuple(keys))


def rank_values(counts: Select, breakdown: Breakdown) -> Select:
    """Return counts with the places of their values: by the persons of their cohorts, then by name."""
    names = tuple(_name(name) for name in ("value", "start", "back", "number"))
    of_cohort = Call("if", (Compare("==", _name("back"), Constant(0)), _name("number"), Constant(0)))
    total = WindowCall(Call("sum", (of_cohort,)), Window(partition_by=(_name("value"),)))
    totals = Select((*names, Alias(total, "total")), QuerySource(counts))
    order = (OrderBy(_name("total"), descending=True), OrderBy(_name("value")))
    rank = Alias(WindowCall(Call("dense_rank"), Window(order_by=order)), "rank")
    ranked = Select((*names, rank), QuerySource(totals))
    place = Call("least", (_name("rank"), Constant(breakdown.limit + 1)))
    keys = (Alias(place, "place"), Alias(Call("any", (_name("value"),)), "name"), _name("start"), _name("back"))
    groups = (_name("place"), _name("start"), _name("back"))
    return Select((*keys, Alias(Call("sum", (_name("number"),)), "people")), QuerySource(ranked), group_by=groups)


def _find_first(condition: Expr) -> Expr:
    """Return the time of the first event that meets a condition, or null: without any, min would be a time in 1970."""
    return Call("minIfOrNull", (TIMESTAMP, condition))


def _name(name: str) -> Field:
    return Field((name,))


_COHORT_COLUMNS = (Alias(Call("arrayJoin", (_name("starts"),)), "start"), _name("returns"))
