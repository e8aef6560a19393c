"""No statement reads rows of another project, whether the printer or other code creates the statement."""

import os
from dataclasses import replace
from random import SystemRandom
from typing import Any

import pytest

from queries.hogql import ast
from queries.hogql.errors import InvalidArguments, UnknownPlaceholder
from queries.hogql.printer import print_query
from queries.hogql.statement import IsolationError, Statement, check_project_isolation
from queries.hogql.tables import BUILT_IN_TABLES, PROJECT_CONDITION, build_user_table
from queries.hogql.traversal import walk
from tests.queries.hogql.helpers import ORDERS, make_context
from tests.queries.hogql.store import THEIRS, Store
from tests.queries.hogql.trees import NODES, RandomQueries

ABSTRACT = {ast.Node, ast.Expr, ast.Query}
STORED_TABLES = ("events", "persons", "person_distinct_ids", "table_orders")
RANDOM_QUERIES = 100 if os.environ.get("CHECK_FULL") else 30


def find_node_types() -> set[type[ast.Node]]:
    return {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.Node)}


def count_reads(sql: str) -> int:
    return sum(sql.count(f"FROM {table} ") for table in STORED_TABLES)


@pytest.mark.parametrize("kind", sorted(find_node_types() - ABSTRACT - {ast.Placeholder}, key=str))
def test_statement_with_node_reads_its_project_alone(store: Store, kind: type[ast.Node]) -> None:
    query = NODES[kind]
    assert any(isinstance(node, kind) for node in walk(query))
    statement = print_query(query, make_context())
    assert count_reads(statement.sql) == statement.sql.count(f"WHERE {PROJECT_CONDITION})") > 0
    assert statement.parameters["project_id"] == 1
    assert "SECRET" not in str(store.read(statement))


def test_placeholder_without_a_value_is_refused() -> None:
    with pytest.raises(UnknownPlaceholder):
        print_query(ast.Select((ast.Placeholder(("filters",)),)), make_context())


def test_expression_is_no_statement() -> None:
    with pytest.raises(InvalidArguments):
        print_query(ast.Query(), make_context())


@pytest.mark.parametrize("table", [*BUILT_IN_TABLES.values(), ORDERS])
def test_each_column_of_each_table_is_read_of_the_project(store: Store, table: Any) -> None:
    for name in [*table.columns, *map(".".join, table.paths)]:
        chain_of_names = tuple(name.split(".")) if name not in table.columns else (name,)
        query = ast.Select((ast.Field(chain_of_names),), ast.TableSource((table.name,)))
        statement = print_query(query, make_context())
        assert count_reads(statement.sql) == statement.sql.count(f"WHERE {PROJECT_CONDITION})") > 0
        assert "SECRET" not in str(store.read(statement))


def test_random_queries_answer_as_if_there_were_no_other_project(store: Store, own_store: Store) -> None:
    seed = SystemRandom().randrange(10**9)
    queries, rows_found = RandomQueries(seed), 0
    for number in range(RANDOM_QUERIES):
        statement = print_query(queries.build(), make_context(default_limit=50_000))
        rows = store.read(statement)
        assert "SECRET" not in str(rows), (seed, number)
        assert sorted(map(str, rows)) == sorted(map(str, own_store.read(statement))), (seed, number)
        rows_found += bool(rows)
    assert rows_found > RANDOM_QUERIES / 3


def test_other_project_has_rows_that_would_be_seen(store: Store) -> None:
    """Read the other project, whose rows contain the mark that the tests above search for."""
    statement = print_query(ast.Select((ast.Star(),), ast.TableSource(("events",))), make_context(THEIRS))
    assert str(store.read(statement)).count("SECRET") >= 6


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM events",
        "SELECT 1 FROM events WHERE 1",
        "SELECT 1 FROM (SELECT 1 FROM events WHERE project_id = {project_id:Int64} OR 1)",
        "SELECT 1 FROM (SELECT 1 FROM events WHERE project_id = 2)",
        "SELECT 1 FROM (SELECT 1 FROM events WHERE project_id != {project_id:Int64})",
        "SELECT 1 FROM (SELECT 1 FROM events AS e WHERE project_id = {project_id:Int64})",
        "SELECT 1 FROM (SELECT 1 FROM events, persons WHERE project_id = {project_id:Int64})",
        "SELECT 1 FROM (SELECT 1) AS s1 LEFT JOIN persons ON 1",
        "SELECT 1 FROM file('/etc/passwd')",
        "SELECT 1 FROM `events` WHERE project_id = {project_id:Int64})",
        "SELECT 1 FROM system.one",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 INTO OUTFILE 'x'",
        "SELECT 1; SELECT 2",
        "SELECT 1 -- x",
        "INSERT INTO events SELECT 1",
    ],
)
def test_statement_without_the_condition_cannot_be_made(sql: str) -> None:
    with pytest.raises(IsolationError):
        Statement(sql, {"project_id": 1}, ["a"], 1)


@pytest.mark.parametrize("project", [None, "1", True, 1.0])
def test_statement_without_a_project_cannot_be_made(project: Any) -> None:
    with pytest.raises(IsolationError):
        Statement("SELECT 1", {"project_id": project}, ["a"], 1)


def test_scan_that_forgets_the_project_is_noticed() -> None:
    """Simulate a scan of one table without the condition of the project. The printer must raise an error."""
    leaking = replace(ORDERS, scan=lambda used: "(SELECT * FROM table_orders)")
    with pytest.raises(IsolationError):
        print_query(ast.Select((ast.Star(),), ast.TableSource(("orders",))), make_context(tables={"orders": leaking}))


def test_imported_table_cannot_replace_a_built_in_one() -> None:
    fake = build_user_table("events", "table_fake", {"event": "String"})
    query = ast.Select((ast.Field(("event",)),), ast.TableSource(("events",)))
    assert "FROM events " in print_query(query, make_context(tables={"events": fake})).sql


@pytest.mark.parametrize("name", ["x; drop", "system.one", "Events", "", "a" * 64, "file('x')"])
def test_name_of_a_stored_table_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid name"):
        build_user_table("orders", name, {})


@pytest.mark.parametrize("name", ["a`b", "a\\b", "a\nb", "{p1:String}", ""])
def test_name_of_a_stored_column_needs_no_escape(name: str) -> None:
    with pytest.raises(ValueError, match="is not a valid name"):
        build_user_table("orders", "table_orders", {name: "String"})


def test_quoted_names_are_no_keywords() -> None:
    check_project_isolation(
        f"SELECT `FROM system.one; --` FROM (SELECT `x` FROM events WHERE {PROJECT_CONDITION}) AS s1"
    )
