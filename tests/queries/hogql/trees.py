"""Syntax trees for the isolation tests: one for each type of node, and random trees."""

from random import Random

from queries.hogql import ast
from queries.hogql.ast import Alias, Call, Compare, Constant, Expr, Field, Query, QuerySource, Select, TableSource

EVENT, N = Field(("event",)), Constant(1)
COUNT = Call("count")
EVENTS, PERSONS = TableSource(("events",)), TableSource(("persons",))
SUBQUERY = Select((Alias(COUNT, "n"),), EVENTS)
# A query for each type of node. A test fails if a type is missing here.
NODES: dict[type[ast.Node], Query] = {
    ast.Constant: Select((N,), EVENTS),
    ast.Integers: Select((ast.Integers((1, 2)),), EVENTS),
    ast.Field: Select((EVENT,), EVENTS),
    ast.Star: Select((ast.Star(),), EVENTS),
    ast.Alias: Select((Alias(EVENT, "e"),), EVENTS),
    ast.Call: Select((COUNT,), EVENTS),
    ast.WindowCall: Select((ast.WindowCall(COUNT, ast.Window()),), EVENTS),
    ast.Window: Select((ast.WindowCall(COUNT, ast.Window((EVENT,), (ast.OrderBy(EVENT),))),), EVENTS),
    ast.FrameBound: Select(
        (ast.WindowCall(COUNT, ast.Window((), (), "ROWS", ast.FrameBound("PRECEDING", 1))),), EVENTS
    ),
    ast.OrderBy: Select((EVENT,), EVENTS, order_by=(ast.OrderBy(EVENT, descending=True),)),
    ast.Arithmetic: Select((ast.Arithmetic("+", N, SUBQUERY),), EVENTS),
    ast.Compare: Select((COUNT,), EVENTS, where=Compare("in", EVENT, Select((EVENT,), EVENTS))),
    ast.Between: Select((COUNT,), EVENTS, where=ast.Between(N, SUBQUERY, SUBQUERY)),
    ast.And: Select((COUNT,), EVENTS, where=ast.And((Constant(True), SUBQUERY))),
    ast.Or: Select((COUNT,), EVENTS, where=ast.Or((Constant(True), SUBQUERY))),
    ast.Not: Select((COUNT,), EVENTS, where=ast.Not(SUBQUERY)),
    ast.Tuple: Select((ast.Tuple((EVENT, SUBQUERY)),), EVENTS),
    ast.Array: Select((ast.Array((EVENT,)),), EVENTS),
    ast.ArrayAccess: Select((ast.ArrayAccess(ast.Array((EVENT,)), N),), EVENTS),
    ast.TupleAccess: Select((ast.TupleAccess(ast.Tuple((EVENT,)), 1),), EVENTS),
    ast.Lambda: Select((Call("arrayMap", (ast.Lambda(("x",), EVENT), ast.Array((N,)))),), EVENTS),
    ast.TableSource: Select((COUNT,), PERSONS),
    ast.QuerySource: Select((COUNT,), QuerySource(SUBQUERY)),
    ast.Join: Select(
        (COUNT,),
        EVENTS,
        (ast.Join("LEFT", PERSONS, Compare("==", Field(("events", "person_id")), Field(("persons", "id")))),),
    ),
    ast.ArrayJoin: Select((EVENT,), EVENTS, array_join=ast.ArrayJoin((Alias(ast.Array((EVENT,)), "x"),))),
    ast.LimitBy: Select((EVENT,), EVENTS, limit_by=ast.LimitBy(N, (EVENT,))),
    ast.CommonTable: Select(
        (COUNT,), TableSource(("w",)), common_tables=(ast.CommonTable("w", Select((EVENT,), EVENTS)),)
    ),
    ast.Select: Select((SUBQUERY,)),
    ast.SetPart: ast.SetQuery(SUBQUERY, (ast.SetPart("INTERSECT", SUBQUERY),)),
    ast.SetQuery: ast.SetQuery(SUBQUERY, (ast.SetPart("UNION ALL", SUBQUERY),), order_by=(ast.OrderBy(N),)),
}
COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "events": (
        ("event",),
        ("distinct_id",),
        ("properties", "mark"),
        ("person", "properties", "email"),
        ("properties",),
    ),
    "persons": (("id",), ("properties", "email"), ("created_at",)),
    "sessions": (("session_id",), ("$exit_pathname",), ("$session_duration",)),
    "person_distinct_ids": (("distinct_id",), ("person_id",)),
    "orders": (("order id",), ("total",)),
}


