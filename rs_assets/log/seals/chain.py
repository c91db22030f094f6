"""The seals of a log as they lie, and how they are linked.

Belongs here: where seals lie, reading them, what breaks between one and the next. Does not belong here: what a seal
says (`manifest`), whether its segments are as it says (`verify`), or writing (`sealing`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import fsspec
from fsspec.spec import AbstractFileSystem

from rs_assets.log.layout import RawLog, is_date
from rs_assets.log.seals.broken import NOTHING, Broken
from rs_assets.log.seals.manifest import GENESIS, MalformedSeal, Seal, parse

FOLDER = "_seals"
NAME = re.compile(r"log_date=(.{10})\.json")


@dataclass(frozen=True)
class Head:
    """The last seal of a chain: its digest stands for everything that is sealed."""

    log_date: str
    digest: str


@dataclass(frozen=True)
class Link:
    """A seal as it lies.

    Attributes:
        log_date: the one in its name.
        digest: the SHA-256 of its bytes.
        seal: what it says; None if it cannot be read as a seal.
        problem: why not, in words that follow "it".
    """

    log_date: str
    digest: str
    seal: Seal | None
    problem: str = ""

    @property
    def place(self) -> str:
        """How messages name it."""
        return place(self.log_date)


def place(log_date: str) -> str:
    """Where the seal of a log date lies, below the log's root."""
    return f"{FOLDER}/log_date={log_date}.json"


def file_of(log: RawLog, log_date: str) -> tuple[AbstractFileSystem, str]:
    """The same as a path of the log's file system."""
    fs, root = fsspec.url_to_fs(log.root)
    return fs, f"{root.rstrip('/')}/{place(log_date)}"


def sealed_dates(log: RawLog) -> list[str]:
    """The log dates that have a seal, sorted."""
    fs, path = file_of(log, "")
    folder = path.rpartition("/")[0]
    if not fs.isdir(folder):
        return []
    names = (str(found).rpartition("/")[2] for found in fs.ls(folder, detail=False))
    return sorted(match[1] for name in names if (match := NAME.fullmatch(name)) and is_date(match[1]))


def is_sealed(log: RawLog, log_date: str) -> bool:
    """Whether a log date has a seal, by a look at its file alone."""
    fs, path = file_of(log, log_date)
    fs.invalidate_cache()
    return bool(fs.exists(path))


def read(log: RawLog, log_dates: Sequence[str]) -> list[Link]:
    """The seals of these log dates; one that cannot be read is a link with a problem."""
    fs, _ = file_of(log, "")
    paths = [file_of(log, log_date)[1] for log_date in log_dates]
    # All in one call, which object stores answer side by side.
    found = fs.cat_ranges(paths, None, None, on_error="return") if paths else []
    return [_link(log_date, data) for log_date, data in zip(log_dates, found, strict=True)]


def head(log: RawLog, dates: Sequence[str], links: Sequence[Link]) -> Head | None:
    """The last of all these log dates; it is read unless it is one of the links."""
    last = [link for link in links if link.log_date == dates[-1]] or read(log, dates[-1:])
    return Head(last[0].log_date, last[0].digest) if last else None


def breaks(links: Sequence[Link], dates: Sequence[str]) -> Iterator[Broken]:
    """What is broken between these links, which follow each other in the chain; `dates` are all of the chain."""
    if links and links[0].log_date == dates[0]:
        yield from _start(links[0])
    for link in links:
        if link.seal is None:
            yield Broken(
                link.log_date,
                "seal_malformed",
                link.place,
                "a manifest of this log date",
                f"bytes that are none: it {link.problem}",
            )
    for one, after in pairwise(links):
        named = after.seal.previous if after.seal else ""
        gap = days(one.log_date, after.log_date)[1:-1]
        for log_date in gap:
            sealed = f"SHA-256 {named}" if named and log_date == gap[-1] else "a seal"
            yield Broken(log_date, "seal_missing", place(log_date), sealed, NOTHING)
        if named and not gap and one.seal and named != one.digest:
            by = f"SHA-256 {named}, says the seal of {after.log_date}"
            yield Broken(one.log_date, "seal_changed", one.place, by, f"SHA-256 {one.digest}")


def _start(first: Link) -> Iterator[Broken]:
    if first.seal and first.seal.previous != GENESIS:
        sealed = f"as the one after a seal of SHA-256 {first.seal.previous}"
        yield Broken(first.log_date, "chain_start", first.place, sealed, "no seal before it")


def days(first: str, last: str) -> list[str]:
    """Every log date from the first to the last."""
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return [(start + dt.timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def _link(log_date: str, data: bytes | Exception) -> Link:
    if not isinstance(data, bytes):
        if not isinstance(data, OSError):
            raise data
        return Link(log_date, "", None, f"cannot be read: {data}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        return Link(log_date, digest, parse(data, log_date))
    except MalformedSeal as problem:
        return Link(log_date, digest, None, str(problem))
