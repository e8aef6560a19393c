"""The attempts of persons at a funnel, computed from the arrays of their events.

Arrays are filled from their end, so that the next event of each step is known for each event, without a join or a loop
over pairs of events. An attempt begins with an event, and continues with the next event of each step within the window.
"""

from dataclasses import dataclass

from queries.hogql.ast import (
    And,
    Arithmetic,
    ArrayAccess,
    Call,
    Compare,
    Constant,
    Expr,
    Field,
    Lambda,
    Not,
    Or,
    Select,
    Tuple,
    TupleAccess,
)
from queries.runners.funnel_arrays import (
    X,
    Y,
    build_fields,
    fill_from_next,
    filter_array,
    has_bits,
    map_array,
    select_columns,
    shift_left,
    shift_right,
)
from queries.runners.funnel_events import ATTEMPTS, CODES, NEVER, PERSON, REACHED, STARTS, TIMES, VALUE, FunnelEvents
from queries.runners.funnel_gathering import StepGatherer
from queries.runners.funnel_options import Exclusion, Order
from queries.runners.series import join_and

BEST = "best"
"""The first attempt of a person with the most steps."""
_CHAINS = "chains"
_KEPT = "kept"
_FURTHEST = "furthest"
_NEAREST = "nearest"
_SKIPPED = "skipped"
_NEVER = Constant(NEVER)


@dataclass(frozen=True)
class AttemptRows:
    """A SELECT of persons with the arrays ATTEMPTS and REACHED. An attempt is a tuple or an array of times."""

    rows: Select
    keys: tuple[str, ...]
    is_tuple: bool

    def get_item(self, attempt: Expr, place: int) -> Expr:
        """Return the time of a step, or the stop of an exclusion. In an attempt, the stops follow the times."""
        return TupleAccess(attempt, place + 1) if self.is_tuple else ArrayAccess(attempt, Constant(place + 1))

    def choose_best(self) -> Select:
        """Return, for each person, the first attempt with the largest number of steps, and this number."""
        keys, arrays = build_fields(*self.keys), build_fields(ATTEMPTS, REACHED)
        furthest = select_columns(keys | arrays | {_FURTHEST: Call("arrayMax", (arrays[REACHED],))}, self.rows)
        is_furthest = Lambda(("x", "y"), Compare("==", Y, Field((_FURTHEST,))))
        best = {BEST: Call("arrayFirst", (is_furthest, *arrays.values())), REACHED: Field((_FURTHEST,))}
        return select_columns(keys | best, furthest, Call("notEmpty", (arrays[ATTEMPTS],)))


