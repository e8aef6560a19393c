"""The list of functions in the documentation: each has an example, and each example an answer that was computed.

`python -m tests.queries.hogql.function_page` computes the answers again and writes them into the page.
"""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from queries.hogql.functions import FUNCTIONS, Kind
from queries.hogql.parser import parse_select
from queries.hogql.printer import print_query
from queries.hogql.session import PrintContext
from tests.queries.hogql.store import OURS, Store

PAGE = Path(__file__).parents[3] / "docs/user-guide/hogql-functions.md"
CONTEXT = PrintContext(OURS, now=datetime(2026, 3, 31, 12, tzinfo=UTC))
ROWS = "(select arrayJoin([1, 2, 3]) as x, x * 10 as y)"
_LINE = re.compile(r"^\| `(?P<name>\w+)` \| `(?P<example>.+)` \| `(?P<answer>.*)` \|$")


@dataclass(frozen=True)
class Example:
    name: str
    example: str
    answer: str

    def __str__(self) -> str:
        return f"| `{self.name}` | `{self.example}` | `{self.answer}` |"

    @property
    def query(self) -> str:
        """The whole query. Aggregate and window functions read three rows."""
        return f"select {self.example}" + ("" if FUNCTIONS[self.name].kind is Kind.PLAIN else f" from {ROWS}")


def read_examples() -> Iterator[Example]:
    for line in PAGE.read_text().splitlines():
        if found := _LINE.match(line):
            yield Example(**found.groupdict())


def compute_answer(store: Store, example: Example) -> str:
    rows = store.read(print_query(parse_select(example.query), CONTEXT))
    return ", ".join(json.dumps(value, ensure_ascii=False) for row in rows for value in row)


def update_page(compute: Callable[[Example], str]) -> None:
    lines = []
    for line in PAGE.read_text().splitlines():
        found = _LINE.match(line)
        example = found and Example(**found.groupdict())
        lines.append(str(Example(example.name, example.example, compute(example))) if example else line)
    PAGE.write_text("\n".join(lines) + "\n")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "engine")
        try:
            update_page(lambda example: compute_answer(store, example))
        finally:
            store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
