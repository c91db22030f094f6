"""Lines and segments: the bytes of the raw log.

Belongs here: what becomes of requests on their way into segments, damaged lines included. Does not belong
here: the envelope (`rs_assets.log.envelope`) or the files (`rs_assets.log.writer`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.log import envelope
from rs_assets.log.generator.faults import KINDS
from rs_assets.log.writer import LogWriter

SEGMENT_BYTES = 64 << 20
"""A segment is closed before it grows beyond this, uncompressed."""
_DAMAGE = {number: kind.damage for number, kind in enumerate(KINDS) if kind.damage is not None}


def lines(requests: pl.DataFrame) -> bytes:
    """The lines of `requests.requests`, each ended by a newline, damaged where that is planted."""
    sound = envelope.lines(requests.drop("kind", "salt"))
    hit = requests.select("kind", "salt").with_row_index("line").filter(pl.col("kind").is_in(list(_DAMAGE)))
    if hit.is_empty():
        return sound
    ends = np.flatnonzero(np.frombuffer(sound, dtype=np.uint8) == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    pieces, done = [], 0
    for line, kind, salt in hit.iter_rows():
        start, end = int(starts[line]), int(ends[line])
        pieces += [sound[done:start], _DAMAGE[kind](sound[start:end], salt)]
        done = end
    return b"".join([*pieces, sound[done:]])


@dataclass(frozen=True)
class Written:
    """One segment: its file's name, the number of its first line in the log date, from 0, size on disk."""

    segment: str
    first_line: int
    size: int


class Segments:
    """Collects the lines of one site's log date and writes them as segments. Call `finish` at the end."""

    def __init__(self, writer: LogWriter, site: str, log_date: str) -> None:
        self._writer, self._site, self._log_date = writer, site, log_date
        self._parts: list[bytes] = []
        self._size = self._lines = self._first = 0
        self.written: list[Written] = []

    def add(self, data: bytes, count: int) -> None:
        """Append `count` lines."""
        if self._size + len(data) > SEGMENT_BYTES:
            self._write()
        self._parts.append(data)
        self._size += len(data)
        self._lines += count

    def finish(self) -> list[Written]:
        """Write what is left; returns all segments, in order."""
        self._write()
        return self.written

    def _write(self) -> None:
        if not self._parts:
            return
        path = self._writer.write(self._site, self._log_date, b"".join(self._parts))
        size = int(self._writer.fs.size(path))
        self.written.append(Written(path.rsplit("/", 1)[-1], self._first, size))
        self._parts, self._size, self._first = [], 0, self._lines
