"""Timestamps in results, written with the offset of their column's time zone so that they are unambiguous."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Rows = Sequence[Sequence[Any]]

_MOMENT = re.compile(r"(?:Nullable\()?DateTime(?:64\(\d+(?:, '(?P<zone64>[^']+)')?\)|(?:\('(?P<zone>[^']+)'\))?)\)?")


def localize_rows(rows: Rows, types: Sequence[str]) -> list[list[Any]]:
    """Return rows with timestamps in the time zones of their columns: `2026-03-29T02:30:00+02:00`.

    The engine writes timestamps in UTC. `types` are ClickHouse types. Timestamps inside arrays stay in UTC.
    """
    zones = [(index, zone) for index, kind in enumerate(types) if (zone := _find_zone(kind))]
    localized = [list(row) for row in rows]
    for row in localized:
        for index, zone in zones:
            if isinstance(row[index], str):
                row[index] = _localize(row[index], zone)
    return localized


def _find_zone(kind: str) -> ZoneInfo | None:
    """Return the time zone of a column of timestamps, or None for another type."""
    found = _MOMENT.fullmatch(kind)
    return ZoneInfo(found["zone64"] or found["zone"] or "UTC") if found else None


def _localize(text: str, zone: ZoneInfo) -> str:
    local = datetime.fromisoformat(text).astimezone(zone)
    return local.isoformat() if local.utcoffset() else local.astimezone(UTC).isoformat().replace("+00:00", "Z")
