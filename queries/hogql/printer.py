"""Printing of queries: a tree becomes one ClickHouse statement that reads one project.

A source is a scan of the project's rows, a subquery or a common table expression. Its `render` method prints it after
FROM or JOIN, and `Statement` checks the result again.
"""

from collections.abc import Iterator
from dataclasses import replace

from queries.hogql import ast
from queries.hogql.errors import InvalidArguments, InvalidValue, UnknownTable, refuse_deep_recursion
from queries.hogql.expressions import ExpressionPrinter
from queries.hogql.scopes import CommonTableInScope, QueryInScope, Scope, Source, TableInScope
from queries.hogql.session import PrintContext, PrintedQuery, PrintSession, index_columns
from queries.hogql.statement import Statement
from queries.hogql.tables import EVENT_PROPERTIES, Table
from queries.hogql.traversal import walk
from queries.hogql.values import Sql

LEFT_IS_NULLABLE = frozenset({"RIGHT", "FULL"})
RIGHT_IS_NULLABLE = frozenset({"LEFT", "LEFT ANY", "FULL"})


def print_query(query: ast.Query, context: PrintContext) -> Statement:
    """Return the statement of a query. Raises HogQLError."""
    if not isinstance(query, ast.Select | ast.SetQuery):
        raise InvalidArguments("This is not a query.", span=query.span)
    limit = min(_read_count(query.limit, context.default_limit), context.max_limit)
    offset = _read_count(query.offset, 0)
    session = PrintSession(context, print_subquery)
    limited = replace(query, limit=_limit_for_has_more(limit), offset=ast.Constant(offset) if offset else None)
    with refuse_deep_recursion():
        printed = print_subquery(limited, Scope(session))
    names = [name for name, _ in printed.columns]
    return Statement(printed.sql, session.list_parameters(printed.sql), names, limit, offset)


def _limit_for_has_more(limit: int) -> ast.Constant:
    """Return the limit plus one row. The additional row indicates that there are more rows (`Statement.has_more`)."""
    return ast.Constant(limit + 1)


def print_subquery(query: ast.Query, outer: Scope) -> PrintedQuery:
    outer.session.count_node()
    scope = Scope(outer.session, dict(outer.common_tables), dict(outer.scalars))
    match query:
        case ast.Select():
            return SelectPrinter(query, scope).print()
        case ast.SetQuery():
            return print_set(query, scope)
        case _:
            raise InvalidArguments("This is not a query.", span=query.span)


def print_set(query: ast.SetQuery, scope: Scope) -> PrintedQuery:
    prefix = print_common_tables(query.common_tables, scope)
    first = print_subquery(query.first, scope)
    sql = f"({first.sql})"
    for part in query.rest:
        printed = print_subquery(part.query, scope)
        if len(printed.columns) != len(first.columns):
            detail = f"{part.op} combines queries with {len(first.columns)} and {len(printed.columns)} columns."
            raise InvalidArguments(detail, span=part.query.span)
        op = "UNION ALL" if part.op == "UNION ALL" else part.op.removesuffix(" DISTINCT") + " DISTINCT"
        sql += f" {op} ({printed.sql})"
    columns = [(name, replace(column, nullable=True)) for name, column in first.columns]
    alias = scope.session.make_name("s")
    source = QueryInScope(alias, f"({sql})", index_columns(columns), scope.session)
    scope.add_source(alias, source, query.span)
    names = ", ".join(f"{alias}.{column.text} AS {column.text}" for _, column in columns)
    tail = " ".join(print_tail(query, ExpressionPrinter(scope), columns))
    return PrintedQuery(f"{prefix}SELECT {names} FROM {source.render()} {tail}".rstrip(), columns)


def print_common_tables(tables: tuple[ast.CommonTable, ...], scope: Scope) -> str:
    """Return the WITH clause of a query. Named scalars are printed where they are used."""
    parts = []
    for table in tables:
        if table.scalar or not isinstance(table.value, ast.Query):
            scope.scalars[table.name] = table.value
            continue
        printed, name = print_subquery(table.value, scope), scope.session.make_name("w")
        columns = [(new, column) for new, (_, column) in zip(table.columns, printed.columns, strict=False)]
        columns += printed.columns[len(columns) :]
        scope.common_tables[table.name] = CommonTableInScope(name, index_columns(columns))
        parts.append(f"{name} AS ({printed.sql})")
    return f"WITH {', '.join(parts)} " if parts else ""


