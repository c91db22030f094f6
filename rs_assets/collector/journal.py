"""Lines on a disk: one journal that is synced batch by batch, and becomes segments when it is closed.

Belongs here: the journal, its end, and what was left by a collector that did not end well. Does not belong here: who
waits for it (`committer`).

A journal lies in `<raw>/_collecting/`, where no reader of the log looks, and holds lines of any site and log date, so
that a batch costs one sync however many sites there are. To close it is to write its lines as one segment a site and
log date, each named after the journal, and then to delete it. Cut off at any point, that can be done again: a segment
that is there is whole and is not written a second time. Its owner holds a lock on it, which ends with the process: a
journal without one is taken up by whichever collector starts next.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby

from rs_assets.collector.envelopes import folder
from rs_assets.errors import UserError
from rs_assets.log.seals.collecting import ENDING, FOLDER
from rs_assets.log.writer import LogWriter

SIZE = 32 << 20
SECONDS = 60.0
RETRY_SECONDS = 10.0
PROBE_BYTES = 1 << 20


class Journal:
    """A file of lines, locked by this process.

    Args:
        path: where it lies; it is made if it is not there.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be opened.
    """

    def __init__(self, path: str, *, new: bool = True) -> None:
        self.path = path
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if new else 0)
        self._file = os.open(path, flags, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if new:
                _sync_folder(os.path.dirname(path))
        except OSError:
            os.close(self._file)
            raise
        self.size = os.fstat(self._file).st_size
        self.began = time.monotonic()
        self.day = _today()

    @property
    def name(self) -> str:
        """What its segments are called after."""
        return os.path.basename(self.path).partition(".")[0]

    def append(self, data: bytes) -> None:
        """Return when these bytes are on stable storage; if they are not, none of them is."""
        view, at = memoryview(data), self.size
        while view:
            written = os.pwrite(self._file, view, at)
            view, at = view[written:], at + written
        os.fdatasync(self._file)
        self.size = at

    def cut(self) -> None:
        """Take away what came after the last whole append."""
        os.ftruncate(self._file, self.size)
        os.fsync(self._file)

    def lines(self) -> bytes:
        """Its whole lines, as far as appends came to their end; one that was cut off was never acknowledged."""
        with open(self.path, "rb") as file:
            data = file.read(self.size)
        return data[: data.rfind(b"\n") + 1]

    @property
    def is_deleted(self) -> bool:
        """Whether whoever held it before has closed it in the meantime."""
        return os.fstat(self._file).st_nlink == 0

    def delete(self) -> None:
        """It is all in segments now."""
        with suppress(FileNotFoundError):
            os.unlink(self.path)
        self.leave()

    def leave(self) -> None:
        """Let go of it, for whoever starts next."""
        os.close(self._file)


class Disk:
    """A raw log on a disk, as a store of lines.

    Args:
        raw_log: the folder.
        size: a journal is closed at so many bytes…
        seconds: …or after so long, and whenever the UTC day ends.

    Raises:
        UserError: nothing can be written there.
    """

    seconds = 0.0

    def __init__(self, raw_log: str, *, size: int = SIZE, seconds: float = SECONDS) -> None:
        self.size, self._seconds = size, seconds
        self._writer = LogWriter(raw_log)
        self._folder = self._writer.log.files.path(FOLDER)
        self._journal: Journal | None = None
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="closer")
        self._closing: list[tuple[Journal, Future[None]]] = []
        self._left: list[Journal] = []
        self._retry = 0.0
        self.trouble = ""
        try:
            os.makedirs(self._folder, exist_ok=True)
        except OSError as problem:
            raise UserError(
                f"Nothing can be written to the raw log at {raw_log}: {problem}.", "Mend its permissions."
            ) from None
        self.recovered = self._recover()

    def keep(self, lines: Sequence[bytes]) -> None:
        """Append and sync."""
        if self._journal is None:
            name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:12]}"
            self._journal = Journal(os.path.join(self._folder, name + ENDING))
        try:
            self._journal.append(b"".join(lines))
        except OSError:
            # What a failed sync left on the disk is unknown: nothing is appended to this file again.
            journal, self._journal = self._journal, None
            with suppress(OSError):
                journal.cut()
            self._close(journal)
            raise

    def tick(self) -> None:
        """Close the journal if it is time to, and try again to close those that could not be."""
        journal = self._journal
        if journal and (
            journal.size >= self.size
            or time.monotonic() - journal.began >= self._seconds
            or journal.day != _today()
        ):
            self._journal = None
            self._close(journal)
        self._look()
        if self._left and time.monotonic() >= self._retry:
            self._retry = time.monotonic() + RETRY_SECONDS
            left, self._left = self._left, []
            for one in left:
                self._close(one)

    def probe(self) -> None:
        """Write and sync a file, and delete it."""
        path = os.path.join(self._folder, f"{uuid.uuid4().hex}.probe")
        try:
            with open(path, "xb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def close(self) -> None:
        """Close all; what cannot be closed waits for the next start."""
        if self._journal:
            self._close(self._journal)
            self._journal = None
        self._closer.shutdown(wait=True)
        self._look()
        for journal in self._left:
            journal.leave()
        self._left = []

    def _close(self, journal: Journal) -> None:
        self._closing.append((journal, self._closer.submit(self._to_segments, journal)))

    def _look(self) -> None:
        """What became of the journals that are being closed."""
        under_way = []
        for journal, future in self._closing:
            if not future.done():
                under_way.append((journal, future))
            elif problem := future.exception():
                self.trouble = f"{os.path.basename(journal.path)} cannot be closed: {problem}"
                self._left.append(journal)
            elif not self._left:
                self.trouble = ""
        self._closing = under_way

    def _to_segments(self, journal: Journal) -> None:
        found: dict[tuple[str, str], list[bytes]] = {}
        for where, lines in groupby(journal.lines().splitlines(keepends=True), folder):
            found.setdefault(where, []).extend(lines)
        for (site, log_date), of_it in sorted(found.items()):
            self._writer.write_once(site, log_date, journal.name, b"".join(of_it))
        journal.delete()

    def _recover(self) -> int:
        """Take up what others left; returns how many journals became segments."""
        count = 0
        for entry in sorted(os.scandir(self._folder), key=lambda one: one.name):
            if not entry.name.endswith(ENDING):
                continue
            try:
                journal = Journal(entry.path, new=False)
            except (BlockingIOError, FileNotFoundError):
                continue  # its owner lives, or another one was faster
            if journal.is_deleted:
                journal.leave()
                continue
            try:
                self._to_segments(journal)
                count += 1
            except (UserError, OSError) as problem:
                self.trouble = f"{entry.name} cannot be closed: {problem}"
                self._left.append(journal)
        return count


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _sync_folder(path: str) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
