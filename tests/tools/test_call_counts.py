"""The files and calls of product code in each request are within the limits of `benchmarks/call_counts.py`."""

import json

from benchmarks.call_count_requests import build_requests
from benchmarks.call_counts import LIMITS, trace
from dashboards_api.parsing import parse_int


def test_no_request_exceeds_its_limits(db: None) -> None:
    walks = {name: trace(call) for name, call in build_requests()}
    assert walks.keys() == LIMITS.keys()
    counts = {name: (len(walk.files), walk.calls.total()) for name, walk in walks.items()}
    assert {name: counts[name] for name, walk in walks.items() if not walk.is_within(LIMITS[name])} == {}


def test_trace_counts_calls_of_product_code_only() -> None:
    walk = trace(lambda: [parse_int(text) for text in json.loads('["1", "2"]')])
    assert walk.files == {"dashboards_api/parsing.py"}
    assert walk.calls == {"dashboards_api/parsing.py:parse_int": 2}
