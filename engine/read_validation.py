"""Validation of reads: one SELECT, without comments, settings, output files or a second statement.

ClickHouse's `readonly` allows more than reads, such as KILL QUERY, SYSTEM STOP MERGES and INTO OUTFILE. The printer
prints none of these, and passes every text as a parameter or in quotes. Therefore, everything outside of quotes was
written by the printer.
"""

import re

from engine.errors import QueryRefused

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*\"""", re.DOTALL)
_START = re.compile(r"[\s(]*(SELECT|WITH)\b", re.IGNORECASE)
# Forbidden outside of quotes: a second statement, comments, heredocs, an unfinished quote, a file, settings, another
# format.
_REFUSED = re.compile(
    r";|--|/\*|\#|\$|['`\"]|\bINTO\s+OUTFILE\b|\bSETTINGS\s+\w+\s*=|\bFORMAT\s+\w+\s*$", re.IGNORECASE
)


def check_read(sql: str) -> None:
    """Raise QueryRefused for a statement that is not a plain SELECT."""
    bare = _QUOTED.sub(" x ", sql)
    if not _START.match(bare):
        raise QueryRefused("A read must be a SELECT.")
    if found := _REFUSED.search(bare):
        raise QueryRefused(f"A read must not contain {found[0]!r} outside of quotes.")
