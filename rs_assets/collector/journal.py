"""Lines on a disk: a file that is synced batch by batch.

Belongs here: `Journal`, and whose it is. Does not belong here: when one is closed, and how it becomes segments
(`disk`).

A journal lies in `<raw>/_collecting/`, where no reader of the log looks. It is of one log date, which its name begins
with, so that whoever seals knows what is still to come; and of any site, so that a batch costs one sync however many
sites there are. Its owner holds a lock on it, which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from contextlib import suppress

from rs_assets.collector.envelopes import received_at
from rs_assets.log.seals.collecting import ENDING
from rs_assets.log.whole import sync_folder


class Journal:
    """A file of lines, locked by this process.

    Args:
        path: where it lies.

    Raises:
        BlockingIOError: another process holds it.
        OSError: it cannot be opened.
    """

    def __init__(self, path: str, file: int | None = None) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR) if file is None else file
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.size = os.fstat(self._file).st_size
        except OSError:
            os.close(self._file)
            raise
        self.began = time.monotonic()

    @classmethod
    def new(cls, folder: str, first: bytes) -> Journal:
        """A journal that begins with this line; it has the name of one when it is locked, and not before."""
        name = f"{received_at(first)}-{uuid.uuid4().hex[:12]}"
        path, made = os.path.join(folder, name + ENDING), os.path.join(folder, name + ".new")
        journal = cls(made, os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))
        try:
            os.rename(made, path)
            journal.path = path
            sync_folder(folder)
        except OSError:
            journal.delete()
            raise
        return journal

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

    def lines(self) -> list[bytes]:
        """Its whole lines, as far as appends came to their end; one that was cut off was never acknowledged."""
        with open(self.path, "rb") as file:
            data = file.read(self.size)
        return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)

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
        """Let go of it, for whoever looks next."""
        os.close(self._file)
