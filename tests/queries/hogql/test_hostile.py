"""A hostile query is refused with a reason before any statement is printed for the engine."""

from time import monotonic

import pytest

from queries.hogql.errors import HogQLError
from queries.hogql.parser_process import SECONDS
from tests.queries.hogql.helpers import print_text
from tests.queries.hogql.hostile import BOMBS, list_statements


@pytest.mark.parametrize("text", list_statements())
def test_statement_is_refused(text: str) -> None:
    with pytest.raises(HogQLError) as caught:
        print_text(text)
    assert caught.value.detail


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_by_the_deadline_of_the_parser(name: str) -> None:
    started = monotonic()
    with pytest.raises(HogQLError):
        print_text(BOMBS[name])
    assert monotonic() - started < SECONDS + 3


def test_there_are_enough_statements() -> None:
    assert len(list_statements()) >= 100
