"""A segment without the lines of erased clients, as a file beside it.

Belongs here: the bytes. Does not belong here: putting them in the segment's place (`rewriting`).

An erased line leaves its line break, so every other line keeps its bytes and its number. A segment whose compression
breaks off keeps what can be read and breaks off behind it as before: what lies behind a fault can be read by nobody,
might be anybody's, and is not written again.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import zstandard

from rs_assets.log.blocks import Batch, decompressed, read_segments
from rs_assets.log.erasure.entries import Rewritten
from rs_assets.log.erasure.matching import Mask, Matcher
from rs_assets.log.erasure.reading import erased
from rs_assets.log.files import OpenFile
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals.hashing import measure, measure_file


@dataclass(frozen=True)
class Cleaned:
    """A segment's bytes without erased lines, in a file; `named` are the clients of these, as (kind, digest)."""

    path: str
    segment: Segment
    rewritten: Rewritten
    named: frozenset[tuple[str, str]]


def clean(log: RawLog, segment: Segment, matcher: Matcher, path: str) -> Cleaned | None:
    """Write a segment without erased lines to `path`; None, and no file, if it holds none.

    Raises:
        UserError: the segment cannot be read.
    """
    was = measure(log, segment, lambda size: None)
    count, named = 0, set[tuple[str, str]]()
    with open(path, "xb") as file:
        encoder = _encoder(segment.codec)
        for batch, last in _with_last(read_segments(log, [segment])):
            gone = erased(batch, matcher)
            count += int(gone.sum())
            for k in np.flatnonzero(gone).tolist():
                named |= matcher.digests_in(batch.text(k))
            kept = _kept(batch, gone)
            if last and not _ends_with_newline(log, segment) and not _last_is_gone(batch, gone):
                del kept[-1:]  # reading has added it
            file.write(encoder.compress(bytes(kept)))
            batch.release()
        file.write(encoder.cut() if was.damaged else encoder.flush())
        file.flush()
        os.fsync(file.fileno())
    if not count:
        os.unlink(path)
        return None
    with open(path, "rb") as written:
        now = measure_file(OpenFile(written), segment)
    if (now.lines, now.damaged) != (was.lines, was.damaged):  # never to be seen
        raise AssertionError(f"{segment.place}: {was} became {now}")
    return Cleaned(path, segment, Rewritten(was, now, count), frozenset(named))


def _kept(batch: Batch, gone: Mask) -> bytearray:
    """The batch's bytes without those of lines that are gone; their newlines stay."""
    kept, at, data = bytearray(), 0, memoryview(batch.data)
    for start, end in zip(batch.start[gone].tolist(), batch.end[gone].tolist(), strict=True):
        kept += data[at:start]
        at = end
    kept += data[at : batch.size]
    data.release()
    return kept


def _last_is_gone(batch: Batch, gone: Mask) -> bool:
    """Whether the last line of all is an erased one: it then keeps a newline, to be counted still."""
    return bool(len(batch) and batch.end[-1] == batch.size - 1 and gone[-1])


def _ends_with_newline(log: RawLog, segment: Segment) -> bool:
    last = b"\n"
    with log.reading(segment) as file:
        for text in decompressed(file, segment):
            if isinstance(text, bytes) and text:
                last = text[-1:]
    return last == b"\n"


def _with_last(batches: Iterator[Batch]) -> Iterator[tuple[Batch, bool]]:
    """Each batch, and whether it is the last that holds anything."""
    held: Batch | None = None
    for batch in batches:
        if batch.size == 0:
            continue
        if held is not None:
            yield held, False
        held = batch
    if held is not None:
        yield held, True


class _Encoder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...
    def cut(self) -> bytes:
        """What is needed to read all that was given, without an end mark."""
        ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""

    cut = flush


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(6, zlib.DEFLATED, 31)

    def compress(self, data: bytes, /) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush()

    def cut(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()

    def compress(self, data: bytes, /) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush()

    def cut(self) -> bytes:
        return self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def _encoder(codec: str) -> _Encoder:
    return _Zstd() if codec == "zst" else _Gzip() if codec == "gz" else _Plain()
