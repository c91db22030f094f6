"""The raw log in a few numbers.

Belongs here: listing it. Does not belong here: reading a line of it, its seals (`seals`), or what became of it in the
lake (`facts`).
"""

from __future__ import annotations

from dataclasses import dataclass

from rs_assets.log import RawLog


@dataclass(frozen=True)
class Log:
    """The raw log; `log_dates` counts the dates on which anything was received."""

    place: str
    sites: list[str]
    log_dates: int
    first_log_date: str | None
    last_log_date: str | None
    segments: int
    bytes: int


def received(log: RawLog, log_dates: list[str]) -> Log:
    """What lies there on the given log dates, which are all of it."""
    segments = [segment for found in log.segments_by_date(log_dates).values() for segment in found]
    return Log(
        place=log.root,
        sites=log.sites(),
        log_dates=len(log_dates),
        first_log_date=log_dates[0] if log_dates else None,
        last_log_date=log_dates[-1] if log_dates else None,
        segments=len(segments),
        bytes=sum(segment.size for segment in segments),
    )
