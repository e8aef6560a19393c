"""How often keys from one network address were wrong lately.

Each process counts for itself, in memory: a key has 256 random bits, so the count need not be exact, and a flood of
wrong keys must not become one of writes.
"""

import math

from dashboards_api.networks import network_of

# So many wrong keys in each minute of the clock.
FAILURES = 60
SECONDS = 60
# Addresses beyond these are not counted in that minute: what is held stays within a few megabytes.
MANY_ADDRESSES = 10_000


class FailedKeys:
    """The failures of the current minute, by address or IPv6 network."""

    def __init__(self) -> None:
        self.minute = 0
        self.failures: dict[str, int] = {}

    def wait_after_failure(self, address: str, now: float) -> int:
        """Count a failure at `now`, in seconds since 1970: for how many seconds there is no use in trying, or 0."""
        minute = int(now // SECONDS)
        if minute != self.minute:
            self.minute, self.failures = minute, {}
        network = network_of(address)
        failed = self.failures.get(network, 0) + 1
        if failed > 1 or len(self.failures) < MANY_ADDRESSES:
            self.failures[network] = failed
        return math.ceil((minute + 1) * SECONDS - now) if failed > FAILURES else 0


OWN = FailedKeys()
