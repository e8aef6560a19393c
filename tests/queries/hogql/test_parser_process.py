"""The parser process, which parses the next text as usual after a crash and after a timeout."""

import os
import signal
from collections.abc import Iterator
from threading import Thread
from time import monotonic

import pytest

from queries.hogql import parser_process
from queries.hogql.errors import InvalidSyntax, ParserUnavailable, QueryTooComplex
from queries.hogql.parser import parse_select
from queries.hogql.parser_process import ParserProcess

CRASH = "select " + "+".join(["1"] * 20_000)  # lexer.py refuses this text before the parser can crash
SLOW = "select " + "+".join(["1"] * 4_000)
NESTED = "select " + "lower(" * 9 + "event" + ")" * 9 + " from events"


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    parser = ParserProcess()
    yield parser
    parser.close()


def get_pid(parser: ParserProcess) -> int:
    assert parser._process is not None
    return parser._process.pid


def test_crash_is_an_error_and_the_process_goes_on(parser: ParserProcess) -> None:
    parser.parse("select 1")
    pid = get_pid(parser)
    with pytest.raises(QueryTooComplex):
        parser.parse(CRASH, seconds=20)
    assert "SelectQuery" in parser.parse("select 1")
    assert get_pid(parser) == pid


def test_deadline_is_an_error_and_the_process_goes_on(parser: ParserProcess) -> None:
    started = monotonic()
    with pytest.raises(QueryTooComplex, match=r"longer than 0\.5 seconds"):
        parser.parse(SLOW, seconds=0.5)
    assert monotonic() - started < 8
    assert "SelectQuery" in parser.parse("select 1")


def test_killed_process_is_started_again(parser: ParserProcess) -> None:
    for _ in range(3):
        parser.parse("select 1")
        os.kill(get_pid(parser), signal.SIGKILL)
    assert "SelectQuery" in parser.parse("select 1")


def test_parser_is_not_slowed_down_by_earlier_texts(parser: ParserProcess) -> None:
    """Parse strings of increasing depth, which would take more than a minute in a single process."""
    started = monotonic()
    for depth in range(1, 10):
        parser.parse("select " + "lower(" * depth + "event" + ")" * depth)
    parser.parse(NESTED)
    assert monotonic() - started < 20


def test_threads_get_their_own_answers(parser: ParserProcess) -> None:
    answers: dict[int, str] = {}
    threads = [
        Thread(target=lambda number=number: answers.update({number: parser.parse(f"select {number}")}))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f'"value":{number}' in answers[number].replace(" ", "") for number in range(12))


def test_parser_that_is_not_installed_is_an_error(parser: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_process, "ROOT", "/nonexistent")
    with pytest.raises(ParserUnavailable) as caught:
        parser.parse("select 1")
    assert caught.value.code == "engine_unavailable"


def test_process_has_no_environment(parser: ParserProcess) -> None:
    parser.parse("select 1")
    with open(f"/proc/{get_pid(parser)}/environ") as file:
        names = {entry.partition("=")[0] for entry in file.read().split("\0") if entry}
    assert names <= {"PYTHONPATH", "LC_CTYPE"}


@pytest.mark.parametrize("text", ["select '\ud800'", "select '\0'"])
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidSyntax):
        parse_select(text)
