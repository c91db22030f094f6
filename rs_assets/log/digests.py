"""What a log date's bytes are, as one digest.

Belongs here: the data version of a partition of `raw_events`. Does not belong here: remembering digests.
"""

from __future__ import annotations

import hashlib

from rs_assets.errors import UserError
from rs_assets.log.layout import RawLog, Segment

READ_BYTES = 1 << 20


def segment_digest(log: RawLog, segment: Segment) -> str:
    """The SHA-256 of a segment's bytes as they lie, compressed or not."""
    sha = hashlib.sha256()
    try:
        with log.fs.open(segment.path, "rb") as file:
            while data := file.read(READ_BYTES):
                sha.update(data)
    except OSError as problem:
        raise UserError(f"The segment {segment.place} cannot be read: {problem}.") from None
    return sha.hexdigest()


def log_date_digest(log: RawLog, log_date: str) -> str:
    """One digest over the names and bytes of all segments of a log date; the empty date has one, too."""
    sha = hashlib.sha256()
    for segment in log.segments(log_date):
        sha.update(f"{segment.place} {segment_digest(log, segment)}\n".encode())
    return sha.hexdigest()