def print_tail(
    query: ast.Select | ast.SetQuery, printer: ExpressionPrinter, columns: list[tuple[str, Sql]]
) -> Iterator[str]:
    """Yield the clauses ORDER BY, LIMIT BY, LIMIT and OFFSET."""
    if query.order_by:
        printed = (
            f"{print_positional(order.expr, printer, columns)} {'DESC' if order.descending else 'ASC'}"
            for order in query.order_by
        )
        yield f"ORDER BY {', '.join(printed)}"
    if isinstance(query, ast.Select) and query.limit_by is not None:
        by = query.limit_by
        count, offset = _bind_count(by.count, printer), by.offset and f" OFFSET {_bind_count(by.offset, printer)}"
        yield f"LIMIT {count}{offset or ''} BY {', '.join(printer.print(expr).text for expr in by.exprs)}"
    if query.limit is not None:
        yield f"LIMIT {_bind_count(query.limit, printer)}"
    if query.offset is not None:
        yield f"OFFSET {_bind_count(query.offset, printer)}"


def print_positional(node: ast.Expr, printer: ExpressionPrinter, columns: list[tuple[str, Sql]]) -> str:
    """Return an expression of ORDER BY or GROUP BY, in which an integer is the position of a column."""
    if not isinstance(node, ast.Constant) or type(node.value) is not int:
        return printer.print(node).text
    if not 1 <= node.value <= len(columns):
        raise InvalidValue(f"There is no column at position {node.value}.", span=node.span)
    return columns[node.value - 1][1].text


def _bind_count(node: ast.Expr, printer: ExpressionPrinter) -> str:
    return printer.session.bind(_read_count(node, 0), "UInt64")


def _read_count(node: ast.Expr | None, default: int) -> int:
    """Return the number in LIMIT or OFFSET. Raises InvalidValue for other expressions."""
    if node is None:
        return default
    if not isinstance(node, ast.Constant) or type(node.value) is not int or not 0 <= node.value < 2**63:
        raise InvalidValue("LIMIT and OFFSET must be whole numbers that are not negative.", span=node.span)
    return node.value


