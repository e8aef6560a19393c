"""Results as text for language models: tab-separated tables, and lists of names."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

# About 25,000 tokens, because a larger text could fill the context window of a model.
MAX_CONTENT_CHARACTERS = 100_000
MAX_VALUE_CHARACTERS = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_CUT = "…"


def format_table(columns: Sequence[str], rows: Sequence[Any], *, has_more: bool, truncate: bool) -> str:
    """Return rows as a string with the names of the columns in the first line. `truncate` shortens long values.

    Tabs, line breaks and backslashes are escaped. A last line reports omitted rows.
    """
    limit = MAX_VALUE_CHARACTERS if truncate else MAX_CONTENT_CHARACTERS
    lines = ["\t".join(_format_value(name, limit) for name in columns)]
    size = len(lines[0])
    for row in rows:
        line = "\t".join(_format_value(value, limit) for value in (row if isinstance(row, list) else [row]))
        size += len(line) + 1
        if size > MAX_CONTENT_CHARACTERS:
            break
        lines.append(line)
    shown = len(lines) - 1
    if shown < len(rows):
        lines.append(f"({shown} of {len(rows)} rows. A text has at most {MAX_CONTENT_CHARACTERS:,} characters.)")
    elif has_more:
        lines.append("(There are more rows. Use LIMIT and OFFSET.)")
    return "\n".join(lines)


def format_names(title: str, names: Iterable[str], *, has_more: bool) -> str:
    """Return a title and names as a string, one per line."""
    lines = [title, *(_format_value(name, MAX_CONTENT_CHARACTERS) for name in names)]
    return "\n".join([*lines, "(There are more names. Use `limit` and `offset`.)"] if has_more else lines)


def _format_value(value: Any, limit: int) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = text if len(text) <= limit else text[:limit] + _CUT
    return text.translate(_ESCAPES)
