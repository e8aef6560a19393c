"""The events of a funnel: for each person two arrays in chronological order, the times and the codes of the events.

The bits of a code are the steps and the exclusions that an event belongs to. Arrays end with a sentinel, which is later
than all events and belongs to all steps and exclusions, so that "the next event of a step" always exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from queries.hogql.ast import (
    Alias,
    And,
    Arithmetic,
    Array,
    Call,
    Compare,
    Constant,
    Expr,
    Field,
    Lambda,
    Not,
    Select,
    TableSource,
    Tuple,
    TupleAccess,
)
from queries.runners.funnel_arrays import (
    X,
    Y,
    build_fields,
    filter_array,
    group_columns,
    has_bits,
    map_array,
    select_columns,
)
from queries.runners.funnel_options import Attribution, FunnelOptions, Order
from queries.runners.operands import TRUE
from queries.runners.periods import Period, to_microseconds
from queries.runners.series import PERSON_ID, TIMESTAMP, Series, join_and, join_or, list_event_names

NEVER = 2**62
"""The time of the sentinel, in microseconds since the start of the period, like all times in this module."""
PERSON = "person"
VALUE = "value"
TIMES = "times"
CODES = "codes"
STARTS = "starts"
"""Whether an attempt may begin with an event: an array of booleans."""
ATTEMPTS = "attempts"
REACHED = "reached"
"""The attempts of a person in the order of their starts, and the number of steps that each attempt reached."""
_EVENTS = "events"
_VALUES = "values"
_DIFFERS = "differs"
_TIME = "time"
_CODE = "code"
_BITS_OF_INTEGERS = 63
# ClickHouse collects numbers faster than tuples: 250 instead of 470 ms for 1.1 M events of 100,000 persons.
_RANK_BITS = 6


@dataclass(frozen=True)
class FunnelEvents:
    """The events that a funnel reads. `values` are the breakdown values of an event."""

    steps: Sequence[Series]
    options: FunnelOptions
    shared: Expr
    period: Period
    values: Sequence[Expr] = ()

    @property
    def value(self) -> Expr | None:
        """Return the breakdown value of an event, an array of several values, or None without a breakdown."""
        if not self.values:
            return None
        return Array(tuple(self.values)) if self.has_several_values else self.values[0]

    @property
    def has_several_values(self) -> bool:
        return len(self.values) > 1

    @property
    def start(self) -> int:
        """Return the start of the period as Unix time in microseconds."""
        return to_microseconds(self.period.start)

    @property
    def have_own_names(self) -> bool:
        """Return whether no event can belong to two steps, because the steps have different event names."""
        names = [name for step in self.steps for name in list_event_names(step)]
        return None not in names and len(set(names)) == len(names)

    def build(self) -> Select:
        """Return the persons with their arrays and their breakdown values. A person may have several rows."""
        arrays = self._unpack(self._collect(self._build_rows()))
        if self._is_attributed_to_step:
            arrays = self._attribute_to_step(arrays)
        return self._append_sentinel(arrays)

    @property
    def steps_mask(self) -> int:
        """Return the bit mask of all steps in a code."""
        return sum(self.get_step_bit(step) for step in range(len(self.steps)))

    def get_step_bit(self, step: int) -> int:
        return 1 << (len(self.options.exclusions) + step)

    def get_exclusion_bit(self, number: int) -> int:
        return 1 << number

    # Rows

    def _build_rows(self) -> Select:
        time = Arithmetic("-", Call("toUnixTimestamp64Micro", (TIMESTAMP,)), Constant(self.start))
        columns = [
            Alias(PERSON_ID, PERSON),
            Alias(Call("toUInt64", (time,)), _TIME),
            Alias(Call("toUInt64", (self._build_code(),)), _CODE),
        ]
        if self.value is not None:
            columns.append(Alias(self.value, VALUE))
        conditions = [step.condition for step in self.steps]
        conditions += [exclusion.condition for exclusion in self.options.exclusions]
        # A strict funnel also reads events that match no step, because such an event may be between two steps.
        relevant = TRUE if self.options.order is Order.STRICT else join_or(*conditions)
        where = join_and(self.shared, self.period.build_condition(), relevant)
        return Select(tuple(columns), TableSource(("events",)), where=where)

    def _build_code(self) -> Expr:
        """Return the code of an event.

        Among simultaneous events, events of earlier steps have smaller codes. In a strict funnel, events that match no
        step have the largest codes.
        """
        bits = [item.condition for item in self.options.exclusions] + [step.condition for step in self.steps]
        code: Expr = Constant(0)
        for place, condition in enumerate(bits):
            code = Arithmetic("+", code, Call("if", (condition, Constant(1 << place), Constant(0))))
        if not self._has_rank:
            return code
        branches = [part for place, step in enumerate(self.steps) for part in (step.condition, Constant(place))]
        rank = Call("multiIf", (*branches, Constant(len(self.steps))))
        return Arithmetic("+", code, Arithmetic("*", rank, Constant(1 << len(bits))))

    @property
    def _has_rank(self) -> bool:
        needs_order = self.options.order is Order.STRICT or not self.have_own_names
        return needs_order and not self._is_attributed_to_step  # attributed arrays are sorted again

    @property
    def _is_attributed_to_step(self) -> bool:
        return self.value is not None and self.options.attribution is Attribution.STEP

    @property
    def _code_bits(self) -> int:
        return len(self.steps) + len(self.options.exclusions) + (_RANK_BITS if self._has_rank else 0)

    @property
    def _is_packed(self) -> bool:
        """Return whether an event fits into one number. Tuples are slower."""
        length = to_microseconds(self.period.end) - self.start
        return not self._is_attributed_to_step and length.bit_length() + self._code_bits <= _BITS_OF_INTEGERS

    # Arrays

    def _collect(self, rows: Select) -> Select:
        """Return the sorted events of each person."""
        event = self._build_event()
        columns = build_fields(PERSON) | {_EVENTS: Call("arraySort", (Call("groupArray", (event,)),))}
        groups: tuple[str, ...] = (PERSON,)
        if self.value is not None and not self._is_attributed_to_step:
            columns[VALUE] = self._choose_value()
            if self.options.attribution is Attribution.ALL_EVENTS:
                groups = (*groups, VALUE)
        return group_columns(columns, rows, groups)

    def _build_event(self) -> Expr:
        """Return an event as one number, or as a tuple."""
        time, code = Field((_TIME,)), Field((_CODE,))
        if self._is_packed:
            return Arithmetic("+", Arithmetic("*", time, Constant(1 << self._code_bits)), code)
        return Tuple((time, code, Field((VALUE,)))) if self._is_attributed_to_step else Tuple((time, code))

    def _choose_value(self) -> Expr:
        """Return the value of a person: the first or the last value that is not empty.

        Among simultaneous events, the event of the first or the last step is chosen. Breaking the remaining ties by
        comparing values would take four times as long.
        """
        value = Field((VALUE,))
        if self.options.attribution is Attribution.ALL_EVENTS:
            return value
        name = "argMin" if self.options.attribution is Attribution.FIRST_TOUCH else "argMax"
        if not self.has_several_values:
            return Call(name, (value, self._build_event()), condition=Call("notEmpty", (value,)))
        is_given = Call("arrayExists", (Lambda(("x",), Call("notEmpty", (X,))), value))
        found = Call(name, (value, self._build_event()), condition=is_given)
        nothing = map_array(Constant(""), Call("range", (Constant(len(self.values)),)))
        return Call("if", (Call("empty", (found,)), nothing, found))

    def _unpack(self, persons: Select) -> Select:
        events = Field((_EVENTS,))
        if self._is_packed:
            size = Constant(1 << self._code_bits)
            times, codes = (map_array(Call(name, (X, size)), events) for name in ("intDiv", "modulo"))
        else:
            times, codes = TupleAccess(events, 1), TupleAccess(events, 2)
        columns = build_fields(PERSON) | {TIMES: times, CODES: codes}
        if self._is_attributed_to_step:
            columns[_VALUES] = TupleAccess(events, 3)
        elif self.value is not None:
            columns[VALUE] = Field((VALUE,))
        return select_columns(columns, persons)

    def _attribute_to_step(self, arrays: Select) -> Select:
        """Return one row for each value that a person's events of a step have. In each row, only events with this value
        belong to that step or, in an unordered funnel, can begin an attempt.
        """
        is_unordered = self.options.order is Order.UNORDERED
        bits = self.steps_mask if is_unordered else self.get_step_bit(self.options.attribution_step)
        values, codes = Field((_VALUES,)), Field((CODES,))
        own = Call("arrayDistinct", (filter_array(values, has_bits(Y, bits), codes),))
        rows = select_columns(build_fields(PERSON, TIMES, CODES, _VALUES) | {VALUE: Call("arrayJoin", (own,))}, arrays)
        differs = map_array(Compare("!=", X, Field((VALUE,))), values)
        rows = select_columns(build_fields(PERSON, TIMES, CODES, VALUE) | {_DIFFERS: differs}, rows)
        if not is_unordered:
            code = Call("if", (And((Y, has_bits(X, bits))), Call("bitXor", (X, Constant(bits))), X))
            kept = map_array(code, codes, Field((_DIFFERS,)))
            rows = select_columns(build_fields(PERSON, TIMES, VALUE, _DIFFERS) | {CODES: kept}, rows)
        return self._sort(rows)

    def _sort(self, rows: Select) -> Select:
        """Return arrays sorted by time and code. If both are equal, events with the value precede other events."""
        steps = Call("bitAnd", (Y, Constant(self.steps_mask)))
        lowest = Call("bitAnd", (steps, Call("negate", (steps,))))
        place = Call("if", (has_bits(Y, self.steps_mask), lowest, Constant(self.steps_mask)))
        event = Lambda(("x", "y", "z"), Tuple((X, place, Y, Field(("z",)))))
        events = Call("arrayMap", (event, *build_fields(TIMES, CODES, _DIFFERS).values()))
        sorted_rows = select_columns(build_fields(PERSON, VALUE) | {_EVENTS: Call("arraySort", (events,))}, rows)
        parts = {TIMES: 1, CODES: 3, _DIFFERS: 4}
        columns = {name: TupleAccess(Field((_EVENTS,)), place) for name, place in parts.items()}
        return select_columns(build_fields(PERSON, VALUE) | columns, sorted_rows)

    def _append_sentinel(self, arrays: Select) -> Select:
        """Append the sentinel to the arrays, and add the array STARTS."""
        codes = Field((CODES,))
        everything = Constant((1 << self._code_bits) - 1)
        columns = {
            PERSON: Field((PERSON,)),
            TIMES: Call("arrayPushBack", (Field((TIMES,)), Constant(NEVER))),
            CODES: Call("arrayPushBack", (codes, everything)),
            STARTS: Call("arrayPushBack", (self._build_starts(), Constant(False))),
        }
        if self.value is not None:
            columns[VALUE] = Field((VALUE,))
        return select_columns(columns, arrays)

    def _build_starts(self) -> Expr:
        codes = Field((CODES,))
        if self.options.order is not Order.UNORDERED:
            return map_array(has_bits(X, self.get_step_bit(0)), codes)
        is_step = has_bits(X, self.steps_mask)
        if not self._is_attributed_to_step:
            return map_array(is_step, codes)
        return map_array(And((is_step, Not(Y))), codes, Field((_DIFFERS,)))
