"""How often keys from one network address were wrong lately.

Each process counts for itself, in memory: a key has 256 random bits, so the count need not be exact, and a flood of
wrong keys must not become one of writes.
"""

import math

from dashboards_api.networks import network_of

# So many wrong keys in each minute of the clock.
MAX_FAILURES = 60
WINDOW_SECONDS = 60
# Addresses beyond these are not counted in that minute: what is held stays within a few megabytes.
MAX_ADDRESSES = 10_000


class FailedKeyCounter:
    """The failures of the current minute, by address or IPv6 network."""

    def __init__(self) -> None:
        self.minute = 0
        self.failures: dict[str, int] = {}

    def record_failure(self, address: str, now: float) -> int:
        """Count a failure at `now`, in seconds since 1970: for how many seconds there is no use in trying, or 0."""
        minute = int(now // WINDOW_SECONDS)
        if minute != self.minute:
            self.minute, self.failures = minute, {}
        network = network_of(address)
        failed = self.failures.get(network, 0) + 1
        if failed > 1 or len(self.failures) < MAX_ADDRESSES:
            self.failures[network] = failed
        return math.ceil((minute + 1) * WINDOW_SECONDS - now) if failed > MAX_FAILURES else 0


failed_key_counter = FailedKeyCounter()
