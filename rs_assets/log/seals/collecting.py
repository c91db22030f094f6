"""What a collector may still write of a log date that is over.

Belongs here: journals that are not segments yet, and how long a request may be under way. Does not belong here:
sealing (`sealing`), or writing a journal (`rs_assets.collector.journal`).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from rs_assets.log.layout import RawLog

FOLDER = "_collecting"
"""Where collectors keep their journals; no reader of the log looks there."""
ENDING = ".journal"
GRACE = dt.timedelta(minutes=15)
"""So long after its end a log date may get requests that were under way, on a disk or to an object store."""

_NAME = re.compile(r"(\d{4})(\d\d)(\d\d)T\w+-\w+\.journal")


@dataclass(frozen=True)
class Collecting:
    """A journal that is not closed: lines of its log date, or of a later one, are in no segment yet."""

    log_date: str
    place: str


def today(now: dt.datetime) -> dt.date:
    """The first UTC day that is not over for good: what was received before it is on its way no more."""
    return (now.astimezone(dt.UTC) - GRACE).date()


def collecting(log: RawLog) -> list[Collecting]:
    """The journals that lie beside a log, the oldest first."""
    found = ((entry.place, _NAME.fullmatch(entry.name)) for entry in log.files.inside(FOLDER))
    return sorted(
        (Collecting("-".join(match.groups()), place) for place, match in found if match),
        key=lambda one: (one.log_date, one.place),
    )
