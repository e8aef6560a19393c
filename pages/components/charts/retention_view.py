"""Retention tables: each cell with its share, its count and a shade."""

import math
from typing import Any

from pages.components.charts.formats import format_number, format_share
from pages.components.charts.shapes import Cell, Retention

# The number of shades in the style sheet.
SHADES = 10


def build_retention_view(found: Retention) -> dict[str, Any]:
    cohorts = [cohort for _, rows in found.groups for cohort in rows]
    return {
        "columns": found.columns,
        "groups": [
            {
                "name": name,
                "rows": [
                    {"label": row.label, "size": row.size, "cells": [_build_cell(cell) for cell in row.cells]}
                    for row in rows
                ],
            }
            for name, rows in found.groups
        ],
        "reference": found.reference,
        "width": len(found.columns) + 2,
        "is_incomplete": any(cell.is_incomplete for cohort in cohorts for cell in cohort.cells),
        "note": found.note,
    }


def _build_cell(cell: Cell) -> dict[str, Any]:
    share = "" if cell.share is None else format_share(cell.share, 1) or "0%"
    return {
        "text": share or ("" if cell.persons is None else format_number(cell.persons)),
        "count": format_number(cell.persons) if share and cell.persons is not None else "",
        "shade": get_shade(cell),
        "is_incomplete": cell.is_incomplete,
    }


def get_shade(cell: Cell) -> int:
    """Return the shade of a cell, from 0 for an empty or zero share to 10."""
    return min(SHADES, math.ceil((cell.share or 0) * SHADES))
