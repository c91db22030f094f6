"""Writing segments: for the generator, the importers and the collector only.

Belongs here: `LogWriter`, which appends segments to a raw log and never touches one that is there. Does
not belong here: anything an asset is given. The graph observes the log; it has no writer.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from contextlib import suppress
from itertools import count

import zstandard

from rs_assets.errors import UserError
from rs_assets.log.files import MEND, reach, trouble
from rs_assets.log.layout import CODECS, SITE, RawLog, is_date
from rs_assets.log.seals import chain
from rs_assets.log.whole import create

ENDINGS = {codec: ending for ending, codec in CODECS.items()}


class Sealed(UserError):
    """Nothing can be added to a log date that is sealed."""


class LogWriter:
    """Adds whole segments to a raw log. Same bytes in, same bytes on disk.

    Args:
        root: any fsspec path.
        codec: `zst` (default), `gz` or `none`.
    """

    def __init__(self, root: str, codec: str = "zst") -> None:
        if codec not in ENDINGS:
            raise UserError(f"There is no codec {codec!r}.", f"Choose one of {', '.join(ENDINGS)}.")
        self.log = RawLog(root)
        self.fs, self._root = reach(root)
        self.codec = codec

    def require_open(self, log_dates: Iterable[str]) -> None:
        """Raise a `UserError` if any of these log dates is sealed: before the first of them is written to."""
        self.log.files.refresh()
        if sealed := sorted(set(log_dates) & set(chain.sealed_dates(self.log))):
            raise _sealed(sealed)

    def write(self, site: str, log_date: str, data: bytes) -> str:
        """Write newline-ended envelopes as the next segment of a site's log date; returns its path.

        Segments are numbered from 000001. A reader never meets half of one, and whoever writes at the same time
        gets the next number.

        Raises:
            UserError: the log date is sealed, the names cannot be folders of the log, or storage refuses.
        """
        folder = self._open_folder(site, log_date)
        encoded = self._encode(data)
        taken = {entry.name.split(".", 1)[0] for entry in self.log.files.inside(folder)}
        try:
            for number in (name for n in count(1) if (name := f"{n:06d}") not in taken):
                path = f"{self._root}/{folder}/{number}{ENDINGS[self.codec]}"
                with suppress(FileExistsError):
                    create(self.fs, path, encoded)
                    return path
        except trouble() as problem:
            raise UserError(f"No segment can be written to {folder}: {problem}.", MEND) from None
        raise AssertionError("numbers do not end")

    def write_once(self, site: str, log_date: str, name: str, data: bytes, late: str | None = None) -> str:
        """Write newline-ended envelopes as the segment of this name; one that is there is what was to be written.

        Args:
            name: without its ending; whoever calls sees to it that nobody else's is the same.
            late: the log date that takes them if theirs is sealed, unless it or one since has them already.

        Raises:
            UserError: as of `write`.
        """
        try:
            folder = self._open_folder(site, log_date)
        except Sealed:
            if late is None:
                raise
            since = [one for one in self.log.log_dates() if one >= log_date]
            places = (f"site={site}/log_date={one}/{name}{ENDINGS[self.codec]}" for one in since)
            if there := next((place for place in places if self.log.files.has(place)), None):
                return self.log.files.path(there)
            folder = self._open_folder(site, late)
        path = f"{self._root}/{folder}/{name}{ENDINGS[self.codec]}"
        try:
            with suppress(FileExistsError):
                create(self.fs, path, self._encode(data))
        except trouble() as problem:
            raise UserError(f"The segment {name} cannot be written: {problem}.", MEND) from None
        return path

    def withdraw(self, path: str) -> None:
        """Take away a segment of this writer's, when what it is part of did not end well; not from under a seal."""
        if not chain.is_sealed(self.log, path.rsplit("/", 2)[1].removeprefix("log_date=")):
            self.fs.rm_file(path)
            with suppress(OSError):  # the folder still holds segments
                self.fs.rmdir(path.rsplit("/", 1)[0])

    def _open_folder(self, site: str, log_date: str) -> str:
        if not SITE.fullmatch(site) or not is_date(log_date):
            raise UserError(
                f"site {site!r}, log date {log_date!r}: one of them cannot name a folder of the log.",
                "A site is letters, digits, '.', '_' and '-'; a log date is YYYY-MM-DD.",
            )
        if chain.is_sealed(self.log, log_date):
            raise _sealed([log_date])
        return f"site={site}/log_date={log_date}"

    def _encode(self, data: bytes) -> bytes:
        if self.codec == "zst":
            return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)
        return gzip.compress(data, compresslevel=6, mtime=0) if self.codec == "gz" else data


def _sealed(log_dates: list[str]) -> Sealed:
    others = f", and so are {len(log_dates) - 1:,} others of those to write" if len(log_dates) > 1 else ""
    return Sealed(
        f"Log date {log_dates[0]} is sealed{others}: nothing can be added to it.",
        "A sealed log date never changes. Write what came late to the log date that received it; generate or import "
        "onto other log dates (--start, --shift-to), or into another raw log (--raw-log).",
    )
