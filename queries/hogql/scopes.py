"""Name resolution in one SELECT."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from queries.hogql.ast import Expr
from queries.hogql.errors import AmbiguousColumn, Span, UnknownColumn, UnknownTable
from queries.hogql.properties import convert_property, print_property_text
from queries.hogql.session import PrintSession
from queries.hogql.tables import EVENT_PROPERTIES, Column, Table, quote_identifier
from queries.hogql.values import Sql, ValueType


def print_property_below(session: PrintSession, column: Sql, keys: tuple[str, ...]) -> Sql:
    """Return a property in a JSON column, converted to the type of its definition."""
    text = print_property_text(column.text, [session.bind(key, "String") for key in keys])
    return _type_property(session, text, keys, of_person=column.json == "person")


def _type_property(session: PrintSession, text: str, keys: tuple[str, ...], *, of_person: bool) -> Sql:
    kind = session.context.property_types.find(".".join(keys), of_person=of_person)
    return replace(convert_property(text, kind, session.time_zone), untyped=text)


@dataclass
class TableInScope:
    """A table that a SELECT reads. `used_columns` collects the columns that the scan selects."""

    alias: str
    table: Table
    session: PrintSession
    nullable: bool = False
    used_columns: set[str] = field(default_factory=set)
    uses_materialized_columns: bool = True

    def find(self, chain: tuple[str, ...]) -> Sql | None:
        """Return the column or property for a chain of names below this table, or None."""
        path = self.table.paths.get(chain)
        name = chain[0] if len(chain) == 1 else path
        if name is None:
            return self._find_property(chain)
        column = self.table.columns.get(path or name)
        return None if column is None else self._print_column(path or name, column)

    def _find_property(self, chain: tuple[str, ...]) -> Sql | None:
        for path, stored in self.table.properties.items():
            if chain[: len(path)] == path and len(chain) > len(path):
                return self._print_property(stored, chain[len(path) :])
        return None

    def _print_property(self, stored: str, keys: tuple[str, ...]) -> Sql:
        if self.uses_materialized_columns and len(keys) == 1 and stored == EVENT_PROPERTIES:
            materialized = self.table.read_materialized_columns().get(keys[0])
            if materialized is not None:
                self.used_columns.add(materialized)
                text = f"{self.alias}.{quote_identifier(materialized)}"
                return _type_property(self.session, text, keys, of_person=False)
        column = self._print_column(stored, self.table.columns[stored])
        return print_property_below(self.session, column, keys)

    def _print_column(self, name: str, column: Column) -> Sql:
        stored = column.stored or name
        self.used_columns.add(stored)
        text, nullable = f"{self.alias}.{quote_identifier(stored)}", column.nullable or self.nullable
        if column.type is ValueType.DATETIME:
            return Sql(f"toTimeZone({text}, {self.session.time_zone})", column.type, nullable, instant=text)
        return Sql(text, column.type, nullable, json=self._describe_json(stored))

    def _describe_json(self, stored: str) -> str | None:
        if stored not in self.table.properties.values():
            return None
        return "person" if self.table.name == "persons" or stored == "person_properties" else "event"

    def list_columns(self) -> list[str]:
        return [name for name, column in self.table.columns.items() if column.in_star]

    def list_names(self) -> list[str]:
        return [*self.table.columns, *(".".join(path) for path in self.table.paths)]

    def render(self) -> str:
        return f"{self.table.scan(self.used_columns)} AS {self.alias}"


@dataclass
class QueryInScope:
    """A subquery or a common table expression that a SELECT reads.

    `columns` maps its columns to their names in the statement.
    """

    alias: str
    sql: str
    columns: Mapping[str, Sql]
    session: PrintSession
    nullable: bool = False

    def find(self, chain: tuple[str, ...]) -> Sql | None:
        column = self.columns.get(chain[0])
        if column is None or (len(chain) > 1 and column.json is None):
            return None
        text, nullable = f"{self.alias}.{column.text}", column.nullable or self.nullable
        found = replace(column, text=text, nullable=nullable, instant=None, untyped=None)
        return found if len(chain) == 1 else print_property_below(self.session, found, chain[1:])

    def list_columns(self) -> list[str]:
        return list(self.columns)

    def list_names(self) -> list[str]:
        return list(self.columns)

    def render(self) -> str:
        return f"{self.sql} AS {self.alias}"


Source = TableInScope | QueryInScope


@dataclass(frozen=True, slots=True)
class CommonTableInScope:
    """A common table expression. It is printed once, at the start of its SELECT."""

    name: str
    columns: Mapping[str, Sql]


@dataclass
class Scope:
    """The names of one SELECT. Its subqueries can use only the names in its WITH clause."""

    session: PrintSession
    common_tables: dict[str, CommonTableInScope] = field(default_factory=dict)
    scalars: dict[str, Expr] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    aliases: dict[str, Sql] = field(default_factory=dict)
    arguments: dict[str, Sql] = field(default_factory=dict)
    using: set[str] = field(default_factory=set)
    aliases_first: bool = False

    def add_source(self, name: str, source: Source, span: Span | None) -> None:
        if name in self.sources:
            raise AmbiguousColumn(f'Two tables of the query are named "{name[:80]}".', span=span)
        self.sources[name] = source

    def find_table(self, chain: tuple[str, ...], span: Span | None) -> Table | CommonTableInScope:
        """Return a table. Raises UnknownTable with the nearest name."""
        tables, name = self.session.context.all_tables, ".".join(chain)
        if len(chain) == 1 and name in self.common_tables:
            return self.common_tables[name]
        if name not in tables:
            raise UnknownTable(name, [*self.common_tables, *tables], span=span)
        return tables[name]

    def find_field(self, chain: tuple[str, ...], span: Span | None) -> Sql:
        """Return the expression for a chain of names. Raises UnknownColumn, and AmbiguousColumn if more than one table
        has the column.

        As in SQL, a column shadows an alias with the same name. In GROUP BY and all clauses after it, such as ORDER BY,
        the alias shadows the column.
        """
        if len(chain) == 1 and chain[0] in self.arguments:
            return self.arguments[chain[0]]
        alias = self.aliases.get(chain[0]) if len(chain) == 1 else None
        if alias is not None and self.aliases_first:
            return alias
        found = self._find_below_table(chain) or self._find_in_sources(chain, span) or alias
        if found is None:
            raise UnknownColumn(".".join(chain), self._list_names(), span=span)
        return found

    def _find_below_table(self, chain: tuple[str, ...]) -> Sql | None:
        source = self.sources.get(chain[0])
        return source.find(chain[1:]) if source is not None and len(chain) > 1 else None

    def _find_in_sources(self, chain: tuple[str, ...], span: Span | None) -> Sql | None:
        found = [sql for source in self.sources.values() if (sql := source.find(chain)) is not None]
        if len(found) > 1 and chain[0] not in self.using:
            tables = ", ".join(list(self.sources)[:5])
            detail = f'The column "{".".join(chain)[:80]}" exists in several tables of the query ({tables}).'
            raise AmbiguousColumn(detail, span=span)
        return found[0] if found else None

    def _list_names(self) -> Iterable[str]:
        yield from self.aliases
        yield from self.scalars
        for name, source in self.sources.items():
            for column in source.list_names():
                yield column
                yield f"{name}.{column}"
