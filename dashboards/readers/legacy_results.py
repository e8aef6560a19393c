"""Results of legacy filters in the format that older clients expect."""

from collections.abc import Mapping
from typing import Any

import orjson

_VALUES = ("breakdown", "breakdown_value")


def unwrap_breakdown(raw_results: str, filters: Mapping[str, Any]) -> str:
    """Return the result of a funnel, with each list of one breakdown value replaced by the value.

    PostHog returns this format if a body names its insight and contains one property as a string, because clients that
    send such bodies are older than breakdowns by several properties.
    """
    is_old = filters.get("insight") == "FUNNELS" and filters.get("breakdown_type") in ("event", "person")
    if not is_old or not isinstance(filters.get("breakdown"), str):
        return raw_results
    funnels = orjson.loads(raw_results)
    if isinstance(funnels, list):
        for step in (step for funnel in funnels if isinstance(funnel, list) for step in funnel):
            step.update({name: step[name][0] for name in _VALUES if isinstance(step.get(name), list) and step[name]})
    return orjson.dumps(funnels).decode()
