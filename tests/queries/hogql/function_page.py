"""The list of functions in the documentation, with an example of each function and its computed result.

`python -m tests.queries.hogql.function_page` computes the results again and writes them into the page.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queries.hogql.functions import ALLOWED_FUNCTIONS, Kind
from queries.hogql.parser import parse_select
from queries.hogql.printer import print_query
from queries.hogql.session import PrintContext
from tests.queries.hogql.store import OURS, Store

PAGE = Path(__file__).parents[3] / "docs/user-guide/hogql-functions.md"
CONTEXT = PrintContext(OURS, now=datetime(2026, 3, 31, 12, tzinfo=UTC))
ROWS = "(select arrayJoin([1, 2, 3]) as x, x * 10 as y)"
BATCH = 30
ALONE = {"arrayJoin", "untuple"}  # functions that return several rows or columns
_LINE = re.compile(r"^\| `(?P<name>\w+)` \| `(?P<example>.+)` \| `(?P<answer>.*)` \|$")


@dataclass(frozen=True)
class Example:
    name: str
    example: str
    answer: str

    def __str__(self) -> str:
        return f"| `{self.name}` | `{self.example}` | `{self.answer}` |"

    @property
    def kind(self) -> Kind:
        return ALLOWED_FUNCTIONS[self.name].kind


def read_examples() -> Iterator[Example]:
    for line in PAGE.read_text().splitlines():
        if found := _LINE.match(line):
            yield Example(**found.groupdict())


def compute_answers(store: Store) -> dict[str, str]:
    """Return the results by function. Many examples share one query, since a query for each example would be slow."""
    answers: dict[str, str] = {}
    for kind in Kind:
        examples = [example for example in read_examples() if example.kind is kind]
        together = [example for example in examples if example.name not in ALONE]
        batches = [together[start : start + BATCH] for start in range(0, len(together), BATCH)]
        for batch in [*batches, *([example] for example in examples if example.name in ALONE)]:
            answers |= _compute_batch(store, batch)
    return answers


def _compute_batch(store: Store, examples: list[Example]) -> dict[str, str]:
    """Return the results of some examples, computed in one query. Aggregate and window functions read three rows."""
    source = "" if examples[0].kind is Kind.PLAIN else f" from {ROWS}"
    query = f"select {', '.join(example.example for example in examples)}{source}"
    rows = store.read(print_query(parse_select(query), CONTEXT))
    if len(examples) == 1:
        return {examples[0].name: _format_values([value for row in rows for value in row])}
    return {example.name: _format_values([row[index] for row in rows]) for index, example in enumerate(examples)}


def _format_values(values: list[Any]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False) for value in values)


def update_page(answers: Mapping[str, str]) -> None:
    lines = []
    for line in PAGE.read_text().splitlines():
        found = _LINE.match(line)
        if found:
            line = str(Example(found["name"], found["example"], answers[found["name"]]))
        lines.append(line)
    PAGE.write_text("\n".join(lines) + "\n")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "engine")
        try:
            update_page(compute_answers(store))
        finally:
            store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
