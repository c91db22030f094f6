"""Where the raw log keeps its bytes, and nothing that could change them.

Belongs here: `RawLog`, the read-only view of `<raw>/site=<site>/log_date=<YYYY-MM-DD>/<segment>`, and `Segment`, one
file of it. Does not belong here: file systems (`files`), reading lines (`blocks`), digests (`digests`), or writing
(`writer`), which assets are never given.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from rs_assets.errors import UserError
from rs_assets.log.files import Entry, Files, OpenFile

CODECS = {".ndjson": "none", ".ndjson.gz": "gz", ".ndjson.zst": "zst"}
SITE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,62}")
SEGMENT = re.compile(r"site=([^/]*)/log_date=([^/]*)/([^/]+)", re.DOTALL)


@dataclass(frozen=True, order=True)
class Segment:
    """One file of the raw log: the requests one site received on one UTC day, or part of them.

    `declared` is whether its site is one of those that may send (`RawLog.declared`).
    """

    log_date: str
    site: str
    name: str
    path: str
    size: int
    declared: bool = True

    @property
    def codec(self) -> str:
        """`none`, `gz` or `zst`, by the file's ending."""
        return next(codec for ending, codec in reversed(CODECS.items()) if self.name.endswith(ending))

    @property
    def place(self) -> str:
        """How messages name it: `site=shop-a/log_date=2024-01-01/000001.ndjson.zst`."""
        return f"site={self.site}/log_date={self.log_date}/{self.name}"


@dataclass(frozen=True)
class RawLog:
    """A raw log under one root. It can list and read; there is no method that writes.

    `root` is any fsspec path. `declared` are the sites that may send; all may if there are none.
    """

    root: str
    declared: frozenset[str] = frozenset()

    @cached_property
    def files(self) -> Files:
        """What lies below the root, to be read."""
        return Files(self.root)

    def sites(self) -> list[str]:
        """The sites that have ever sent something, sorted."""
        return self._children("", "site=")

    def log_dates(self) -> list[str]:
        """Every log date with a folder at any site, sorted, as `YYYY-MM-DD`."""
        dates = {d for site in self.sites() for d in self._children(f"site={site}", "log_date=")}
        return sorted(d for d in dates if is_date(d))

    def segments(self, log_date: str) -> list[Segment]:
        """The segments of one log date in the order in which they are read: by site, then by name.

        Files of other endings (a writer's temporary names, for one) are not segments yet.
        """
        folders = (f"site={site}/log_date={log_date}" for site in self.sites())
        return list(self._segments(entry for folder in folders for entry in self.files.inside(folder)))

    def segments_by_date(self, log_dates: Iterable[str]) -> dict[str, list[Segment]]:
        """The same of many log dates, each of which has an item; for an object store a few requests in all."""
        found: dict[str, list[Segment]] = {log_date: [] for log_date in log_dates}
        if len(found) == 1:
            return {log_date: self.segments(log_date) for log_date in found}
        for site in self.sites() if found else []:
            for segment in self._segments(self.files.below(f"site={site}")):
                if segment.log_date in found:
                    found[segment.log_date].append(segment)
        return found

    @contextmanager
    def reading(self, segment: Segment) -> Iterator[OpenFile]:
        """A segment's bytes as they lie.

        Raises:
            UserError: they cannot be read to their end.
        """
        try:
            with self.files.open(segment.place) as file:
                yield file
        except OSError as problem:
            raise UserError(
                f"The segment {segment.place} cannot be read: {problem}.",
                "Mend its permissions or its storage, then call this again.",
            ) from None

    def require(self) -> None:
        """Raise a `UserError` if there is no raw log here at all."""
        if not self.files.exists():
            raise UserError(
                f"There is no raw log at {self.root}.",
                "Write one with `rs-assets generate` or `rs-assets import`, or set RS_RAW_LOG to where yours is.",
            )

    def _segments(self, entries: Iterable[Entry]) -> Iterator[Segment]:
        for entry in entries:
            match = SEGMENT.fullmatch(entry.place)
            if match and any(entry.name.endswith(ending) for ending in CODECS):
                site, log_date, name = match.groups()
                declared = not self.declared or site in self.declared
                yield Segment(log_date, site, name, self.files.path(entry.place), entry.size, declared)

    def _children(self, folder: str, prefix: str) -> list[str]:
        names = (entry.name for entry in self.files.inside(folder))
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def is_date(text: str) -> bool:
    """Whether `text` is a log date, `YYYY-MM-DD`."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
