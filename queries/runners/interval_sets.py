"""Sets of intervals in which a person was active, collected by the engine.

Up to 64 intervals are stored as a bit set, because arrays took 430 instead of 280 ms for 2.6 M events of
50,000 persons.
"""

from dataclasses import dataclass

from queries.hogql.ast import Call, Compare, Constant, Expr, Field, Integers, Lambda
from queries.runners.periods import Period

BITS = 64
_ONE = Call("toUInt64", (Constant(1),))


@dataclass(frozen=True)
class IntervalSets:
    """The sets of intervals of a period. Each interval is represented by its index, from 0."""

    period: Period

    @property
    def are_bits(self) -> bool:
        return len(self.period.buckets) <= BITS

    def collect(self, condition: Expr) -> Expr:
        """Return the aggregate that collects the intervals of all events that meet a condition."""
        index = self.period.build_index()
        if self.are_bits:
            return Call("groupBitOrIf", (Call("bitShiftLeft", (_ONE, index)), condition))
        return Call("groupUniqArrayIf", (index, condition))

    def build_size(self, intervals: Expr) -> Expr:
        return Call("bitCount" if self.are_bits else "length", (intervals,))

    def is_empty(self, intervals: Expr) -> Expr:
        return Compare("==", self.build_size(intervals), Constant(0))

    def list_numbers(self, intervals: Expr) -> Expr:
        """Return the indexes of the intervals in a set as an array, in ascending order."""
        if not self.are_bits:
            return Call("arraySort", (intervals,))
        is_member = Lambda(("bit",), Compare("==", Call("bitTest", (intervals, Field(("bit",)))), Constant(1)))
        return Call("arrayFilter", (is_member, Integers(tuple(range(len(self.period.buckets))))))
