"""The tree of a LifecycleQuery: from the intervals in which persons were active to their statuses."""

from dataclasses import dataclass
from datetime import UTC, datetime

from queries.hogql.ast import (
    Alias,
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expr,
    Field,
    Join,
    Lambda,
    Not,
    QuerySource,
    Select,
    TableSource,
    Tuple,
    TupleAccess,
)
from queries.results.lifecycle import DORMANT, NEW, RESURRECTING, RETURNING
from queries.runners.interval_sets import IntervalSets
from queries.runners.operands import NULL
from queries.runners.periods import EVENTS_TABLE, Period
from queries.runners.series import PERSON_ID, TIMESTAMP, join_and, join_or
from queries.runners.statements import build_column

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # of persons who were imported without a time
ONE = Constant(1)
NONE = Constant(-9)  # neither the number of an interval nor of its neighbor


@dataclass(frozen=True)
class LifecycleTree:
    """A builder of the tree. The first interval of `period` precedes the intervals of the result.

    If `ignores_earlier_events` is true, events of the preceding interval are ignored, and all persons of the first
    interval of the result are new.
    """

    period: Period
    condition: Expr
    ignores_earlier_events: bool

    @property
    def sets(self) -> IntervalSets:
        return IntervalSets(self.period)

    def build(self) -> Select:
        """Return the tree. Each row has the index of an interval, a status, and the number of persons."""
        pairs = Call("arrayConcat", (self._build_present(), self._build_absent()))
        exploded = Select((Alias(Call("arrayJoin", (pairs,)), "pair"),), QuerySource(self._build_neighbours()))
        place, status = (TupleAccess(build_column("pair"), number) for number in (1, 2))
        columns = (Alias(place, "place"), Alias(status, "status"), Alias(Call("count"), "number"))
        return Select(columns, QuerySource(exploded), group_by=(build_column("place"), build_column("status")))

    def _build_present(self) -> Expr:
        """Return the intervals in which a person was active, with their statuses."""
        x, before = build_column("x"), build_column("before")
        is_new: Expr = Compare("==", x, build_column("born"))
        if self.ignores_earlier_events:
            is_new = join_or(is_new, Compare("==", x, ONE))
        is_returning = Compare("==", before, Arithmetic("-", x, ONE))
        status = Call("multiIf", (is_new, Constant(NEW), is_returning, Constant(RETURNING), Constant(RESURRECTING)))
        pairs = Call(
            "arrayMap", (Lambda(("x", "before"), Tuple((x, status))), build_column("active"), build_column("earlier"))
        )
        is_shown = Compare(">=", TupleAccess(build_column("pair"), 1), ONE)
        return Call("arrayFilter", (Lambda(("pair",), is_shown), pairs))

    def _build_absent(self) -> Expr:
        """Return the intervals in which a person was dormant: inactive, directly after an active interval."""
        after, following = build_column("after"), Arithmetic("+", build_column("x"), ONE)
        last = Constant(len(self.period.buckets) - 1)
        is_absent = join_and(Compare("!=", after, following), Compare("<=", following, last))
        left = Call("arrayFilter", (Lambda(("x", "after"), is_absent), build_column("active"), build_column("later")))
        return Call("arrayMap", (Lambda(("x",), Tuple((following, Constant(DORMANT)))), left))

    def _build_neighbours(self) -> Select:
        """Return each person's active intervals with their neighbors, and the interval of the person's creation."""
        active, created = build_column("active"), build_column("created")
        earlier = Call("arrayPopBack", (Call("arrayPushFront", (active, NONE)),))
        later = Call("arrayPopFront", (Call("arrayPushBack", (active, NONE)),))
        index = self.period.build_index(Call("assumeNotNull", (created,)))
        born = Call("if", (self.period.build_condition(created), index, NONE))
        columns = (active, Alias(earlier, "earlier"), Alias(later, "later"), Alias(born, "born"))
        return Select(columns, QuerySource(self._build_created()))

    def _build_created(self) -> Select:
        """Return the active intervals of each person, and the time of the person's creation.

        If `persons` has no creation time, the time of the first event in the period is used, or null if the person has
        events before the period.
        """
        first = Call("if", (Compare("==", Field(("earlier", "person")), NULL), Field(("p", "first")), NULL))
        stored = Field(("persons", "created_at"))
        created = Call("if", (Compare(">", stored, Constant(UNKNOWN_TIME)), stored, first))
        active = self.sets.list_numbers(Field(("p", "active")))
        joins = (
            _join(TableSource(("persons",)), Field(("persons", "id"))),
            _join(QuerySource(self._build_earlier(), "earlier"), Field(("earlier", "person"))),
        )
        columns = (Alias(active, "active"), Alias(created, "created"))
        return Select(columns, QuerySource(self._build_active(), "p"), joins=joins)

    def _build_active(self) -> Select:
        """Return the active intervals of each person, and the time of the person's first event in the period."""
        start = self.period.buckets[1] if self.ignores_earlier_events else None
        included_events = join_and(self.condition, self.period.build_condition(start=start))
        active, first = self.sets.collect(included_events), Call("min", (TIMESTAMP,))
        columns = (Alias(PERSON_ID, "person"), Alias(active, "active"), Alias(first, "first"))
        is_active = Not(self.sets.is_empty(build_column("active")))
        in_range = self.period.build_condition()
        return Select(columns, EVENTS_TABLE, where=in_range, group_by=(PERSON_ID,), having=is_active)

    def _build_earlier(self) -> Select:
        """Return the persons with events before the period."""
        is_earlier = Compare("<", TIMESTAMP, Constant(self.period.first))
        return Select((Alias(PERSON_ID, "person"),), EVENTS_TABLE, where=is_earlier, group_by=(PERSON_ID,))


def _join(source: TableSource | QuerySource, person: Expr) -> Join:
    return Join("LEFT", source, Compare("==", Field(("p", "person")), person))
