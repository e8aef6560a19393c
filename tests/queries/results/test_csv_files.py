"""Tables as CSV, read with Python's csv module, and cells that a spreadsheet would evaluate as formulas."""

import csv
import io
from typing import Any

import pytest

from queries.results.csv_files import format_cell, write_csv
from queries.results.tables import ResultTable


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_lines_end_and_cells_are_quoted_as_in_rfc_4180() -> None:
    table = ResultTable(["name", "n"], [['a "b", c', 1], ["two\nlines", None], ["é", 1.5]])
    assert write_csv(table) == 'name,n\r\n"a ""b"", c",1\r\n"two\nlines",\r\né,1.5\r\n'.encode()


def test_rows_survive_a_round_trip() -> None:
    rows = [["a\r\nb", 'quote "', "comma,"], ["", " spaces ", "日本"]]
    assert read(write_csv(ResultTable(["a", "b", "c"], rows))) == [["a", "b", "c"], *rows]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (12345678901234567890123, "12345678901234567890123"),
        (-1.5, "-1.5"),
        (["a", 1], '["a",1]'),
        ({"é": None}, '{"é":null}'),
        ("-1.5", "-1.5"),
        ("+49", "+49"),
        ("=1+1", "'=1+1"),
        ("+1-1", "'+1-1"),
        ("-7d", "'-7d"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\r\n=cmd|' /C calc'!A0", "'\r\n=cmd|' /C calc'!A0"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a=1", "a=1"),
        ("2026-11-01", "2026-11-01"),
        ("$pageview", "$pageview"),
    ],
)
def test_cells(value: Any, cell: str) -> None:
    assert format_cell(value) == cell


def test_names_of_columns_cannot_be_formulas() -> None:
    assert write_csv(ResultTable(["=A1"], [])) == b"'=A1\r\n"


def test_lone_surrogates_are_replaced() -> None:
    assert write_csv(ResultTable(["a"], [["\ud800"]])) == b"a\r\n?\r\n"
