"""Reading the raw log: batches of whole lines, each of which knows its place.

Belongs here: decompressing, cutting into lines, and saying where a segment's compression breaks off. Does
not belong here: what a line means.

A batch holds about 18 MiB whatever the size of a segment or of a log date, so that memory stays flat. Its lines
are positions in its bytes: most are never looked at one by one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import zstandard

from rs_assets.errors import UserError
from rs_assets.log.layout import RawLog, Segment

BATCH_BYTES = 18 << 20
FIRST_BATCH_BYTES = 4 << 20  # small, so that whoever waits for it may begin; each next one is twice as large
READ_BYTES = 1 << 20
COMPRESSED_BYTES = 128 << 10  # expands tenfold and more
BROKEN = (zlib.error, zstandard.ZstdError)
SCAN_BYTES = 256 << 10
NEWLINE = ord("\n")
BLANKS = np.frombuffer(b" \t\r\n\x0b\x0c", np.uint8)
Positions = npt.NDArray[np.int64]
Text: TypeAlias = list[bytes | memoryview]


@dataclass(frozen=True)
class Damage:
    """A segment whose compression breaks off: everything before `after_line` was read, nothing behind it."""

    segment: int
    after_line: int
    problem: str


@dataclass
class Batch:
    """Whole lines in the order of the log.

    Attributes:
        segments: the log date's segments; `segment` holds positions in it.
        data: the bytes, blank lines included; every line ends with a newline, one that was missing was added.
            What lies behind the last line is no part of it.
        start: (n,) where in `data` each line that is not blank begins.
        end: (n,) where it ends, its newline excluded.
        segment: (n,) which segment it is of.
        line: (n,) its number there, from 1, blank lines counted.
        size: how many bytes of `data` the lines are.
        damage: segments found broken after these lines.
        erased: lines that were taken out, as they were received (`erasure`).
    """

    segments: list[Segment]
    data: bytearray
    start: Positions
    end: Positions
    segment: npt.NDArray[np.int32]
    line: Positions
    size: int
    damage: list[Damage] = field(default_factory=list)
    erased: list[bytes] = field(default_factory=list)
    _spare: SimpleQueue[bytearray] = field(default_factory=SimpleQueue, repr=False)

    def __len__(self) -> int:
        """How many lines there are, blank ones left out."""
        return len(self.start)

    def text(self, k: int) -> bytes:
        """The k-th line as received, without its newline."""
        return bytes(self.data[self.start[k] : self.end[k]])

    @property
    def lines(self) -> list[bytes]:
        """All of them, cut."""
        ends = zip(self.start.tolist(), self.end.tolist(), strict=True)
        return [bytes(self.data[start:end]) for start, end in ends]

    def release(self) -> None:
        """Give the memory back for a later batch; nothing of this one may be looked at from now on.

        Fresh memory has to be mapped page by page, which costs more than what is done with it here.
        """
        self._spare.put(self.data)
        self.data = bytearray()


def read_batches(log: RawLog, log_date: str, batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """The lines of one log date, batch by batch, those of erased clients among them (`erasure.unerased`).

    Raises:
        UserError: a segment cannot be read at all.
    """
    return read_segments(log, log.segments(log_date), batch_bytes)


def read_segments(log: RawLog, segments: list[Segment], batch_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """The lines of some segments of a log date, as `read_batches` gives them."""
    cutter = _Cutter(segments)
    enough = min(FIRST_BATCH_BYTES, batch_bytes)
    for position, segment in enumerate(cutter.segments):
        for text in _whole_lines(log, segment):
            if isinstance(text, str):
                # At once, so that it stands behind its segment's lines whatever the batch size.
                batch = cutter.cut()
                batch.damage.append(Damage(position, cutter.lines_of[position], text))
                yield batch
                continue
            cutter.add(position, text)
            if cutter.size >= enough and len(batch := cutter.cut()):
                yield batch
                enough = min(2 * enough, batch_bytes)
    if len(batch := cutter.cut()):
        yield batch


class _Cutter:
    """Gathers pieces of segments and cuts them into batches of numbered lines."""

    def __init__(self, segments: list[Segment]) -> None:
        self.segments = segments
        self.lines_of = [0] * len(segments)
        self.size = 0
        self._pieces: list[tuple[int, int, Text]] = []
        self._spare: SimpleQueue[bytearray] = SimpleQueue()

    def add(self, segment: int, text: Text) -> None:
        """Append whole lines of a segment; its last may lack the newline."""
        if text[-1][-1] != NEWLINE:
            text = [*text, b"\n"]
        size = sum(map(len, text))
        self._pieces.append((segment, size, text))
        self.size += size

    def cut(self) -> Batch:
        """What was added since the last time."""
        data = self._memory()
        at = 0
        for part in (part for *_, text in self._pieces for part in text):
            data[at : at + len(part)] = part
            at += len(part)
        end = _newlines(memoryview(data)[:at])
        start = np.concatenate([np.zeros(min(1, len(end)), np.int64), end[:-1] + 1])
        borders = np.searchsorted(end, np.cumsum([size for _, size, _ in self._pieces]))
        numbers, origins = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        for (segment, *_), count in zip(self._pieces, np.diff(borders, prepend=0).tolist(), strict=True):
            first = self.lines_of[segment] + 1
            numbers.append(np.arange(first, first + count, dtype=np.int64))
            origins.append(np.full(count, segment, np.int32))
            self.lines_of[segment] += count
        self._pieces, self.size = [], 0
        line, origin = np.concatenate(numbers), np.concatenate(origins)
        filled = _filled(data, start, end)
        if not filled.all():
            start, end, line, origin = start[filled], end[filled], line[filled], origin[filled]
        return Batch(self.segments, data, start, end, origin, line, at, _spare=self._spare)

    def _memory(self) -> bytearray:
        """Room for all pieces: that of a batch that was released, if one is large enough."""
        with suppress(Empty):
            while True:  # those that are too small, of the first batches, are let go
                if len(data := self._spare.get_nowait()) >= self.size:
                    return data
        return bytearray(self.size + self.size // 8)


def _newlines(data: memoryview) -> Positions:
    """Where they stand; found in pieces that stay in the processor's cache."""
    octets = np.frombuffer(data, np.uint8)
    pieces = range(0, len(octets), SCAN_BYTES)
    found = [np.flatnonzero(octets[at : at + SCAN_BYTES] == NEWLINE) + at for at in pieces]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _filled(data: bytearray, start: Positions, end: Positions) -> npt.NDArray[np.bool_]:
    """Which lines hold more than white space; only those that begin with it are looked through."""
    filled = np.ones(len(start), np.bool_)
    first = np.frombuffer(data, np.uint8)[start]  # of an empty line its newline
    for k in np.flatnonzero(np.isin(first, BLANKS)).tolist():
        filled[k] = bool(data[start[k] : end[k]].strip())
    return filled


