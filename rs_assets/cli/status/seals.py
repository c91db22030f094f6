"""What of the raw log is sealed, and whether it still is as it was.

Belongs here: the seals in a few numbers. Does not belong here: reading a segment (`rs-assets verify` does).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from rs_assets.log import RawLog
from rs_assets.log.seals import Broken, nothing, verify


@dataclass(frozen=True)
class Seals:
    """The chain of seals, compared with the log by places and sizes.

    Attributes:
        log_dates: how many are sealed.
        first_log_date: the first of them; None if nothing is sealed.
        last_log_date: the last.
        head: the digest of the last one's seal, which stands for all that is sealed; "" if it cannot be read.
        unsealed: closed log dates that have no seal.
        broken: all that is not as it was sealed.
    """

    log_dates: int = 0
    first_log_date: str | None = None
    last_log_date: str | None = None
    head: str | None = None
    unsealed: list[str] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def sealed(log: RawLog, today: dt.date) -> Seals:
    """The seals as they are; `today` is not closed yet."""
    found = verify(log, today, choice=nothing)
    return Seals(
        log_dates=len(found.seals),
        first_log_date=min(found.seals, default=None),
        last_log_date=found.head.log_date if found.head else None,
        head=found.head.digest if found.head else None,
        unsealed=found.unsealed,
        broken=found.broken,
    )
