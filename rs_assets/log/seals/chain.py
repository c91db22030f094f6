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

from rs_assets.log.layout import RawLog, is_date
from rs_assets.log.seals.broken import NOTHING, Broken
from rs_assets.log.seals.manifest import GENESIS, MalformedSeal, Seal, parse

FOLDER = "_seals"
NAME = re.compile(r"log_date=(.{10})\.json")


@dataclass(frozen=True)
class Head:
    """The last seal of a chain: its digest stands for everything that is sealed. It is "" if it cannot be read."""

    log_date: str
    digest: str


@dataclass(frozen=True)
class Link:
    """A seal as it lies.

    Attributes:
        log_date: the one in its name.
        digest: the SHA-256 of its bytes; "" if they cannot be read.
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


def sealed_dates(log: RawLog) -> list[str]:
    """The log dates that have a seal, sorted."""
    matches = (NAME.fullmatch(entry.name) for entry in log.files.inside(FOLDER))
    return sorted(match[1] for match in matches if match and is_date(match[1]))


def is_sealed(log: RawLog, log_date: str) -> bool:
    """Whether a log date has a seal, by a look at its file alone."""
    return log.files.has(place(log_date))


def read(log: RawLog, log_dates: Sequence[str]) -> list[Link]:
    """The seals of these log dates; one that cannot be read is a link with a problem."""
    found = log.files.read([place(log_date) for log_date in log_dates])
    return [_link(log_date, data) for log_date, data in zip(log_dates, found, strict=True)]


def head(log: RawLog, dates: Sequence[str], links: Sequence[Link]) -> Head | None:
    """The last of all these log dates; it is read unless it is one of the links. None if there is none."""
    if not dates:
        return None
    last = next((link for link in links if link.log_date == dates[-1]), None) or read(log, dates[-1:])[0]
    return Head(last.log_date, last.digest)


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
                f"bytes that are none: it {link.problem}" if link.digest else f"a file that {link.problem}",
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


def _link(log_date: str, data: bytes | OSError) -> Link:
    if not isinstance(data, bytes):
        return Link(log_date, "", None, f"cannot be read: {data}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        return Link(log_date, digest, parse(data, log_date))
    except MalformedSeal as problem:
        return Link(log_date, digest, None, str(problem))
