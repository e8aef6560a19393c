"""The results of a dashboard's insights, as JSON or as compact text for language models."""

import json
from collections.abc import Iterable
from typing import Any, Literal

import orjson

from dashboards_api.db.fields import dump_json
from queries.results.tables import ResultTable, build_table
from users.readers import Row

OutputFormat = Literal["optimized", "json"]
INSIGHT_FIELDS = ("id", "short_id", "name", "derived_name")
MAX_TEXT_CHARACTERS = 20_000
_ESCAPES = str.maketrans({"\\": "\\\\", "|": "\\|", "\n": "\\n", "\r": "\\r"})
CUT = "\n… (cut: the result is longer)"


def build_insight_runs(tiles: Iterable[Row], output_format: OutputFormat, max_characters: int) -> list[Row]:
    """Return a row `{id, order, insight}` for each tile with a query or with convertible legacy filters.

    The rows have the order of the tiles. `max_characters` limits each text, and 0 selects the default limit.
    """
    limit = max_characters or MAX_TEXT_CHARACTERS
    runs: list[Row] = []
    for tile in tiles:
        insight = tile["insight"]
        if insight is None or not _has_query(insight):
            continue
        result = insight["result"] if output_format == "json" else format_result(insight, limit)
        shown = {name: insight[name] for name in INSIGHT_FIELDS}
        runs.append({"id": tile["id"], "order": len(runs), "insight": {**shown, "result": result}})
    return runs


def _has_query(insight: Row) -> bool:
    """Return whether an insight has a query, or legacy filters with a cache key or a query status."""
    return any(insight[name] is not None for name in ("query", "filters_hash", "query_status"))


def format_result(insight: Row, limit: int) -> str | None:
    """Return a result as lines with `|` between values, beginning with the column names, or None without a result."""
    if insight["result"] is None:
        status = insight["query_status"]
        return f"Error: {status['error_message']}" if status and status["error"] else None
    text = orjson.dumps(insight["result"]).decode()
    table = build_table(json.loads(text), insight["columns"])
    if table.columns:
        text = _format_rows(table, limit)
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def _format_rows(table: ResultTable, limit: int) -> str:
    """Return rows as lines up to the limit, because the rows of a dashboard may have thirty million characters."""
    lines, length = ["|".join(map(_format_value, table.columns))], 0
    for row in table.rows:
        lines.append("|".join(map(_format_value, row)))
        length += len(lines[-1])
        if length > limit:
            break
    return "\n".join(lines)


def _format_value(value: Any) -> str:
    """Return a value as one line, in which each `|` is escaped with a backslash."""
    return (value if isinstance(value, str) else dump_json(value)).translate(_ESCAPES)
