"""Request metrics for Prometheus at `/metrics`, if METRICS_TOKEN is set. Without the token, nothing is measured.

`prometheus_client` is imported on first use only, because it takes memory and reads PROMETHEUS_MULTIPROC_DIR at import.
`dashboards_api/server.py` creates the folder that this variable names, so that the metrics cover all workers, including
terminated workers.
"""

import os
from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from dashboards_api.http.middleware import GetResponse
from dashboards_api.http.waiting import is_held_back

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
UNAVAILABLE = 503

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="metrics"'}

Add = Callable[[float], None]


class MetricsMiddleware:
    """Middleware that times requests by route, method and status class. Clients cannot create new label values."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.requests, self.faults = _create_metrics()
        self.known: dict[tuple[str, str, int], Add] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        response = self.get_response(request)
        if is_held_back(request):
            return response
        match = request.resolver_match
        labels = (match.route if match else "", request.method or "", response.status_code // 100)
        (self.known.get(labels) or self.get_observer(labels))(perf_counter() - started)
        if response.status_code == UNAVAILABLE:
            self.faults.inc()
        return response

    def get_observer(self, labels: tuple[str, str, int]) -> Add:
        """Return the function that observes requests with the given labels, and cache it for standard methods."""
        route, method, status = labels
        is_standard = method in METHODS
        add: Add = self.requests.labels(route or "unmatched", method if is_standard else "other", f"{status}xx").observe
        if is_standard:
            self.known[labels] = add
        return add


def render_prometheus_metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients with METRICS_TOKEN. For other clients, return 401, or 404 if no token is set."""
    if not settings.METRICS_TOKEN:
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        return HttpResponse("The token is wrong.\n", status=401, content_type="text/plain", headers=_CHALLENGE)
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if FOLDER_VARIABLE in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped there
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@cache
def _create_metrics() -> tuple[Any, Any]:
    """Create the histogram of requests and the counter of responses with 503, once for each process."""
    from prometheus_client import Counter, Histogram

    requests = Histogram(
        "dashboards_request_duration_seconds",
        "Time from the first middleware to the response. Waiting for a thread and sending are not included.",
        ["route", "method", "status"],
        buckets=BUCKETS,
    )
    faults = Counter(
        "dashboards_database_unavailable", "Responses with 503: the database was unavailable or cancelled a statement."
    )
    return requests, faults
