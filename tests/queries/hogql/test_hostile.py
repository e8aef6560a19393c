"""Nothing of a hostile text reaches the engine: a statement is refused, with a reason, before one is printed."""

import subprocess
import sys
from time import monotonic

import pytest

from queries.hogql.errors import HogQLError
from tests.queries.hogql.helpers import print_text
from tests.queries.hogql.hostile import BOMBS, list_statements


@pytest.mark.parametrize("text", list_statements())
def test_statement_is_refused(text: str) -> None:
    with pytest.raises(HogQLError) as caught:
        print_text(text)
    assert caught.value.detail


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_at_once(name: str) -> None:
    started = monotonic()
    with pytest.raises(HogQLError):
        print_text(BOMBS[name])
    assert monotonic() - started < 5


def test_there_are_enough_statements() -> None:
    assert len(list_statements()) >= 100


# What the parser learns from the first ones makes it take minutes for the last, and nothing in Python interrupts it.
SLOW = [f"select {'upper(' * depth}1{')' * depth}" for depth in (6, 8, 10, 12)]
PROGRAM = """
import sys
from queries.hogql.parser import end_process_after, parse_select
with end_process_after(0.5):
    for text in sys.argv[1:]:
        parse_select(text)
print("parsed")
"""


def test_parser_ends_with_its_process_at_the_deadline() -> None:
    started = monotonic()
    done = subprocess.run([sys.executable, "-c", PROGRAM, *SLOW], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (-14, "")  # SIGALRM
    assert monotonic() - started < 10


def test_process_goes_on_before_the_deadline() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "select 1"], capture_output=True, text=True, timeout=60)
    assert done.stdout == "parsed\n"
