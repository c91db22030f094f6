"""What objects follow from, and so which of them are stale.

Belongs here: from declarations (which code, which inputs) to the origin of an object. Does not belong here: the
declarations, which stand with each asset; a plan of what to rebuild (`rs_assets.replay`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rs_assets.lake.paths import Lake
from rs_assets.lake.records import ABSENT, Input, Origin, together

RAW = "raw_events"
GIVEN = (RAW, "decisions", "erasures")
"""Inputs that no asset of the lake is, or what their names begin with."""


@dataclass(frozen=True)
class Read:
    """Objects that an object is made of: those of an asset over log dates, both inclusive.

    An empty `first` is the beginning.
    """

    asset: str
    first: str
    last: str


Reads: TypeAlias = Callable[[str], tuple[Read, ...]]
"""What an asset reads to make the object of a log date."""


def days_before(asset: str, days: int, until: int = 0) -> Callable[[str], Read]:
    """Reads an asset from `days` log dates before the object's own until `until` before it."""

    def read(log_date: str) -> Read:
        day = dt.date.fromisoformat(log_date)
        first, last = (day - dt.timedelta(days=n) for n in (days, until))
        return Read(asset, first.isoformat(), last.isoformat())

    return read


def reading(*each: str | Callable[[str], Read]) -> Reads:
    """Reads of several assets; one that is named only is read on the same log date."""
    ways = [days_before(one, 0) if isinstance(one, str) else one for one in each]
    return lambda log_date: tuple(way(log_date) for way in ways)


def is_given(asset: str) -> bool:
    """Whether an input is none of the lake's, so that its version is not looked up there."""
    return asset.partition("/")[0] in GIVEN


@dataclass
class Lineage:
    """Where objects come from.

    Args:
        code: the version of each asset's code.
        reads: what each asset reads.
        log_versions: the data versions of log dates of the raw log; asked once for each, before its bytes are read,
            so that what is written to the log meanwhile makes the object stale and not wrong.
        given: the versions by log date of what else is not made by the graph, by name.
        unread: log dates of the raw log whose bytes are not to be read: they are taken to be what they were.
        lenient: whether a damaged object is as good as none: where nothing is made of it.
    """

    code: Mapping[str, str]
    reads: Mapping[str, Reads]
    log_versions: Callable[[Iterable[str]], Mapping[str, str]] = lambda log_dates: {}
    given: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)
    unread: Collection[str] = ()
    lenient: bool = False
    _known: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def origin(self, lake: Lake, asset: str, log_date: str) -> Origin:
        """What the object follows from, were it made now; of an asset that is not declared, nothing is known."""
        reads = self.reads.get(asset, _nothing)(log_date)
        return Origin(self.code.get(asset, ""), tuple(self._input(lake, read) for read in reads))

    def known(self, asset: str) -> bool:
        """Whether the asset is declared: only then do two equal origins mean anything."""
        return asset in self.code and asset in self.reads

    def covers(self, asset: str, log_date: str, other: tuple[str, str]) -> bool:
        """Whether the object of a log date is made of `other`, an asset's of another one."""
        reads = self.reads.get(asset, _nothing)(log_date)
        return any(read.asset == other[0] and read.first <= other[1] <= read.last for read in reads)

    def judged(self, inputs: Iterable[Input]) -> list[Input]:
        """Those of the inputs that can be compared: all but what has unread bytes among it."""

        def is_read(one: Input) -> bool:
            return one.asset != RAW or not any(one.first <= day <= one.last for day in self.unread)

        return [one for one in inputs if is_read(one)]

    def prepare(self, assets: Iterable[str], log_dates: Iterable[str]) -> None:
        """Ask for all that these assets read of the log, at once; it is read after that."""
        reads = (read for a in assets for d in log_dates for read in self.reads.get(a, _nothing)(d))
        self.learn_log(day for read in reads if read.asset == RAW for day in days(read))

    def learn_log(self, log_dates: Iterable[str]) -> None:
        """Ask for the versions of many log dates at once."""
        missing = sorted(set(log_dates) - self._known.keys() - set(self.unread))
        found = self.log_versions(missing) if missing else {}
        self._known.update({log_date: found.get(log_date, ABSENT) for log_date in missing})

    def _input(self, lake: Lake, read: Read) -> Input:
        if read.first == read.last:
            digest = self._digest(lake, read.asset, read.last) or ABSENT
            return Input(read.asset, read.first, read.last, digest)
        dates = lake.log_dates(read.asset) if read.asset != RAW else days(read)
        among = (log_date for log_date in dates if read.first <= log_date <= read.last)
        digests = {d: found for d in among if (found := self._digest(lake, read.asset, d))}
        return Input(read.asset, read.first, read.last, together(digests) if digests else ABSENT)

    def _digest(self, lake: Lake, asset: str, log_date: str) -> str | None:
        if asset == RAW:
            self.learn_log([log_date])
            found = self._known.get(log_date, ABSENT)
            return None if found == ABSENT else found
        if asset in self.given:
            return self.given[asset](log_date)
        record = lake.readable(asset, log_date) if self.lenient else lake.record(asset, log_date)
        return record.digest if record else None


def days(read: Read) -> list[str]:
    """Every log date that is read."""
    first, last = dt.date.fromisoformat(read.first), dt.date.fromisoformat(read.last)
    return [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def _nothing(log_date: str) -> tuple[Read, ...]:
    return ()
