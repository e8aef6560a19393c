"""Results of LifecycleQuery: a series for each status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queries.results.labels import format_days, format_labels

STATUSES = ("new", "returning", "resurrecting", "dormant")
NEW, RETURNING, RESURRECTING, DORMANT = range(len(STATUSES))


@dataclass(frozen=True)
class LifecycleSeries:
    """The intervals of the series, and their event."""

    buckets: tuple[datetime, ...]
    interval: str
    event: str | None
    label: str
    custom_name: str | None

    def build(self, counts: Mapping[int, Sequence[int]]) -> list[dict[str, Any]]:
        """Return the series. `counts` has the numbers of persons by status. Counts of dormant persons are negated."""
        days, labels = format_days(self.buckets, self.interval), format_labels(self.buckets, self.interval)
        results = []
        for status, name in enumerate(STATUSES):
            data = [-number for number in counts[status]] if status == DORMANT else list(counts[status])
            texts = {"label": f"{self.label} - {name}", "status": name}
            results.append(
                {
                    "action": self._build_action(),
                    "data": data,
                    "count": sum(data),
                    "labels": labels,
                    "days": days,
                    **texts,
                }
            )
        return results

    def _build_action(self) -> dict[str, Any]:
        action = {"id": self.event, "name": self.label, "type": "events", "order": 0, "math": "total"}
        return action if self.custom_name is None else {**action, "custom_name": self.custom_name}
