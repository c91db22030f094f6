"""The raw log in a few numbers.

Belongs here: listing it. Does not belong here: reading a line of it, or what became of it in the lake (`facts`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from rs_assets.log import RawLog
from rs_assets.log.seals import nothing, verify


@dataclass(frozen=True)
class Log:
    """The raw log; `log_dates` counts the dates on which anything was received.

    Attributes:
        sealed_to: the last sealed log date; None if nothing is sealed.
        head: the digest of its seal, which stands for all that is sealed.
        broken: what is not as it was sealed by place or size, in sentences.
    """

    place: str
    sites: list[str]
    log_dates: int
    first_log_date: str | None
    last_log_date: str | None
    segments: int
    bytes: int
    sealed_to: str | None = None
    head: str | None = None
    broken: list[str] = field(default_factory=list)


def received(log: RawLog, log_dates: list[str], today: dt.date) -> Log:
    """What lies there on the given log dates, which are all of it; `today` is not closed yet."""
    seals = verify(log, today, choice=nothing)
    segments = [segment for log_date in log_dates for segment in log.segments(log_date)]
    return Log(
        place=log.root,
        sites=log.sites(),
        log_dates=len(log_dates),
        first_log_date=log_dates[0] if log_dates else None,
        last_log_date=log_dates[-1] if log_dates else None,
        segments=len(segments),
        bytes=sum(segment.size for segment in segments),
        sealed_to=seals.head.log_date if seals.head else None,
        head=seals.head.digest if seals.head else None,
        broken=[str(one) for one in seals.broken],
    )
