"""Messages on the engine's Unix socket: a JSON header and a body of bytes, each with its length before it.

JSON and never pickle: a message that anything else wrote into the socket can do no more than the operations allow.
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
HEADER_BYTES_MAX = 8 * 1024 * 1024
BODY_BYTES_MAX = 512 * 1024 * 1024
# The address of a Unix socket has 108 bytes on Linux and 104 on macOS, with a zero at its end.
ADDRESS_BYTES_MAX = 103
# The first byte on each connection. Without it, one that a dying engine has taken looks like a statement that it ran.
GREETING = b"\n"
_LENGTHS = struct.Struct(">IQ")


class ProtocolError(Exception):
    """A message that is too large, or no message."""


def send_message(connection: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    encoded = orjson.dumps(header)
    if len(encoded) > HEADER_BYTES_MAX or len(body) > BODY_BYTES_MAX:
        raise ProtocolError(f"the message has {len(encoded)} + {len(body)} bytes")
    connection.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded)
    if body:
        connection.sendall(body)


def receive_message(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Return a header and a body; None where the other side ended the connection between messages."""
    lengths = _receive(connection, _LENGTHS.size)
    if not lengths:
        return None
    header_length, body_length = _LENGTHS.unpack(lengths)
    if header_length > HEADER_BYTES_MAX or body_length > BODY_BYTES_MAX:
        raise ProtocolError(f"the message has {header_length} + {body_length} bytes")
    header = orjson.loads(_receive(connection, header_length))
    if not isinstance(header, dict):
        raise ProtocolError("the header is no object")
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
def socket_address(folder: Path) -> Iterator[str]:
    """Give an address of the socket in a folder that is short enough, whatever the length of its path."""
    path = str(folder / SOCKET_NAME)
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX or sys.platform != "linux":
        yield path
        return
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def connect(folder: Path, timeout: float | None) -> socket.socket:
    """Connect to the engine of a folder. Raises OSError where none answers: FileNotFoundError, ConnectionError."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        with socket_address(folder) as address:
            connection.connect(address)
        _receive_greeting(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _receive_greeting(connection: socket.socket) -> None:
    if connection.recv(len(GREETING)) != GREETING:
        raise ConnectionRefusedError("the engine ends")


def listen(folder: Path) -> socket.socket:
    """Listen on the socket of a folder, which its owner alone can use."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        (folder / SOCKET_NAME).unlink(missing_ok=True)
        with socket_address(folder) as address:
            listener.bind(address)
    finally:
        os.umask(mask)
    listener.listen(64)
    return listener
