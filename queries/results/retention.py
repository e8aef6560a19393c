"""Results of RetentionQuery: for each breakdown value, a table with one row for each cohort."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queries.results.labels import format_moment

Cells = Mapping[tuple[int, int], int]
"""Numbers of persons by cohort and by the number of intervals until they returned."""


@dataclass(frozen=True)
class RetentionTable:
    """The dimensions of a table. `starts` are the starts of its cohorts, and `period` is the name of an interval."""

    starts: tuple[datetime, ...]
    period: str
    columns: int

    def build(self, cells: Cells, breakdown_value: str | None = None) -> list[dict[str, Any]]:
        """Return the rows. Cells after the last interval are zeros."""
        return [
            {
                "date": format_moment(start),
                "label": f"{self.period} {row}",
                "values": [
                    {"count": cells.get((row, column), 0), "label": f"{self.period} {column}"}
                    for column in range(self.columns)
                ],
                "breakdown_value": breakdown_value,
            }
            for row, start in enumerate(self.starts)
        ]
