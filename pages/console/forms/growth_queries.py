"""The fields of lifecycles and of stickiness, and the queries that they describe."""

from typing import Any

from pages.console.forms.merging import Values, get_text
from pages.console.forms.query_parts import build_series, build_shared, pick_changed, read_series, read_shared

Json = dict[str, Any]


def read_growth(source: Json) -> Values:
    """Return the fields of a LifecycleQuery or a StickinessQuery."""
    return {**read_series(source), **read_shared(source), "interval": get_text(source, "interval", "day")}


def build_lifecycle(values: Values, base: Json) -> Json:
    """Return a LifecycleQuery. Raises ValidationFailed."""
    return _build_growth("LifecycleQuery", values, base)


def build_stickiness(values: Values, base: Json) -> Json:
    """Return a StickinessQuery. Raises ValidationFailed."""
    return _build_growth("StickinessQuery", values, base)


def _build_growth(kind: str, values: Values, base: Json) -> Json:
    return {
        **base,
        "kind": kind,
        "series": build_series(values, base, 1, "Choose an event."),
        **build_shared(values, base),
        **pick_changed(values, read_growth(base), ("interval",)),
    }