class RandomQueries:
    """A generator of random combinations of queries over all tables, with two columns of text named a and b."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def build(self, depth: int = 3) -> Query:
        kinds = [self.build_rows] if depth == 0 else [
            self.build_rows, self.build_union, self.build_nested, self.build_join, self.build_filtered,
            self.build_grouped, self.build_common, self.build_window,
        ]  # fmt: skip
        return self.random.choice(kinds)(depth - 1)

    def build_rows(self, depth: int) -> Query:
        table = self.random.choice(list(COLUMNS))
        columns = [Field((table, *self.random.choice(COLUMNS[table]))) for _ in range(2)]
        return Select((self._as_text(columns[0], "a"), self._as_text(columns[1], "b")), TableSource((table,)))

    def build_union(self, depth: int) -> Query:
        op = self.random.choice(("UNION ALL", "UNION DISTINCT", "INTERSECT", "EXCEPT"))
        return ast.SetQuery(self.build(depth), (ast.SetPart(op, self.build(depth)),))

    def build_nested(self, depth: int) -> Query:
        return Select((Field(("a",)), Field(("b",))), QuerySource(self.build(depth), "q"), distinct=True)

    def build_join(self, depth: int) -> Query:
        kind = self.random.choice(("INNER", "LEFT", "RIGHT", "FULL", "CROSS", "LEFT SEMI", "LEFT ANTI"))
        condition = None if kind == "CROSS" else Compare("==", Field(("l", "a")), Field(("r", "a")))
        join = ast.Join(kind, QuerySource(self.build(depth), "r"), condition)
        right = Field(("l" if kind in ("LEFT SEMI", "LEFT ANTI") else "r", "b"))
        return Select((Alias(Field(("l", "a")), "a"), Alias(right, "b")), QuerySource(self.build(depth), "l"), (join,))

    def build_filtered(self, depth: int) -> Query:
        inner = Select((Field(("a",)),), QuerySource(self.build(depth), "i"))
        condition: Expr = Compare(self.random.choice(("in", "not in")), Field(("a",)), inner)
        if self.random.random() < 0.5:
            condition = ast.Or((condition, Compare(self.random.choice(("==", "!=")), Field(("b",)), Constant("x"))))
        return Select((Field(("a",)), Field(("b",))), QuerySource(self.build(depth), "q"), where=condition)

    def build_grouped(self, depth: int) -> Query:
        total = self._as_text(Call(self.random.choice(("count", "uniqExact", "max")), (Field(("b",)),)), "b")
        mode = self.random.choice((None, "ROLLUP", "CUBE"))
        source = QuerySource(self.build(depth), "q")
        return Select((Field(("a",)), total), source, group_by=(Field(("a",)),), group_mode=mode)

    def build_common(self, depth: int) -> Query:
        common = ast.CommonTable("common", self.build(depth))
        part = Select((Field(("a",)), Field(("b",))), TableSource(("common",)))
        both = ast.SetQuery(part, (ast.SetPart("UNION ALL", part),))
        return Select((Field(("a",)), Field(("b",))), QuerySource(both, "q"), common_tables=(common,))

    def build_window(self, depth: int) -> Query:
        count = ast.WindowCall(Call("count"), ast.Window(partition_by=(Field(("a",)),)))
        return Select((Field(("a",)), self._as_text(count, "b")), QuerySource(self.build(depth), "q"))

    def _as_text(self, expr: Expr, name: str) -> Alias:
        return Alias(Call("toString", (expr,)), name)
