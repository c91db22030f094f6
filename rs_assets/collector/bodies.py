"""A request's body, as bytes, within limits.

Belongs here: reading it, undoing gzip and br, and what stands for it where it is too large. Does not belong here:
what it says.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from rs_assets.log.payload import TooLarge

KEPT_BYTES = 1 << 20
"""A larger body is not kept whole, whether it came so or was unpacked."""
SENT_BYTES = 64 << 20
"""Of a larger one no more is read; it is refused."""
SECONDS = 30.0
"""A body takes no longer."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Unread(Exception):
    """A body that was not read to its end: the status that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def read(receive: Receive) -> bytes | TooLarge:
    """The body as it was sent.

    Raises:
        Unread: it is cut off, endless, or slow.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        return whole if len(whole) <= KEPT_BYTES else TooLarge(whole)
    try:
        async with asyncio.timeout(SECONDS):
            return await _parts(message, receive)
    except TimeoutError:
        raise Unread(408, "The body took too long.") from None


async def _parts(message: Message, receive: Receive) -> bytes | TooLarge:
    data, large = bytearray(), None
    while True:
        if message["type"] == "http.disconnect":
            raise Unread(400, "The request ended before its body did.")
        part = message.get("body", b"")
        if large is not None:
            large.add(part)
            if large.size > SENT_BYTES:
                raise Unread(413, f"A body has at most {SENT_BYTES:,} bytes.")
        else:
            data += part
            if len(data) > KEPT_BYTES:
                large = TooLarge(bytes(data))
        if not message.get("more_body", False):
            return bytes(data) if large is None else large
        message = await receive()


def unpacked(sent: bytes, encoding: str) -> bytes | TooLarge:
    """A body without its encoding (`gzip`, `deflate`, `br`); what cannot be unpacked stays as it was sent.

    No more than `KEPT_BYTES` and a buffer are unpacked of any; what has more is too large.
    """
    try:
        if encoding in ("gzip", "x-gzip"):
            data, whole = _inflated(sent, 31)
        elif encoding == "deflate":
            data, whole = _inflated(sent, 15)
        elif encoding == "br":
            data, whole = _of_brotli(sent)
        else:
            return sent
    except ValueError:
        return sent
    if len(data) > KEPT_BYTES:
        return TooLarge(sent, shown=data, encoding=encoding)
    return data if whole else sent


def _inflated(sent: bytes, window: int) -> tuple[bytes, bool]:
    unpacking = zlib.decompressobj(window)
    try:
        return unpacking.decompress(sent, KEPT_BYTES + 1), unpacking.eof and not unpacking.unused_data
    except zlib.error as problem:
        raise ValueError(str(problem)) from None


def _of_brotli(sent: bytes) -> tuple[bytes, bool]:
    import brotli  # type: ignore[import-untyped]

    unpacking, data, rest = brotli.Decompressor(), bytearray(), sent
    try:
        while len(data) <= KEPT_BYTES:
            found = unpacking.process(rest, output_buffer_limit=KEPT_BYTES + 1 - len(data))
            data += found
            rest = b""
            if not found or unpacking.is_finished():
                break
        return bytes(data), unpacking.is_finished()
    except brotli.error as problem:
        raise ValueError(str(problem)) from None
