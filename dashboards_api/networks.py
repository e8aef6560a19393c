"""The network that represents an IP address in limits."""

import ipaddress
from functools import lru_cache

# A client with one IPv6 address usually has a whole network with a prefix of this length.
IPV6_NETWORK = 64


@lru_cache(maxsize=4096)
def get_network(address: str) -> str:
    """Return the /64 network of an IPv6 address, an IPv4 address itself, or the text if it is not an IP address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
