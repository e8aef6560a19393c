"""Attempts at unordered funnels: the next events of all steps, in chronological order.

An event counts for the first of its steps that the attempt does not have yet. If an event may belong to several steps,
such as two equal steps, the counted step depends on the previous events of the attempt. An attempt uses at most n
events that belong to the same n steps, so only the next n of these events are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from queries.hogql.ast import Array, Call, Compare, Constant, Expr, Field, Lambda, Select, Tuple, TupleAccess
from queries.runners.errors import UnsupportedPart
from queries.runners.funnel_arrays import X, Y, build_fields, fill_from_next, has_bits, select_columns, shift_left
from queries.runners.funnel_events import CODES, NEVER, TIMES, FunnelEvents
from queries.runners.series import Series, list_event_names

MAX_EVENTS = 80  # of five steps that may all share events
_NEVER = Constant(NEVER)


@dataclass(frozen=True)
class Kind:
    """The events that belong to certain steps of a group, and to no other steps.

    `columns` are the names of the columns with the times of the next such events.
    """

    steps: tuple[int, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class StepGroup:
    """Steps that may share events with one another, but not with other steps."""

    steps: tuple[int, ...]
    kinds: tuple[Kind, ...]


def group_steps(steps: Sequence[Series]) -> list[StepGroup]:
    """Return the groups of steps. Raises UnsupportedPart if too many steps may share events."""
    groups: list[list[int]] = []
    for number, step in enumerate(steps):
        joined = [group for group in groups if any(_may_share(step, steps[other]) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted([number, *(other for group in joined for other in group)]))
    return [StepGroup(tuple(group), tuple(_list_kinds(group, steps))) for group in groups]


def _may_share(step: Series, other: Series) -> bool:
    names = (set(list_event_names(step)), set(list_event_names(other)))
    return None in names[0] | names[1] or bool(names[0] & names[1])


def _list_kinds(group: Sequence[int], steps: Sequence[Series]) -> Iterator[Kind]:
    """Yield the kinds of events of a group in the order of their codes. Equal steps have the same events."""
    classes: list[list[int]] = []
    for step in group:
        equal = next((item for item in classes if steps[item[0]].condition == steps[step].condition), None)
        if equal is None:
            classes.append([step])
        else:
            equal.append(step)
    if len(group) * 2 ** (len(classes) - 1) > MAX_EVENTS:
        raise UnsupportedPart("Unordered funnels with this many steps that can match the same event are", ("series",))
    sizes = range(1, len(classes) + 1)
    found = [sorted(chain.from_iterable(parts)) for size in sizes for parts in combinations(classes, size)]
    for number, item in enumerate(sorted(found, key=lambda item: (item[0], sum(2**step for step in item)))):
        names = (f"next{group[0]}_{number}_{place}" for place in range(len(item)))
        yield Kind(tuple(item), tuple(names))


class StepGatherer:
    """A builder of the arrays of attempts."""

    def __init__(self, events: FunnelEvents) -> None:
        self.events = events
        self.groups = group_steps(events.steps)

    @property
    def columns(self) -> list[str]:
        return [name for group in self.groups for kind in group.kinds for name in kind.columns]

    def add_next_times(self, rows: Select, columns: dict[str, Expr]) -> Select:
        """Return the rows with an array for each column: for each event, the time of the nth next event of a kind."""
        longest = max(len(kind.columns) for group in self.groups for kind in group.kinds)
        kept = columns | build_fields(TIMES, CODES)
        for place in range(longest):
            found = {
                kind.columns[place]: self._find_next(group, kind, place)
                for group in self.groups
                for kind in group.kinds
                if place < len(kind.columns)
            }
            rows = select_columns(kept | found, rows)
            kept |= build_fields(*found)
        return rows

    def _find_next(self, group: StepGroup, kind: Kind, place: int) -> Expr:
        bits, all_bits = self._sum_bits(kind.steps), self._sum_bits(group.steps)
        is_kind = Compare("==", Call("bitAnd", (Y, Constant(all_bits))), Constant(bits))
        times = shift_left(Field((kind.columns[place - 1],)), _NEVER) if place else Field((TIMES,))
        return fill_from_next(times, is_kind, Field((CODES,)))

    def _sum_bits(self, steps: Sequence[int]) -> int:
        return sum(self.events.get_step_bit(step) for step in steps)

    def build_times(self) -> Expr:
        """Return an expression for the sorted times of all steps, computed from the items of the columns."""
        parts = [self._build_times_of(group) for group in self.groups]
        return Call("arraySort", (Call("arrayConcat", tuple(parts)),))

    def _build_times_of(self, group: StepGroup) -> Expr:
        if len(group.kinds) == 1:
            return Array(tuple(Field((name,)) for name in group.kinds[0].columns))
        found = [
            Tuple((Field((name,)), Constant(number), Call("toUInt64", (Constant(self._sum_bits(kind.steps)),))))
            for number, kind in enumerate(group.kinds)
            for name in kind.columns
        ]
        return self._assign(Call("arraySort", (Array(tuple(found)),)), group)

    def _assign(self, events: Expr, group: StepGroup) -> Expr:
        """Return the times of the steps of a group, assigned from `events`: tuples (time, number, steps)."""
        missing, times = TupleAccess(X, 1), TupleAccess(X, 2)
        usable = Call("bitAnd", (missing, TupleAccess(Y, 3)))
        first = Call("bitAnd", (usable, Call("negate", (usable,))))
        rest = Call("toUInt64", (Call("bitXor", (missing, first)),))
        taken = Tuple((rest, Call("arrayPushBack", (times, TupleAccess(Y, 1)))))
        step = Lambda(("x", "y"), Call("if", (has_bits(usable, self._sum_bits(group.steps)), taken, X)))
        nothing = Call("arrayPopBack", (Array((_NEVER,)),))
        start = Tuple((Call("toUInt64", (Constant(self._sum_bits(group.steps)),)), nothing))
        found = TupleAccess(Call("arrayFold", (step, events, start)), 2)
        return Call("arrayResize", (found, Constant(len(group.steps)), _NEVER))
