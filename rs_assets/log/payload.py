"""A payload as a member of an envelope: what a receiver writes of the bytes that it was sent.

Belongs here: choosing `body`, `body_text` or `body_base64`, and what stands for a body that is too large to be kept.
Does not belong here: frames of requests (`envelope`), or what a payload says.
"""

from __future__ import annotations

import base64
import hashlib

import orjson

FIRST_BYTES = 1024
"""Of a body that is too large, so many are kept."""


def member(payload: bytes) -> bytes:
    """The member that holds a payload: as it was sent where it is JSON, but for its line breaks."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return b'"body_base64":"' + base64.b64encode(payload) + b'"'
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return b'"body_text":' + orjson.dumps(text)
    # Between the tokens of JSON only: inside of its strings there is no line break.
    return b'"body":' + payload.replace(b"\r", b" ").replace(b"\n", b" ")


class TooLarge:
    """What is known of a body that is not kept: its size, its digest, how it begins.

    Args:
        first: the bytes that came so far, all of them.
        shown: what to keep the first bytes of; `first` unless given.
        encoding: how the bytes are packed, where `shown` is what they unpack to.
    """

    def __init__(self, first: bytes, *, shown: bytes | None = None, encoding: str | None = None) -> None:
        self.size, self._digest, self._encoding = 0, hashlib.sha256(), encoding
        self._first = (first if shown is None else shown)[:FIRST_BYTES]
        self.add(first)

    def add(self, part: bytes) -> None:
        """The next bytes."""
        self.size += len(part)
        self._digest.update(part)

    def member(self) -> bytes:
        """The member that stands for it: `body_too_large`, with `bytes`, `sha256` and `first_base64`."""
        said = {
            "bytes": self.size,
            "sha256": self._digest.hexdigest(),
            "first_base64": base64.b64encode(self._first).decode(),
            **({"content_encoding": self._encoding} if self._encoding else {}),
        }
        return b'"body_too_large":' + orjson.dumps(said)
