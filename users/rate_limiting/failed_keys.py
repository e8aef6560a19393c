"""Limit requests with invalid API keys, by IP address.

Each process counts separately, in memory. A key has 256 random bits, so the limit need not be exact, and a flood of
invalid keys must not become a flood of database writes.
"""

import math

from dashboards_api.networks import get_network

# The limit of invalid keys per network and clock minute.
MAX_FAILURES = 60
WINDOW_SECONDS = 60
# Further networks are not counted in the same minute, which bounds the memory to a few megabytes.
MAX_ADDRESSES = 10_000


class FailedKeyCounter:
    """The failures of the current minute, by IPv4 address or IPv6 network."""

    def __init__(self) -> None:
        self.minute = 0
        self.failures: dict[str, int] = {}

    def record_failure(self, address: str, now: float) -> int:
        """Count a failure at the Unix time `now`. Return the seconds to wait, or 0 below the limit."""
        minute = int(now // WINDOW_SECONDS)
        if minute != self.minute:
            self.minute, self.failures = minute, {}
        network = get_network(address)
        failed = self.failures.get(network, 0) + 1
        if failed > 1 or len(self.failures) < MAX_ADDRESSES:
            self.failures[network] = failed
        return math.ceil((minute + 1) * WINDOW_SECONDS - now) if failed > MAX_FAILURES else 0


failed_key_counter = FailedKeyCounter()
