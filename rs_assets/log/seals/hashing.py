"""Reading segments to seal them: each is read once, in parts, for its digest and its lines.

Belongs here: what is measured, and two at a time. Does not belong here: decompressing (`blocks`), or what the numbers
are compared with (`verify`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from rs_assets.log.blocks import decompressed
from rs_assets.log.digests import READ_BYTES
from rs_assets.log.files import OpenFile
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals.manifest import SealedSegment

WORKERS = 2  # hashing and decompressing let go of the interpreter; more would wait for the disk
AHEAD = 8

Progress = Callable[[int, int, str], None]
"""Takes how many bytes are done, of how many, and the place that is read."""

T = TypeVar("T")
R = TypeVar("R")


class Meter:
    """Counts bytes that several threads read."""

    def __init__(self, of: int, tell: Progress | None) -> None:
        self._done, self._of, self._tell, self._lock = 0, of, tell, Lock()

    def at(self, place: str) -> Callable[[int], None]:
        """What is told of bytes read at a place."""

        def advance(size: int) -> None:
            with self._lock:
                self._done += size
                if self._tell:
                    self._tell(self._done, self._of, place)

        return advance


def measure(log: RawLog, segment: Segment, advance: Callable[[int], None]) -> SealedSegment:
    """A segment as it lies. One that is damaged is measured whole, with the lines that can be read.

    Raises:
        UserError: it cannot be read at all.
    """
    with log.reading(segment) as file:
        return measure_file(file, segment, advance)


def measure_file(
    file: OpenFile, segment: Segment, advance: Callable[[int], None] = lambda size: None
) -> SealedSegment:
    """What a file would be as this segment."""
    lines, last, damaged = 0, b"\n", False
    tee = _Tee(file, advance)
    for text in decompressed(tee, segment):
        if isinstance(text, str):
            damaged = True
        elif text:
            lines += text.count(b"\n")
            last = text[-1:]
    tee.drain()
    return SealedSegment(segment.place, tee.size, tee.sha.hexdigest(), lines + (last != b"\n"), damaged)


class _Tee:
    """A file whose bytes are hashed when they are read for the first time; whoever reads may go back."""

    def __init__(self, file: OpenFile, advance: Callable[[int], None]) -> None:
        self.sha = hashlib.sha256()
        self.size = 0
        self._file, self._advance, self._at = file, advance, 0

    def read(self, size: int, /) -> bytes:
        data = self._file.read(size)
        self._at += len(data)
        if (new := self._at - self.size) > 0:
            self.sha.update(memoryview(data)[len(data) - new :])
            self.size = self._at
            self._advance(new)
        return data

    def seek(self, to: int, /) -> None:
        self._file.seek(to)
        self._at = to

    def drain(self) -> None:
        """Read what nobody asked for."""
        self.seek(self.size)
        while self.read(READ_BYTES):
            pass


def in_pool(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in order, two at a time and only a few ahead of whoever asks."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) == AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