class SelectPrinter:
    """A printer of one SELECT."""

    def __init__(self, query: ast.Select, scope: Scope) -> None:
        self.query = query
        self.scope = scope
        self.session = scope.session
        self.printer = ExpressionPrinter(scope, dict(query.windows))
        self.columns: list[tuple[str, Sql]] = []

    def print(self) -> PrintedQuery:
        prefix = print_common_tables(self.query.common_tables, self.scope)
        joins = self._add_sources()
        if self._groups_json():
            for source in self.scope.sources.values():
                if isinstance(source, TableInScope):
                    source.uses_materialized_columns = False
        array_join = self._print_array_join()
        columns = [self._print_column(column) for column in self._expand_stars()]
        where = self._print_condition("WHERE", self.query.where)
        self.scope.aliases_first = True
        tail = [where, *self._print_groups(), *print_tail(self.query, self.printer, self.columns)]
        distinct = "DISTINCT " if self.query.distinct else ""
        parts = [f"{prefix}SELECT {distinct}{', '.join(columns)}", self._print_from(joins), array_join, *tail]
        return PrintedQuery(" ".join(part for part in parts if part), self.columns)

    def _groups_json(self) -> bool:
        """Return whether a SELECT with GROUP BY uses the JSON of properties itself.

        In such a query, ClickHouse accepts properties extracted from the grouped JSON, but no materialized columns.
        """
        if not self.query.group_by:
            return False
        fields = (node for node in walk(self.query) if isinstance(node, ast.Field))
        return any(field.chain[-1] == EVENT_PROPERTIES for field in fields)

    def _add_sources(self) -> list[tuple[str, str, Source]]:
        """Add the sources to the scope, and return the joins with their conditions."""
        if self.query.source is None:
            return []
        self._add_source(self.query.source)
        joins = []
        for join in self.query.joins:
            if join.kind in LEFT_IS_NULLABLE:
                for source in self.scope.sources.values():
                    source.nullable = True
            before = list(self.scope.sources.values())
            source = self._add_source(join.source, nullable=join.kind in RIGHT_IS_NULLABLE)
            joins.append((join.kind, self._print_join_condition(join, before, source), source))
        return joins

    def _add_source(self, node: ast.TableSource | ast.QuerySource, *, nullable: bool = False) -> Source:
        alias = self.session.make_name("s")
        source: Source
        match node:
            case ast.QuerySource():
                printed = print_subquery(node.query, self.scope)
                source = QueryInScope(alias, f"({printed.sql})", printed.by_name, self.session, nullable)
            case ast.TableSource():
                table = self.scope.find_table(node.name, node.span)
                if isinstance(table, Table):
                    source = TableInScope(alias, table, self.session, nullable)
                else:
                    source = QueryInScope(alias, table.name, table.columns, self.session, nullable)
        name = node.alias or (node.name[-1] if isinstance(node, ast.TableSource) else alias)
        self.scope.add_source(name, source, node.span)
        return source

    def _print_join_condition(self, join: ast.Join, before: list[Source], source: Source) -> str:
        if join.condition is not None:
            return f" ON {self.printer.print_join_condition(join.condition)}"
        conditions = []
        for name in join.using:
            left = next((found for other in before if (found := other.find((name,)))), None)
            right = source.find((name,))
            if left is None or right is None:
                self.scope.find_field((name, name), join.span)  # raises UnknownColumn with the nearest name
            self.scope.using.add(name)
            conditions.append(f"equals({left and left.text}, {right and right.text})")
        return f" ON {' AND '.join(conditions)}" if conditions else ""

    def _print_from(self, joins: list[tuple[str, str, Source]]) -> str:
        """Return the FROM clause. It is printed last, because a source selects only columns that other clauses use."""
        if not self.scope.sources:
            return ""
        first = next(iter(self.scope.sources.values()))
        parts = [f"FROM {first.render()}"]
        parts += [f"{kind} JOIN {source.render()}{condition}" for kind, condition, source in joins]
        return " ".join(parts)

    def _print_array_join(self) -> str:
        if self.query.array_join is None:
            return ""
        items = []
        for item in self.query.array_join.items:
            inner, name = self.printer.print(item.expr), self.session.make_name("a")
            self.scope.arguments[item.name] = Sql(name)
            items.append(f"{inner.text} AS {name}")
        return f"{'LEFT ' if self.query.array_join.left else ''}ARRAY JOIN {', '.join(items)}"

    def _expand_stars(self) -> Iterator[ast.Expr]:
        for column in self.query.columns:
            if isinstance(column, ast.Star):
                yield from self._expand_star(column)
            else:
                yield column

    def _expand_star(self, star: ast.Star) -> Iterator[ast.Expr]:
        names = list(self.scope.sources) if star.table is None else [star.table]
        if star.table is not None and star.table not in self.scope.sources:
            raise UnknownTable(star.table, self.scope.sources, span=star.span)
        if not names:
            raise InvalidArguments("* requires a table.", span=star.span)
        for name in names:
            for column in self.scope.sources[name].list_columns():
                if column not in star.excluded:
                    yield ast.Field((name, column), span=star.span)

    def _print_column(self, node: ast.Expr) -> str:
        expr, label = (node.expr, node.name) if isinstance(node, ast.Alias) else (node, self._name_column(node))
        sql, name = self.printer.print(expr), self.session.make_name("c")
        column = replace(sql, text=name, instant=None, untyped=None)
        self.columns.append((label, column))
        if isinstance(node, ast.Alias):
            self.scope.aliases[label] = column
        return f"{sql.text} AS {name}"

    def _name_column(self, node: ast.Expr) -> str:
        return node.chain[-1] if isinstance(node, ast.Field) else f"column_{len(self.columns) + 1}"

    def _print_groups(self) -> Iterator[str]:
        if self.query.group_mode == "ALL":
            yield "GROUP BY ALL"
        elif self.query.group_by:
            items = ", ".join(print_positional(expr, self.printer, self.columns) for expr in self.query.group_by)
            yield f"GROUP BY {self.query.group_mode}({items})" if self.query.group_mode else f"GROUP BY {items}"
        yield self._print_condition("HAVING", self.query.having)
        yield self._print_condition("QUALIFY", self.query.qualify)

    def _print_condition(self, word: str, node: ast.Expr | None) -> str:
        return "" if node is None else f"{word} {self.printer.print_condition(node).text}"
