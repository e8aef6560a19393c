"""Tables as CSV (RFC 4180) in UTF-8. Texts are escaped against CSV injection."""

import csv
import io
import json
import re
from typing import Any

from queries.results.tables import ResultTable

# A spreadsheet evaluates a cell that begins with one of these characters as a formula, even after white space (OWASP,
# CSV injection).
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def write_csv(table: ResultTable) -> bytes:
    """Return a table as CSV: the names of the columns, then the rows.

    A string that begins like a formula gets the prefix `'`; numbers stay unchanged.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(format_cell, table.columns))
    writer.writerows(map(format_cell, row) for row in table.rows)
    return text.getvalue().encode("utf-8", "replace")


def format_cell(value: Any) -> str:
    """Return a value as the text of a cell. None becomes an empty string; lists and objects become JSON."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value
