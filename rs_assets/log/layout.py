"""Where the raw log keeps its bytes, and nothing that could change them.

Belongs here: `RawLog`, the read-only view of `<raw>/site=<site>/log_date=<YYYY-MM-DD>/<segment>` on any
fsspec path, and `Segment`, one file of it. Does not belong here: reading lines (`blocks`), digests
(`digests`), or writing (`writer`), which assets are never given.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import fsspec
from fsspec.spec import AbstractFileSystem

from rs_assets.errors import UserError

CODECS = {".ndjson": "none", ".ndjson.gz": "gz", ".ndjson.zst": "zst"}
SITE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,62}")


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

    `declared` are the sites that may send; all may if there are none.
    """

    root: str
    declared: frozenset[str] = frozenset()

    @cached_property
    def _where(self) -> tuple[AbstractFileSystem, str]:
        fs, path = fsspec.url_to_fs(self.root)
        return fs, path.rstrip("/")

    @property
    def fs(self) -> AbstractFileSystem:
        """The file system the log lies on."""
        return self._where[0]

    def sites(self) -> list[str]:
        """The sites that have ever sent something, sorted."""
        return sorted(self._children(self._where[1], "site="))

    def log_dates(self) -> list[str]:
        """Every log date with a folder at any site, sorted, as `YYYY-MM-DD`."""
        root = self._where[1]
        dates = {d for site in self.sites() for d in self._children(f"{root}/site={site}", "log_date=")}
        return sorted(d for d in dates if is_date(d))

    def segments(self, log_date: str) -> list[Segment]:
        """The segments of one log date in the order in which they are read: by site, then by name.

        Files of other endings (a writer's temporary names, for one) are not segments yet.
        """
        return [s for site in self.sites() for s in self._segments(site, log_date)]

    def require(self) -> None:
        """Raise a `UserError` if there is no raw log here at all."""
        if not self.fs.exists(self._where[1]):
            raise UserError(
                f"There is no raw log at {self.root}.",
                "Write one with `rs-assets generate` or `rs-assets import`, or set RS_RAW_LOG to where yours is.",
            )

    def _segments(self, site: str, log_date: str) -> Iterator[Segment]:
        folder = f"{self._where[1]}/site={site}/log_date={log_date}"
        if not self.fs.isdir(folder):
            return
        for entry in sorted(self.fs.ls(folder, detail=True), key=lambda e: str(e["name"])):
            path = str(entry["name"])
            name = path.rsplit("/", 1)[-1]
            if any(name.endswith(ending) for ending in CODECS):
                declared = not self.declared or site in self.declared
                yield Segment(log_date, site, name, path, int(entry["size"] or 0), declared)

    def _children(self, folder: str, prefix: str) -> list[str]:
        if not self.fs.isdir(folder):
            return []
        names = (str(e["name"]).rstrip("/").rsplit("/", 1)[-1] for e in self.fs.ls(folder, detail=True))
        return [n.removeprefix(prefix) for n in names if n.startswith(prefix)]


def is_date(text: str) -> bool:
    """Whether `text` is a log date, `YYYY-MM-DD`."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
