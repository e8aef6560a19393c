"""A comparison of response times, which shows whether a timing attack can distinguish two kinds of requests."""

import http.client
import math
import random
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

SIGNIFICANT = 0.001
SHARE_OF_MEDIAN = 0.1


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    method: str = "GET"
    body: str | None = None


class Comparison(NamedTuple):
    """Two medians in microseconds, and the p-value of the Mann-Whitney U test."""

    first: float
    second: float
    p: float

    @property
    def difference(self) -> float:
        return abs(self.first - self.second)

    @property
    def is_distinguishable(self) -> bool:
        return self.p < SIGNIFICANT and self.difference > SHARE_OF_MEDIAN * min(self.first, self.second)


class Timed(NamedTuple):
    """The distinct responses to each kind of request, and the comparison of their times."""

    comparison: Comparison
    answers: list[set[tuple[int, bytes]]]


def compute_p_value(first: list[float], second: list[float]) -> float:
    """Return the p-value of the two-sided Mann-Whitney U test, by the normal approximation."""
    ranked = sorted([(value, True) for value in first] + [(value, False) for value in second])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ranked, start=1) if is_first)
    total = len(ranked) + 1
    deviation = math.sqrt(len(first) * len(second) * total / 12)
    return math.erfc(abs(ranks - len(first) * total / 2) / deviation / math.sqrt(2))


def compare(base: str, kinds: tuple[Callable[[], Request], Callable[[], Request]], each: int, seed: str) -> Timed:
    """Send `each` requests of each kind in a random order, one after the other on one connection."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    order = [0, 1] * each
    random.Random(seed).shuffle(order)
    times: list[list[float]] = [[], []]
    answers: list[set[tuple[int, bytes]]] = [set(), set()]
    for kind in order:
        request = kinds[kind]()
        started = time.perf_counter_ns()
        connection.request(request.method, request.path, request.body, request.headers)
        answer = connection.getresponse()
        body = answer.read()
        times[kind].append((time.perf_counter_ns() - started) / 1000)
        answers[kind].add((answer.status, body))
    connection.close()
    first, second = times
    return Timed(
        Comparison(statistics.median(first), statistics.median(second), compute_p_value(first, second)), answers
    )
