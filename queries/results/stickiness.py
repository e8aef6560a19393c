"""Results of StickinessQuery: the numbers of persons by the number of intervals in which they were active."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StickinessSeries:
    """One series in one period. `size` is the number of intervals. Without a comparison, `compare_label` is None."""

    order: int
    event: str | None
    label: str
    custom_name: str | None
    interval: str
    size: int
    is_cumulative: bool
    compare_label: str | None

    def build(self, counts: Mapping[int, int]) -> dict[str, Any]:
        """Return the series. `counts` are the numbers of persons by the number of intervals."""
        exact = [counts.get(number, 0) for number in range(1, self.size + 1)]
        result: dict[str, Any] = {
            "action": self._build_action(),
            "label": self.label,
            "count": sum(exact),
            "data": [sum(exact[place:]) for place in range(self.size)] if self.is_cumulative else exact,
            "days": list(range(1, self.size + 1)),
            "labels": [self._format_label(number) for number in range(1, self.size + 1)],
        }
        if self.compare_label is not None:
            result |= {"compare": True, "compare_label": self.compare_label}
        return result

    def _build_action(self) -> dict[str, Any]:
        names = {"id": self.event, "name": self.label, "custom_name": self.custom_name}
        return {**names, "type": "events", "order": self.order}

    def _format_label(self, number: int) -> str:
        unit = self.interval if number == 1 else f"{self.interval}s"
        return f"{number} {unit} or more" if self.is_cumulative else f"{number} {unit}"
