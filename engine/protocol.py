"""Messages on the engine's Unix socket: two lengths, a JSON header, and a body of bytes.

The header is JSON and never pickle, so that a message of another program cannot cause arbitrary code execution.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

SOCKET_NAME = "engine.sock"
MAX_HEADER_BYTES = 8 * 1024 * 1024
MAX_BODY_BYTES = 512 * 1024 * 1024
# The path of a Unix socket has at most 108 bytes on Linux and 104 on macOS, including a terminating zero.
MAX_ADDRESS_BYTES = 103
# The first byte that the engine sends on each connection. Without it, a connection that the engine accepted just before
# its end would look like a connection that was lost while a statement ran.
GREETING = b"\n"
_LENGTHS = struct.Struct(">IQ")


class ProtocolError(Exception):
    """A message that is too large or malformed."""


def send_message(connection: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    encoded = orjson.dumps(header)
    if len(encoded) > MAX_HEADER_BYTES or len(body) > MAX_BODY_BYTES:
        raise ProtocolError(f"the message of {len(encoded)} + {len(body)} bytes is too large")
    connection.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded)
    if body:
        connection.sendall(body)


def receive_message(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return a header and a body, or None if the peer closed the connection between messages."""
    lengths = _receive(connection, _LENGTHS.size)
    if not lengths:
        return None
    header_length, body_length = _LENGTHS.unpack(lengths)
    if header_length > MAX_HEADER_BYTES or body_length > MAX_BODY_BYTES:
        raise ProtocolError(f"the message of {header_length} + {body_length} bytes is too large")
    header = orjson.loads(_receive(connection, header_length))
    if not isinstance(header, dict):
        raise ProtocolError("the header is not an object")
    return header, bytes(_receive(connection, body_length))


def _receive(connection: socket.socket, length: int) -> bytearray:
    received = bytearray(length)
    view, count = memoryview(received), 0
    while count < length:
        if not (got := connection.recv_into(view[count:])):
            if count == 0 and length == _LENGTHS.size:
                return bytearray()
            raise ConnectionResetError("the connection ended within a message")
        count += got
    return received


@contextmanager
def get_socket_address(folder: Path) -> Iterator[str]:
    """Yield a path of the socket in a folder. On Linux, it is short even if the path of the folder is long."""
    path = str(folder / SOCKET_NAME)
    if len(os.fsencode(path)) <= MAX_ADDRESS_BYTES or sys.platform != "linux":
        yield path
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def connect(folder: Path, timeout: float | None) -> socket.socket:
    """Connect to the engine of a folder. Raises OSError if no engine responds: FileNotFoundError or ConnectionError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with get_socket_address(folder) as address:
            connection.connect(address)
        _receive_greeting(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _receive_greeting(connection: socket.socket) -> None:
    if connection.recv(len(GREETING)) != GREETING:
        raise ConnectionRefusedError("the engine is stopping")


def listen(folder: Path) -> socket.socket:
    """Listen on the Unix socket in a folder. Only the owner of the socket can connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        (folder / SOCKET_NAME).unlink(missing_ok=True)
        with get_socket_address(folder) as address:
            listener.bind(address)
    finally:
        os.umask(mask)
    listener.listen(64)
    return listener