class AttemptBuilder:
    """A builder of the funnel attempts in a query."""

    def __init__(self, events: FunnelEvents) -> None:
        self.events = events
        self.options = events.options
        self.last = len(events.steps) - 1
        self.conversion_window = Constant(self.options.conversion_window)
        self.keys = (PERSON, VALUE) if events.values else (PERSON,)
        self.stops = [f"stop{number}" for number in range(len(self.options.exclusions))]

    def build(self) -> AttemptRows:
        rows = self._add_stops(self.events.build())
        if self.options.order is Order.UNORDERED:
            return self._measure(self._gather_steps(rows), is_tuple=False)
        return self._measure(self._follow_chains(rows), is_tuple=True)

    def _add_stops(self, rows: Select) -> Select:
        """Add an array for each exclusion, with the time of the next excluded event after the time of each event.

        An exclusion at the same time as a step is neither before nor after the step.
        """
        columns = build_fields(*self.keys, TIMES, CODES, STARTS)
        for number, stop in enumerate(self.stops):
            is_exclusion = has_bits(Y, self.events.get_exclusion_bit(number))
            nearest = fill_from_next(Field((TIMES,)), is_exclusion, Field((CODES,)))
            rows = select_columns(columns | {_NEAREST: nearest}, rows)
            next_times = shift_left(Field((TIMES,)), _NEVER)
            is_last_of_its_time = Compare("!=", Y, Field(("z",)))
            after = fill_from_next(
                shift_left(Field((_NEAREST,)), _NEVER), is_last_of_its_time, Field((TIMES,)), next_times
            )
            rows = select_columns(columns | {stop: after}, rows)
            columns |= build_fields(stop)
        return rows

    def _follow_chains(self, rows: Select) -> Select:
        """Return the attempts of ordered and strict funnels.

        For each step, from the last to the first, build the chain of times that begins with the next event of the step.
        The times of a chain are followed by the stops of exclusions.
        """
        columns = build_fields(*self.keys, TIMES, CODES, STARTS, *self.stops)
        if self.options.order is Order.STRICT:
            rows = select_columns(columns | {_SKIPPED: self._find_skipped()}, rows)
            columns |= build_fields(_SKIPPED)
        size = 0
        for step in range(self.last, 0, -1):
            links = self._build_links(step, size)
            size += 1 + len(self._list_stops(step))
            rows = select_columns(columns | {_CHAINS: self._fill_chains(links, step, size)}, rows)
        links = select_columns(columns | {_CHAINS: self._build_links(0, size)}, rows)
        return self._select_attempts(links)

    def _find_skipped(self) -> Expr:
        """Return, for each event, whether a strict funnel skips it.

        Events that match no step are skipped if another event has the same time. Simultaneous events have no order, so
        such an event is not between two other events.
        """
        follows = Compare("==", X, Field(("z",)))
        is_skipped = And((follows, Not(has_bits(Y, self.events.steps_mask))))
        times = Field((TIMES,))
        return Call(
            "arrayMap", (Lambda(("x", "y", "z"), is_skipped), times, Field((CODES,)), shift_right(times, _NEVER))
        )

    def _build_links(self, step: int, size: int) -> Expr:
        """Return, for each event, its time, the `size` items of the next chain, and the stops that begin at `step`."""
        stops = self._list_stops(step)
        names = [f"s{number}" for number in range(len(stops))]
        times_after = self.last - step
        after = [TupleAccess(Y, place + 1) for place in range(size)]
        items = (X, *after[:times_after], *after[times_after:], *(Field((name,)) for name in names))
        arrays: list[Expr] = [Field((TIMES,))]
        if size:
            arrays.append(shift_left(Field((_CHAINS,)), Tuple((_NEVER,) * size)))
        arguments = ("x", *(("y",) if size else ()), *names)
        return Call("arrayMap", (Lambda(arguments, Tuple(items)), *arrays, *(Field((stop,)) for stop in stops)))

    def _list_stops(self, step: int) -> list[str]:
        """Return the stop columns of the exclusions whose first step is `step`."""
        pairs = zip(self.options.exclusions, self.stops, strict=True)
        return [stop for exclusion, stop in pairs if exclusion.from_step == step]

    def _fill_chains(self, links: Expr, step: int, size: int) -> Expr:
        """Return, for each event, the chain of the first event of a step, from this event on.

        In a strict funnel, only the first event that is not skipped is considered. If this event does not belong to the
        step, the chain contains only `_NEVER`.
        """
        codes = Field((CODES,))
        is_step = has_bits(Y, self.events.get_step_bit(step))
        if self.options.order is not Order.STRICT:
            return fill_from_next(links, is_step, codes)
        own = map_array(Call("if", (is_step, X, Tuple((_NEVER,) * size))), links, codes)
        return fill_from_next(own, Not(Y), Field((_SKIPPED,)))

    def _gather_steps(self, rows: Select) -> Select:
        """Return the attempts of unordered funnels. The times of an attempt are followed by the stops of exclusions."""
        columns = build_fields(*self.keys, STARTS, *self.stops)
        gatherer = StepGatherer(self.events)
        rows = gatherer.add_next_times(rows, columns)
        attempt = gatherer.build_times()
        for stop in self.stops:
            attempt = Call("arrayPushBack", (attempt, Field((stop,))))
        arguments = (*gatherer.columns, *self.stops)
        attempts = Call("arrayMap", (Lambda(arguments, attempt), *build_fields(*arguments).values()))
        return self._select_attempts(select_columns(columns | {_CHAINS: attempts}, rows))

    def _select_attempts(self, rows: Select) -> Select:
        attempts = filter_array(Field((_CHAINS,)), Y, Field((STARTS,)))
        return select_columns(build_fields(*self.keys) | {ATTEMPTS: attempts}, rows)

    # Numbers of reached steps

    def _measure(self, rows: Select, *, is_tuple: bool) -> AttemptRows:
        """Return attempts with the number of steps that they reached, except for attempts that an exclusion removes."""
        found = AttemptRows(rows, self.keys, is_tuple)
        columns = build_fields(*self.keys, ATTEMPTS)
        reached = map_array(self._count_steps_in_conversion_window(found), Field((ATTEMPTS,)))
        rows = select_columns(columns | {REACHED: reached}, rows)
        if self.options.exclusions and self.options.order is not Order.UNORDERED:
            rows = self._drop_excluded(rows, columns | build_fields(REACHED), found)
        return AttemptRows(rows, self.keys, is_tuple)

    def _count_steps_in_conversion_window(self, attempts: AttemptRows) -> Expr:
        count: Expr = Constant(1)
        start = attempts.get_item(X, 0)
        for step in range(1, self.last + 1):
            time = attempts.get_item(X, step)
            is_reached: Expr = Compare("<=", Arithmetic("-", time, start), self.conversion_window)
            if self.options.order is Order.UNORDERED and self.stops:  # an exclusion ends the attempt
                is_reached = join_and(is_reached, Compare("<=", time, attempts.get_item(X, self.last + 1)))
            count = Arithmetic("+", count, Call("if", (is_reached, Constant(1), Constant(0))))
        return count

    def _drop_excluded(self, rows: Select, columns: dict[str, Expr], attempts: AttemptRows) -> Select:
        place, parts = self.last + 1, []
        for step in range(self.last, -1, -1):
            for exclusion in self.options.exclusions:
                if exclusion.from_step == step:
                    parts.append(self._is_excluded(exclusion, attempts.get_item(X, place), attempts))
                    place += 1
        kept = map_array(Not(Or(tuple(parts))), Field((ATTEMPTS,)), Field((REACHED,)))
        rows = select_columns(columns | {_KEPT: kept}, rows)
        kept_items = {name: filter_array(Field((name,)), Y, Field((_KEPT,))) for name in (ATTEMPTS, REACHED)}
        return select_columns(columns | kept_items, rows)

    def _is_excluded(self, exclusion: Exclusion, stop: Expr, attempts: AttemptRows) -> Expr:
        """Return whether an exclusion occurs between its steps, or within the window if the second step is missing."""
        window_end = Arithmetic("+", attempts.get_item(X, 0), self.conversion_window)
        second = attempts.get_item(X, exclusion.to_step)
        end = Call("if", (Compare(">", Y, Constant(exclusion.to_step)), second, window_end))
        return And((Compare(">", Y, Constant(exclusion.from_step)), Compare("<", stop, end)))
