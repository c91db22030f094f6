"""A raw log on a disk, as a store of lines: journals, which become segments.

Belongs here: when a journal is closed, and what becomes of those that were left by a collector that did not end well.
Does not belong here: a journal's bytes (`journal`), or who waits for them (`committer`).

To close a journal is to write its lines as one segment a site, named after the journal, and then to delete it. Cut
off at any point, that can be done again: a segment that is there is whole, and is not written a second time. Journals
without an owner are taken up at the start, and every minute by any collector that lives.
"""

from __future__ import annotations

import datetime as dt
import glob
import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby

import orjson

from rs_assets.collector.envelopes import folder
from rs_assets.collector.journal import Journal
from rs_assets.collector.sites import UNKNOWN
from rs_assets.errors import UserError
from rs_assets.log.layout import SITE, is_date
from rs_assets.log.seals.collecting import ENDING, FOLDER
from rs_assets.log.whole import make_folders
from rs_assets.log.writer import LogWriter

SIZE = 32 << 20
SECONDS = 60.0
RETRY_SECONDS = 10.0
LOOK_SECONDS = 60.0
STALE_SECONDS = 3600.0
PROBE_BYTES = 1 << 20


class Disk:
    """A raw log on a disk.

    Args:
        raw_log: the folder.
        size: a journal is closed at so many bytes…
        seconds: …or after so long, and whenever its UTC day is over.

    Attributes:
        recovered: how many journals of others became segments.
        late: how many lines came after their log date was sealed, by that log date; they are on the log date on
            which they were written, with the time at which they were received.

    Raises:
        UserError: nothing can be written there.
    """

    seconds = 0.0

    def __init__(self, raw_log: str, *, size: int = SIZE, seconds: float = SECONDS) -> None:
        self.size, self._seconds = size, seconds
        self.recovered, self.late = 0, dict[str, int]()
        self._writer = LogWriter(raw_log)
        self._folder = self._writer.log.files.path(FOLDER)
        self._journals: dict[str, Journal] = {}
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="closer")
        self._closing: list[tuple[Journal, Future[None]]] = []
        self._left: list[Journal] = []
        self._troubles: dict[str, str] = {}
        self._retry, self._look_again = 0.0, time.monotonic() + LOOK_SECONDS
        try:
            make_folders(self._folder)
            self._take_up()
        except OSError as problem:
            raise UserError(
                f"Nothing can be written to the raw log at {raw_log}: {problem}.", "Mend its permissions."
            ) from None

    @property
    def trouble(self) -> str:
        """Which journal cannot be closed, and why."""
        return next(iter(list(self._troubles.values())), "")

    def keep(self, lines: Sequence[bytes]) -> None:
        """Append and sync; lines on both sides of midnight go to two journals."""
        for log_date, of_it in groupby(sorted(lines, key=_log_date), _log_date):
            self._append(log_date, list(of_it))

    def _append(self, log_date: str, lines: Sequence[bytes]) -> None:
        journal = self._journals.get(log_date)
        if journal is None:
            journal = self._journals[log_date] = Journal.new(self._folder, lines[0])
        try:
            journal.append(b"".join(lines))
        except OSError:
            # What a failed sync left on the disk is unknown: nothing is appended to this file again.
            del self._journals[log_date]
            with suppress(OSError):
                journal.cut()
            self._close(journal)
            raise

    def tick(self) -> None:
        """Close journals whose time it is, try again to close those that could not be, take up what others left."""
        now, today = time.monotonic(), _today()
        for log_date, journal in list(self._journals.items()):
            if journal.size >= self.size or now - journal.began >= self._seconds or log_date != today:
                del self._journals[log_date]
                self._close(journal)
        self._look()
        if self._left and now >= self._retry:
            self._retry = now + RETRY_SECONDS
            left, self._left = self._left, []
            for one in left:
                self._close(one)
        if now >= self._look_again:
            self._look_again = now + LOOK_SECONDS
            self._closer.submit(self._take_up)

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
        """Close all; what cannot be closed waits for whoever looks next."""
        for journal in self._journals.values():
            self._close(journal)
        self._journals = {}
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
                self._troubles[journal.name] = f"{os.path.basename(journal.path)} cannot be closed: {problem}"
                self._left.append(journal)
            else:
                self._troubles.pop(journal.name, None)
        self._closing = under_way

    def _to_segments(self, journal: Journal, whole: bool = True) -> None:
        """Args:
        whole: whether its lines are all as they were written, as those of this process are.
        """
        found: dict[tuple[str, str], list[bytes]] = {}
        for line in journal.lines():
            found.setdefault(folder(line) if whole else _place(line, journal), []).append(line)
        today = _today()
        for (site, log_date), lines in sorted(found.items()):
            path = self._writer.write_once(site, log_date, journal.name, b"".join(lines), late=today)
            if f"/log_date={log_date}/" not in path:
                self.late[log_date] = self.late.get(log_date, 0) + len(lines)
            for cut_off in glob.glob(glob.escape(path) + ".*.tmp"):
                os.unlink(cut_off)  # of whoever held this journal before
        journal.delete()

    def _take_up(self) -> None:
        """Close the journals that nobody holds, and clear away what is none yet and never became one."""
        entries = sorted(os.scandir(self._folder), key=lambda one: one.name)
        names = {entry.name.partition(".")[0] for entry in entries}
        for gone in set(self._troubles) - names:
            self._troubles.pop(gone, None)
        for entry in entries:
            if not entry.name.endswith(ENDING):
                with suppress(OSError):
                    if time.time() - entry.stat().st_mtime > STALE_SECONDS:
                        os.unlink(entry.path)
                continue
            name = entry.name.partition(".")[0]
            try:
                journal = Journal(entry.path)
            except (BlockingIOError, FileNotFoundError):
                continue  # its owner lives, or another one was faster
            except OSError as problem:
                self._troubles[name] = f"{entry.name} cannot be taken up: {problem}"
                continue
            if journal.is_deleted:
                journal.leave()
                continue
            try:
                self._to_segments(journal, whole=False)
                self._troubles.pop(name, None)
                self.recovered += 1
            except (UserError, OSError) as problem:
                self._troubles[name] = f"{entry.name} cannot be closed: {problem}"
                journal.leave()


def _log_date(line: bytes) -> str:
    return folder(line)[1]


def _place(line: bytes, journal: Journal) -> tuple[str, str]:
    """Where a line belongs. One that a power cut left in pieces was never acknowledged; it is kept apart."""
    try:
        site, log_date = folder(line)
        orjson.loads(line)
        if SITE.fullmatch(site) and is_date(log_date):
            return site, log_date
    except ValueError:
        pass
    day = f"{journal.name[:4]}-{journal.name[4:6]}-{journal.name[6:8]}"
    return UNKNOWN, day if is_date(day) else _today()


def _today() -> str:
    return str(dt.datetime.now(dt.UTC).date())
