"""A time limit for responses that the client does not read.

Without a limit, a client that requests a large response and does not read it keeps the response in memory, and a
connection open, until the client disconnects. The server has no option for this limit, but Linux has TCP_USER_TIMEOUT.
Since Linux 5.11, the option also closes connections whose client has closed its receive window. Connections inherit the
option from the listening socket.
"""

import os
import socket
import stat
import sys

import structlog

UNREAD_MILLISECONDS = 30_000

logger = structlog.get_logger("dashboards_api.edge")


def limit_unread_responses(milliseconds: int = UNREAD_MILLISECONDS) -> None:
    """Let the kernel close connections of this process whose client reads nothing for the given time.

    The server opens its sockets outside of Python, so they are found among the open files.
    """
    if sys.platform != "linux":
        return
    found = [limit_listener(int(name), milliseconds) for name in os.listdir("/proc/self/fd")]
    if not any(found):
        logger.warning("no listening socket found: unread responses have no time limit")


def limit_listener(descriptor: int, milliseconds: int) -> bool:
    """Set TCP_USER_TIMEOUT on a listening TCP socket. Return whether the descriptor is such a socket."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return False
        candidate = socket.socket(fileno=descriptor)
    except OSError:  # the closed descriptor of the listing itself
        return False
    try:
        is_listener = candidate.family in (socket.AF_INET, socket.AF_INET6) and bool(
            candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        )
        if is_listener:
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        return is_listener
    finally:
        candidate.detach()  # do not close the descriptor
