"""The IP address on which a server listens, and the URL that users open in a browser."""

import ipaddress
import os
from contextlib import suppress

from django.conf import settings

from dashboards_api.data_dir import write_private
from dashboards_api.environment_reader import StartError

MAX_PORT = 65535
DEFAULT_ADDRESS = "http://127.0.0.1:8000"
FILE_NAME = "address"  # of the file in DATA_DIR


def get_browser_url(address: str, port: int) -> str:
    """Return the URL for a browser: PUBLIC_URL, or else a URL with the IP address and the port.

    The loopback address replaces the unspecified address, which stands for all IP addresses of the machine.
    """
    ip = ipaddress.ip_address(address)
    if ip.is_unspecified:
        ip = ipaddress.ip_address("127.0.0.1" if ip.version == 4 else "::1")
    return settings.PUBLIC_URL or f"http://{format_host(str(ip))}:{port}"


def format_host(address: str) -> str:
    """Return an IP address as it is written in URLs and `Host` headers."""
    return f"[{address}]" if ":" in address else address


def build_server_environment(address: str) -> dict[str, str]:
    """Return the environment of a server that listens on one IP address and accepts it as a `Host`."""
    host = format_host(address)
    if ipaddress.ip_address(address).is_unspecified or {host, "*"} & {*settings.ALLOWED_HOSTS}:
        return dict(os.environ)
    others = {name: value for name, value in os.environ.items() if name != "ALLOWED_HOSTS_FILE"}
    return {**others, "ALLOWED_HOSTS": ",".join([*settings.ALLOWED_HOSTS, host])}


def store_address(address: str) -> None:
    """Store the URL for commands that print links. Errors are ignored, since the service may not need DATA_DIR."""
    with suppress(StartError):
        write_private(settings.DATA_DIR / FILE_NAME, f"{address}\n")


def load_address() -> str:
    """Return the URL at the last start of the service, or the default URL."""
    with suppress(OSError):
        return (settings.DATA_DIR / FILE_NAME).read_text().strip() or DEFAULT_ADDRESS
    return DEFAULT_ADDRESS
