"""The colors of breakdown values: a list of objects with `breakdownValue` and `colorToken`."""

import re
from collections.abc import Sequence
from typing import Any

from dashboards_api.db.fields import dump_json
from dashboards_api.errors import ValidationFailed

SOURCES = ("auto", "manual")
_TOKEN = re.compile(r"preset-[1-9][0-9]{0,2}", re.ASCII)


def check_breakdown_colors(colors: Sequence[Any], stored: Sequence[Any], attr: str = "breakdown_colors") -> None:
    """Raise ValidationFailed for the first invalid color, at its path. Stored colors may be sent back unchanged."""
    kept = {dump_json(color) for color in stored}
    for index, color in enumerate(colors):
        fault = _find_error(color)
        if fault and dump_json(color) not in kept:
            key, detail = fault
            raise ValidationFailed(detail, attr=f"{attr}__{index}__{key}")


def _find_error(color: dict[str, Any]) -> tuple[str, str] | None:
    """Return the first invalid field of a color and its error message, or None if the color is valid."""
    token, source = color.get("colorToken"), color.get("source")
    if token is not None and not (isinstance(token, str) and _TOKEN.fullmatch(token)):
        return "colorToken", "This must be null or the name of a preset, such as preset-1."
    if source is not None and source not in SOURCES:
        return "source", "This must be auto or manual."
    if not isinstance(color.get("breakdownType"), str | None):
        return "breakdownType", "This must be a string."
    if not isinstance(color.get("breakdownProperty"), str | int | list | None):
        return "breakdownProperty", "This must be a string, a number or a list of them."
    return None
