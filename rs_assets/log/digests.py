"""What a log date's bytes are, as one digest.

Belongs here: the data version of a partition of `raw_events`, computed from the bytes. Does not belong here:
remembering digests (`seals`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from rs_assets.log.layout import RawLog, Segment

READ_BYTES = 1 << 20


def segment_digest(log: RawLog, segment: Segment, advance: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a segment's bytes as they lie, compressed or not; `advance` hears of bytes as they are read."""
    sha = hashlib.sha256()
    with log.reading(segment) as file:
        while data := file.read(READ_BYTES):
            sha.update(data)
            if advance:
                advance(len(data))
    return sha.hexdigest()


def log_date_digest(log: RawLog, log_date: str) -> str:
    """One digest over the names and bytes of all segments of a log date; the empty date has one, too."""
    return combined((segment.place, segment_digest(log, segment)) for segment in log.segments(log_date))


def combined(segments: Iterable[tuple[str, str]]) -> str:
    """The digest of a log date whose segments have these places and digests, in the order in which they are read."""
    sha = hashlib.sha256()
    for place, digest in segments:
        sha.update(f"{place} {digest}\n".encode("utf-8", "surrogatepass"))  # a name may be no UTF-8
    return sha.hexdigest()
