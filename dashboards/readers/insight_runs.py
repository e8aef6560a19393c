"""The results of a dashboard's insights without the rest of it, as JSON or as compact text for language models."""

from collections.abc import Iterable
from typing import Any, Literal

import orjson

from users.readers import Row

OutputFormat = Literal["optimized", "json"]
INSIGHT_FIELDS = ("id", "short_id", "name", "derived_name")
TEXT_CHARACTERS_MAX = 20_000
CUT = "\n… (cut: the result is longer)"


def build_insight_runs(tiles: Iterable[Row], output_format: OutputFormat, max_characters: int) -> list[Row]:
    """Return a row for each tile with a query, in their order: `{id, order, insight}`.

    `max_characters` limits each text; 0 is the default limit.
    """
    limit = max_characters or TEXT_CHARACTERS_MAX
    runs: list[Row] = []
    for tile in tiles:
        insight = tile["insight"]
        if insight is None or insight["query"] is None:
            continue
        result = insight["result"] if output_format == "json" else format_result(insight, limit)
        shown = {name: insight[name] for name in INSIGHT_FIELDS}
        runs.append({"id": tile["id"], "order": len(runs), "insight": {**shown, "result": result}})
    return runs


def format_result(insight: Row, limit: int) -> str | None:
    """Return a result as text: rows of SQL as lines, with the columns first; series as JSON. None without a result."""
    if insight["result"] is None:
        status = insight["query_status"]
        return f"Error: {status['error_message']}" if status and status["error"] else None
    rows = orjson.loads(orjson.dumps(insight["result"]))
    text = _format_rows(insight["columns"], rows) if insight["columns"] else orjson.dumps(rows).decode()
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def _format_rows(columns: list[str], rows: list[list[Any]]) -> str:
    lines = ("|".join(map(_format_value, row)) for row in rows)
    return "\n".join(["|".join(columns), *lines])


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
