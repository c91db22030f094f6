"""Reading the raw log: batches of whole lines, each of which knows its place.

Belongs here: decompressing, cutting into lines, and saying where a segment's compression breaks off. Does
not belong here: what a line means.

A batch holds about 8 MiB whatever the size of a segment or of a log date, so that memory stays flat (and
so that the allocator hands the same pages out again: larger batches measured slower).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt
import zstandard

from rs_assets.errors import UserError
from rs_assets.log.layout import RawLog, Segment

BATCH_BYTES = 8 << 20
READ_BYTES = 1 << 20
COMPRESSED_BYTES = 128 << 10  # expands tenfold and more
BROKEN = (zlib.error, zstandard.ZstdError)


@dataclass(frozen=True)
class Damage:
    """A segment whose compression breaks off: everything before `after_line` was read, nothing behind it."""

    segment: int
    after_line: int
    problem: str


@dataclass
class Batch:
    """Whole lines, blank ones left out, in the order of the log.

    Attributes:
        segments: the log date's segments; `segment` holds positions in it.
        pieces: the bytes read, blank lines included; every piece ends with a newline or a segment.
        lines: n lines as received, without their newline.
        segment: (n,) which segment each line is of.
        line: (n,) its number there, from 1, blank lines counted.
        damage: segments found broken after these lines.
    """

    segments: list[Segment]
    pieces: list[bytes] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    segment: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    line: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    damage: list[Damage] = field(default_factory=list)

    def add(self, segment: int, first_line: int, data: bytes) -> int:
        """Append the lines of `data` (whole ones); returns how many there were, blank ones counted."""
        self.pieces.append(data)
        lines = data.removesuffix(b"\n").split(b"\n")
        numbers = np.arange(first_line, first_line + len(lines), dtype=np.int64)
        if not all(lines) or any(map(bytes.isspace, lines)):
            filled = [i for i, text in enumerate(lines) if text and not text.isspace()]
            self.lines += [lines[i] for i in filled]
            numbers = numbers[filled]
        else:
            self.lines += lines
        self.line = np.concatenate([self.line, numbers])
        self.segment = np.concatenate([self.segment, np.full(len(numbers), segment, np.int32)])
        return len(lines)


def read_batches(log: RawLog, log_date: str, batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """The lines of one log date, batch by batch; the next one is read while the caller works on this one."""
    batches = _batches(log, log_date, batch_bytes)
    with ThreadPoolExecutor(max_workers=1) as reader:
        ahead = reader.submit(next, batches, None)
        while (batch := ahead.result()) is not None:
            ahead = reader.submit(next, batches, None)
            yield batch


def _batches(log: RawLog, log_date: str, batch_bytes: int) -> Iterator[Batch]:
    segments = log.segments(log_date)
    batch, size = Batch(segments), 0
    for position, segment in enumerate(segments):
        next_line = 1
        for piece in _whole_lines(log, segment, batch_bytes):
            if isinstance(piece, str):
                batch.damage.append(Damage(position, next_line - 1, piece))
                yield batch  # at once, so that it stands behind its segment's lines whatever the batch size
                batch, size = Batch(segments), 0
                continue
            next_line += batch.add(position, next_line, piece)
            size += len(piece)
            if size >= batch_bytes:
                yield batch
                batch, size = Batch(segments), 0
    if batch.lines:
        yield batch


def _whole_lines(log: RawLog, segment: Segment, batch_bytes: int) -> Iterator[bytes | str]:
    """Pieces of whole lines; the last may lack its newline. A `str` says how the compression broke off."""
    try:
        with log.fs.open(segment.path, "rb") as file:
            rest: list[bytes] = []
            held = 0
            for data in _decompressed(file, segment):
                if isinstance(data, str):
                    if any(rest):
                        yield b"".join(rest)
                    yield data
                    return
                rest.append(data)
                held += len(data)
                if held >= batch_bytes and (cut := data.rfind(b"\n") + 1):
                    yield b"".join([*rest[:-1], data[:cut]])
                    rest, held = [data[cut:]], len(data) - cut
            if any(rest):
                yield b"".join(rest)
    except OSError as problem:
        raise UserError(
            f"The segment {segment.place} cannot be read: {problem}.",
            "Nothing of this log date was published. Mend the file's permissions or its storage, then replay it.",
        ) from None


def _decompressed(file: IO[bytes], segment: Segment) -> Iterator[bytes | str]:
    """The segment's bytes; where its compression breaks off, what could be read and then a `str` that says so.

    The decompressors are driven by hand because the file-like ones of both libraries drop the readable bytes
    before a fault, and zstandard's takes a frame that was cut for a whole one.
    """
    if segment.codec == "none":
        while data := file.read(READ_BYTES):
            yield data
        return
    frame = _decompressor(segment.codec)
    start = position = 0  # of the frame; of the data that is its next
    try:
        while data := file.read(COMPRESSED_BYTES):
            while data:
                yield frame.decompress(data)
                position += len(data) - len(frame.unused_data)
                data = frame.unused_data
                if frame.eof:
                    frame, start = _decompressor(segment.codec), position
    except BROKEN as problem:
        yield from _up_to_the_fault(file, segment.codec, start, position)
        yield f"its {segment.codec} data is corrupt ({problem})"
        return
    if position > start:
        yield f"its {segment.codec} data ends before its end mark: the file was cut"


def _up_to_the_fault(file: IO[bytes], codec: str, start: int, position: int) -> Iterator[bytes]:
    """What the call that met the fault had read and threw away: its data once more, byte by byte."""
    frame = _decompressor(codec)
    file.seek(start)
    while start < position:
        data = file.read(min(position - start, COMPRESSED_BYTES))
        frame.decompress(data)
        start += len(data)
    with suppress(*BROKEN):
        while byte := file.read(1):
            if text := frame.decompress(byte):
                yield text


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _decompressor(codec: str) -> _Decompressor:
    return zlib.decompressobj(wbits=31) if codec == "gz" else zstandard.ZstdDecompressor().decompressobj()