def _whole_lines(log: RawLog, segment: Segment) -> Iterator[Text | str]:
    """Whole lines in parts; the last may lack its newline. A `str` says how the compression broke off."""
    try:
        with log.reading(segment) as file:
            rest: Text = []
            for data in decompressed(file, segment):
                if isinstance(data, str):
                    if rest:
                        yield rest
                    yield data
                    return
                if cut := data.rfind(b"\n") + 1:
                    yield [*rest, memoryview(data)[:cut]]
                    rest = [memoryview(data)[cut:]] if cut < len(data) else []
                elif data:
                    rest.append(data)
            if rest:
                yield rest
    except UserError as problem:
        raise UserError(
            problem.what,
            "Nothing of this log date was published. Mend the file's permissions or its storage, then replay it.",
        ) from None


def decompressed(file: Source, segment: Segment) -> Iterator[bytes | str]:
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


def _up_to_the_fault(file: Source, codec: str, start: int, position: int) -> Iterator[bytes]:
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


class Source(Protocol):
    """What a segment's bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""
        ...

    def seek(self, to: int, /) -> object:
        """Go to a position."""
        ...


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _decompressor(codec: str) -> _Decompressor:
    return zlib.decompressobj(wbits=31) if codec == "gz" else zstandard.ZstdDecompressor().decompressobj()
