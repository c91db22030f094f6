"""Whether what was sealed is still what is there.

Belongs here: comparing segments with their seals, and all that a verification found. Does not belong here: the links
between seals (`chain`), or which segments are read (`choices`).

A seal's digest stands in the next seal, so nothing of it can change unseen. The last one has nobody to vouch for it:
its lines are counted again.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from rs_assets.errors import UserError
from rs_assets.log.digests import segment_digest
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals import chain
from rs_assets.log.seals.broken import NOTHING, Broken
from rs_assets.log.seals.choices import Choice, everything
from rs_assets.log.seals.hashing import Meter, Progress, in_pool, measure
from rs_assets.log.seals.manifest import Seal, SealedSegment

STOPPED = " (after a rewrite for erasure: if it was stopped, `rs-assets forget --rewrite` finishes it)"

Pair: TypeAlias = tuple[Segment, SealedSegment]


@dataclass(frozen=True)
class Verified:
    """What a verification found.

    Attributes:
        seals: those of the range that can be read, by log date.
        broken: everything that is not as it was sealed; of the seals next to the range, which are read for their
            links, that they cannot be read.
        unsealed: closed log dates of the range that have no seal, which is no fault.
        read: the segments whose bytes were read.
        read_bytes: how many bytes they have.
        head: the last seal of the whole chain; None where nothing is sealed.
        rewritten: the segments that are no longer what was sealed, for they were rewritten under erasure orders; the
            seals have them as they are now.
    """

    seals: dict[str, Seal]
    broken: list[Broken]
    unsealed: list[str]
    read: int
    read_bytes: int
    head: chain.Head | None
    rewritten: int = 0

    @property
    def segments(self) -> int:
        """How many segments were verified."""
        return sum(len(seal.segments) for seal in self.seals.values())

    @property
    def size(self) -> int:
        """How many bytes were sealed."""
        return sum(seal.size for seal in self.seals.values())

    def holds(self, log_date: str) -> bool:
        """Whether a log date has a seal with which nothing is wrong."""
        return log_date in self.seals and all(broken.log_date != log_date for broken in self.broken)


def verify(
    log: RawLog,
    today: dt.date,
    first: dt.date | None = None,
    last: dt.date | None = None,
    choice: Choice = everything,
    head: str | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Compare every seal of a range with the log, and with the seals before and after it.

    Args:
        today: the UTC day that is not closed yet.
        first: the first log date; the earliest by default.
        last: the last one; the latest by default.
        choice: which segments are read; places and sizes are compared of all.
        head: the digest of a seal that must be in the chain, as a person or a receipt has kept it.
    """
    from rs_assets.log.erasure.history import read_history  # entries of the history hold parts of seals

    history = read_history(log)
    log.files.refresh()
    dates = chain.sealed_dates(log)
    start, end = str(first or dt.date.min), str(last or dt.date.max)
    links = chain.read(log, dates if head else _with_neighbours(dates, start, end))
    sealed = {link.log_date: link.seal for link in links if link.seal and start <= link.log_date <= end}
    seals = {
        log_date: replace(seal, segments=tuple(map(history.now, seal.segments)))
        for log_date, seal in sealed.items()
    }
    broken = list(chain.breaks(links, dates))
    last_date = dates[-1] if dates else str(today)
    broken += [Broken(last_date, "history_broken", *one) for one in history.broken]
    if head and head not in {link.digest for link in links}:
        found = "no seal of this digest in the chain"
        broken.append(Broken("", "head_unknown", chain.FOLDER, f"SHA-256 {head}", found))
    alike: list[Pair] = []
    listed = log.segments_by_date(seals)
    for log_date, seal in seals.items():
        there = {segment.place: segment for segment in listed[log_date]}
        now = {segment.place: segment for segment in seal.segments}
        unlike = list(_unlike(log_date, there, now))
        broken += unlike
        alike += [(there[place], now[place]) for place in now.keys() - {one.place for one in unlike}]
    chosen = choice([segment.place for seal in seals.values() for segment in seal.segments])
    to_read = sorted((pair for pair in alike if pair[0].place in chosen), key=lambda pair: pair[0])
    broken += _read(log, to_read, dates[-1] if dates else "", progress)
    rewritten = {
        was.place
        for log_date, seal in sealed.items()
        for was, now in zip(seal.segments, seals[log_date].segments, strict=True)
        if was != now
    }
    return Verified(
        seals=seals,
        broken=sorted(
            replace(one, found=one.found + STOPPED) if one.place in rewritten else one for one in broken
        ),
        unsealed=_unsealed(log, dates, start, min(end, str(today - dt.timedelta(days=1)))),
        read=len(to_read),
        read_bytes=sum(segment.size for segment, _ in to_read),
        head=chain.head(log, dates, links),
        rewritten=len(rewritten),
    )


def _with_neighbours(dates: list[str], start: str, end: str) -> list[str]:
    """The sealed log dates of a range and the ones next to it, which say whether it is linked."""
    before = [log_date for log_date in dates if log_date < start]
    return before[-1:] + dates[len(before) : bisect_right(dates, end) + 1]


def _unlike(log_date: str, found: dict[str, Segment], sealed: dict[str, SealedSegment]) -> Iterator[Broken]:
    """What the listing tells."""
    for place in sorted(found.keys() | sealed.keys()):
        was, there = sealed.get(place), found.get(place)
        if was is None and there is not None:
            yield Broken(log_date, "segment_added", place, NOTHING, f"{there.size:,} bytes")
        elif was is not None and there is None:
            yield Broken(log_date, "segment_missing", place, _of(was), NOTHING)
        elif was is not None and there is not None and was.size != there.size:
            yield Broken(log_date, "segment_changed", place, _of(was), f"{there.size:,} bytes")


def _read(log: RawLog, pairs: list[Pair], unvouched: str, progress: Progress | None) -> Iterator[Broken]:
    """What the bytes tell; of a log date that is unvouched, the lines too."""
    meter = Meter(sum(segment.size for segment, _ in pairs), progress)

    def compare(pair: Pair) -> list[Broken]:
        return list(_compared(log, *pair, pair[0].log_date == unvouched, meter))

    for broken in in_pool(compare, pairs):
        yield from broken


def _compared(
    log: RawLog, segment: Segment, sealed: SealedSegment, count: bool, meter: Meter
) -> Iterator[Broken]:
    advance = meter.at(segment.place)
    try:
        if count:
            found = measure(log, segment, advance)
        else:
            found = replace(sealed, sha256=segment_digest(log, segment, advance))
    except UserError as problem:
        yield Broken(segment.log_date, "segment_unreadable", segment.place, _of(sealed), problem.what)
        return
    if (found.size, found.sha256) != (sealed.size, sealed.sha256):
        yield Broken(segment.log_date, "segment_changed", segment.place, _of(sealed), _of(found))
    elif found != sealed:
        yield Broken(segment.log_date, "lines_wrong", segment.place, _lines(sealed), _lines(found))


def _unsealed(log: RawLog, dates: list[str], start: str, end: str) -> list[str]:
    """Closed log dates outside of the chain; inside of it, a missing seal is a fault."""
    outside = [day for day in log.log_dates() if not dates or not dates[0] <= day <= dates[-1]]
    return [log_date for log_date in outside if start <= log_date <= end]


def _of(segment: SealedSegment) -> str:
    return f"{segment.size:,} bytes, SHA-256 {segment.sha256}"


def _lines(segment: SealedSegment) -> str:
    return f"{segment.lines:,} lines, {'damaged' if segment.damaged else 'undamaged'}"
