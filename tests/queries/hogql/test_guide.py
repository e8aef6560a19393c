"""The queries of the user guide run."""

import re
from pathlib import Path

import pytest

from queries.hogql.errors import HogQLError, UnknownName
from queries.hogql.lexer import MAX_NESTING, MAX_OPERATORS, TEXT_MAX_LENGTH
from queries.hogql.session import DEFAULT_ROW_LIMIT, MAX_ROW_LIMIT
from queries.hogql.tables import BUILT_IN_TABLES
from tests.queries.hogql.helpers import read
from tests.queries.hogql.store import Store

GUIDE = (Path(__file__).parents[3] / "docs/user-guide/hogql.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("query", QUERIES)
def test_query_of_the_guide_has_rows(store: Store, query: str) -> None:
    assert read(store, query)


def test_guide_names_the_limits() -> None:
    for limit in (MAX_NESTING, MAX_OPERATORS, TEXT_MAX_LENGTH, DEFAULT_ROW_LIMIT, MAX_ROW_LIMIT):
        assert f"{limit:,}" in GUIDE


def test_guide_names_each_column() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", GUIDE, re.MULTILINE))
    for table in BUILT_IN_TABLES.values():
        named = set(re.findall(r"`([\w$.]+)`", rows[table.name]))
        assert {name for name, column in table.columns.items() if column.in_star} <= named


def test_guide_names_each_code() -> None:
    waiting, kinds = [HogQLError], set()
    while waiting:
        kinds.add(kind := waiting.pop())
        waiting.extend(kind.__subclasses__())
    for kind in kinds - {HogQLError, UnknownName}:
        assert f"`{kind.code}`" in GUIDE
