"""Limits on the size, the duration and the number of request bodies.

A body that exceeds a limit becomes a stream that raises an error when it is read. The order of errors is therefore
kept: a request without an API key is refused with 401, even if its body is too large (413). A `Content-Length` is added
to chunked bodies, because Django would silently drop bodies without this header.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

KIB = 1024
MIB = 1024 * 1024
SMALL_BODY_BYTES = 64 * KIB  # the default, and the limit without credentials
# Urlencoded forms take 0.2 s of CPU time per megabyte. A description of 10,000 characters has at most 120 kB.
FORM_BYTES = MIB
LARGE_BODY_BYTES = 20 * MIB  # for tiles, queries and template documents
BODY_TIMEOUT_SECONDS = 60.0
# Memory of large bodies in one process, in total and for one network.
MEMORY_BYTES = 128 * MIB
MEMORY_BYTES_PER_NETWORK = 64 * MIB
# The bytes of an oversized body that are read and discarded, so that a client that sends its whole body first can then
# read the response.
DRAINED_BYTES = 5 * LARGE_BODY_BYTES
# The seconds without data after which the rest of a body is no longer read.
DRAIN_SECONDS = 2.0

_LARGE = re.compile(
    r"/api/(?:projects|environments)/[^/]+/(?:dashboards|insights|dashboard_templates)"
    r"(?:/[^/]+|/[^/]+/(?:tiles|create_text_tile|update_text_tile|update_tile))?/?"
)


class BodyError(OSError):
    """A body that was not received completely. Django converts an OSError to UnreadablePostError."""

    status = 400
    detail = "The request body ended before its announced length."


class BodyTooLarge(BodyError):
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.detail = f"This request body may have at most {limit} bytes."


class BodyTimeout(BodyError):
    status = 408
    detail = "The request body was not received in time."


class TooManyBodies(BodyError):
    status = 503
    detail = "The service is receiving too many large requests. Please try again."


class FailedBody:
    """A stream that raises the error of a body."""

    def __init__(self, error: BodyError) -> None:
        self.error = error

    def read(self, size: int = -1) -> bytes:
        raise self.error

    readline = read


class SharedLimit:
    """A limit that clients share. Each IP address may use only a part. Use this class in the event loop only."""

    def __init__(self, limit: int, limit_per_address: int) -> None:
        self.limit = limit
        self.limit_per_address = limit_per_address
        self.used = 0
        self.used_by: Counter[str] = Counter()

    def reserve(self, address: str, size: int) -> None:
        """Reserve `size`.

        Raises TooManyBodies if the limit for all IP addresses or for this IP address would be exceeded.
        """
        if self.used + size > self.limit or self.used_by[address] + size > self.limit_per_address:
            raise TooManyBodies
        self.used += size
        self.used_by[address] += size

    def release(self, address: str, size: int) -> None:
        self.used -= size
        self.used_by[address] -= size
        if not self.used_by[address]:
            del self.used_by[address]


def get_body_limit(path: str, *, has_credentials: bool, is_form: bool = False) -> int:
    """Return the maximum size of a body on the given path, in bytes."""
    if not has_credentials:
        return SMALL_BODY_BYTES
    if path.startswith("/projects/"):
        return FORM_BYTES
    if _LARGE.fullmatch(path):
        return FORM_BYTES if is_form else LARGE_BODY_BYTES
    return SMALL_BODY_BYTES


class BodyReader:
    """A reader of the body of one request. Call `close` after the request, to release the reserved part of `memory`."""

    def __init__(self, protocol: Any, memory: SharedLimit, address: str) -> None:
        self.protocol = protocol
        self.blocks = self._iter_blocks()
        self.memory = memory
        self.address = address
        self.reserved = 0

    async def read(self, length: int | None, limit: int, seconds: float, *, drains: bool) -> bytes:
        """Return the whole body; `length` is None for a chunked body. Raises BodyError."""
        try:
            async with asyncio.timeout(seconds):
                if length is not None and length <= SMALL_BODY_BYTES:
                    body: bytes = await self.protocol()
                else:
                    body = await self._receive(length, limit)
        except TimeoutError:
            raise BodyTimeout from None
        except BodyTooLarge:
            if drains:
                await self._drain(seconds)
            raise
        # A closed connection looks like an empty chunked body.
        if len(body) != length and (length is not None or not body):
            raise BodyError
        return body

    async def _receive(self, length: int | None, limit: int) -> bytes:
        if length is not None and length > limit:
            raise BodyTooLarge(limit)
        body = bytearray()
        async for block in self.blocks:
            body += block
            if len(body) > limit:
                raise BodyTooLarge(limit)
            self._reserve(len(body) - SMALL_BODY_BYTES)
        return bytes(body)

    def _reserve(self, size: int) -> None:
        if size > self.reserved:
            self.memory.reserve(self.address, size - self.reserved)
            self.reserved = size

    async def _iter_blocks(self) -> AsyncIterator[bytes]:
        """Yield the blocks of the body. Two loops share the generator, because the protocol is iterable only once."""
        async for block in self.protocol:
            yield block

    async def _drain(self, seconds: float) -> None:
        """Read and discard the rest of the body, until it is complete or the client sends nothing for a while."""
        loop, left = asyncio.get_running_loop(), DRAINED_BYTES
        latest = loop.time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS) as silence:
                async for block in self.blocks:
                    left -= len(block)
                    if left < 0:
                        return
                    silence.reschedule(min(loop.time() + DRAIN_SECONDS, latest))

    def close(self) -> None:
        self.memory.release(self.address, self.reserved)
        self.reserved = 0
