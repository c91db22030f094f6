"""Sealing closed log dates: the only thing that writes seals, and it never replaces one.

Belongs here: which log dates are to be sealed, and writing. Does not belong here: what a seal says (`manifest`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rs_assets.errors import UserError
from rs_assets.log.files import MEND, reach, trouble
from rs_assets.log.layout import RawLog, Segment
from rs_assets.log.seals import chain
from rs_assets.log.seals.collecting import Collecting, collecting
from rs_assets.log.seals.hashing import Meter, Progress, in_pool, measure
from rs_assets.log.seals.manifest import GENESIS, Seal
from rs_assets.log.seals.verify import verify
from rs_assets.log.whole import create


@dataclass(frozen=True)
class Sealed:
    """What sealing did.

    Attributes:
        seals: those that were written, in order.
        head: the last seal of the chain; None where nothing is sealed.
        before: closed log dates before the chain's first, which can no longer be sealed.
        waiting: journals of collectors with lines of log dates of the range, which are not sealed therefore.
    """

    seals: list[Seal]
    head: chain.Head | None
    before: list[str]
    waiting: list[Collecting] = field(default_factory=list)


def seal_log_dates(
    log: RawLog,
    today: dt.date,
    first: dt.date | None = None,
    last: dt.date | None = None,
    progress: Progress | None = None,
) -> Sealed:
    """Seal every closed log date of a range that has no seal, in order; those that have one are left alone.

    So are those of which a collector may still write a segment.

    Before anything is written, the seals that are there are verified: places, sizes and links of all, and the bytes
    of the last one, on which the next will build.

    Raises:
        UserError: a seal no longer holds, the range would leave a gap, or a segment cannot be read.
    """
    log.require()
    if last is not None and last >= today:
        raise UserError(
            f"Log date {last} is not closed yet.",
            f"The last one that can be sealed is {today - dt.timedelta(days=1)}.",
        )
    head, before = _verified_head(log, today, progress)
    wanted = _to_seal(log, today, first, last, head)
    waiting = [one for one in collecting(log) if one.log_date <= str(last or today - dt.timedelta(days=1))]
    dates = [log_date for log_date in wanted if not waiting or log_date < waiting[0].log_date]
    segments = log.segments_by_date(dates)
    meter = Meter(sum(segment.size for found in segments.values() for segment in found), progress)
    measured = in_pool(
        lambda segment: measure(log, segment, meter.at(segment.place)),
        (segment for found in segments.values() for segment in found),
    )
    written = []
    for log_date, found in segments.items():
        seal = Seal(log_date, head.digest if head else GENESIS, tuple(islice(measured, len(found))))
        _settled(log, found, seal)
        _write(log, seal)
        written.append(seal)
        head = chain.Head(log_date, seal.digest)
    return Sealed(written, head, before, waiting)


def _verified_head(
    log: RawLog, today: dt.date, progress: Progress | None
) -> tuple[chain.Head | None, list[str]]:
    dates = chain.sealed_dates(log)

    def of_the_last(places: Sequence[str]) -> Collection[str]:
        return {place for place in places if f"/log_date={dates[-1]}/" in place}

    found = verify(log, today, choice=of_the_last, progress=progress)
    if found.broken:
        one = found.broken[0]
        raise UserError(
            f"The seal of log date {one.log_date} no longer holds, so nothing was sealed.\n{one}",
            "`rs-assets verify` names everything that differs. Put it back as it was sealed; until then no seal can "
            "build on it.",
        )
    return found.head, [log_date for log_date in found.unsealed if dates and log_date < dates[0]]


def _to_seal(
    log: RawLog, today: dt.date, first: dt.date | None, last: dt.date | None, head: chain.Head | None
) -> list[str]:
    """Consecutive log dates behind the head, to the last one on which anything was received."""
    closed = [log_date for log_date in log.log_dates() if log_date < str(today)]
    wanted = [log_date for log_date in closed if log_date <= str(last or today)]
    if head is None:
        wanted = [log_date for log_date in wanted if log_date >= str(first or "")]
        return chain.days(wanted[0], wanted[-1]) if wanted else []
    if not wanted or wanted[-1] <= head.log_date:
        return []
    dates = chain.days(head.log_date, wanted[-1])[1:]
    if first is not None and str(first) > dates[0]:
        raise UserError(
            f"Sealing from {first} would leave a gap: the last sealed log date is {head.log_date}.",
            f"Seal from {dates[0]} on, or leave --from out.",
        )
    return dates


def _settled(log: RawLog, listed: list[Segment], seal: Seal) -> None:
    """Raise a UserError if somebody wrote to the log date while its segments were read."""
    log.files.refresh()
    sizes = [segment.size for segment in seal.segments]
    if log.segments(seal.log_date) != listed or [segment.size for segment in listed] != sizes:
        raise UserError(
            f"Log date {seal.log_date} changed while it was read, so it was not sealed.",
            "A closed log date must have no writer: find out who writes there, then seal again.",
        )


def _write(log: RawLog, seal: Seal) -> None:
    fs, root = reach(log.root)
    place = chain.place(seal.log_date)
    try:
        create(fs, f"{root}/{place}", seal.encode())
    except FileExistsError:
        raise UserError(
            f"There is a seal at {place} already; it was not replaced.",
            "Somebody else sealed at the same time: call `rs-assets seal` again.",
        ) from None
    except trouble() as problem:
        raise UserError(f"The seal {place} cannot be written: {problem}.", MEND) from None
