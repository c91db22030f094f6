"""The split, log date by log date, into the lake.

Belongs here: staging both tables of a date and publishing them together. Does not belong here: the split
itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rs_assets.contract.duplicates import Received
from rs_assets.contract.split import SplitReport, received_before, split_log_date
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.log.layout import RawLog

VALID, QUARANTINED = "valid_events", "quarantined_events"


@dataclass(frozen=True)
class SplitPublished:
    """A log date's report, and the digests of the two objects that were published."""

    report: SplitReport
    valid_digest: str
    quarantined_digest: str


def publish_split(
    log: RawLog,
    lake: Lake,
    log_dates: Iterable[str],
    *,
    threads: int,
    on_date: Callable[[str], None] = lambda log_date: None,
) -> list[SplitPublished]:
    """Split each log date and publish it before the next one is begun; memory is that of one date's batches.

    What a log date received is handed on to the next one; only the date before the first is read for it alone.

    Raises:
        UserError: a segment cannot be read; the dates before it are published, it and those after are not.
    """
    published = []
    last, received = "", Received()
    for log_date in log_dates:
        on_date(log_date)
        follows = last == str(dt.date.fromisoformat(log_date) - dt.timedelta(days=1))
        received = Received(received if follows else received_before(log, log_date, threads=threads))
        last = log_date
        with Stage(lake) as stage:
            valid, quarantined = stage.path(VALID, log_date), stage.path(QUARANTINED, log_date)
            report = split_log_date(log, log_date, valid, quarantined, threads=threads, received=received)
            digests = stage.publish()
        published.append(SplitPublished(report, digests[VALID, log_date], digests[QUARANTINED, log_date]))
    return published
