"""The split, log date by log date, into the lake.

Belongs here: staging both tables of a date. Does not belong here: the split itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from rs_assets.contract.duplicates import Received
from rs_assets.contract.parse import Sent
from rs_assets.contract.split import SplitReport, received_before, split_log_date
from rs_assets.lake.lineage import RAW, Reads, days_before, reading
from rs_assets.lake.stage import Stage
from rs_assets.log.erasure import read_orders
from rs_assets.log.layout import RawLog

VALID, QUARANTINED = "valid_events", "quarantined_events"

READS: dict[str, Reads] = dict.fromkeys((VALID, QUARANTINED), reading(days_before(RAW, 1)))
"""The log date before is read for duplicates."""


def publish_split(
    log: RawLog,
    stage: Stage,
    log_dates: Iterable[str],
    *,
    threads: int,
    on_date: Callable[[str], None] = lambda log_date: None,
) -> list[SplitReport]:
    """Split each log date before the next one is begun; memory is that of one date's batches.

    What a log date received is handed on to the next one; only the date before the first is read for it alone.

    Returns:
        a report for each log date that was split; the stage may keep others.

    Raises:
        UserError: a segment cannot be read.
    """
    reports = []
    orders, sent = read_orders(log), Sent()
    last, received = "", Received()
    for log_date in stage.pending((VALID, QUARANTINED), log_dates):
        on_date(log_date)
        follows = last == str(dt.date.fromisoformat(log_date) - dt.timedelta(days=1))
        before = received if follows else received_before(log, log_date, threads=threads, orders=orders)
        received, last = Received(before), log_date
        valid, quarantined = stage.path(VALID, log_date), stage.path(QUARANTINED, log_date)
        report = split_log_date(
            log, log_date, valid, quarantined, threads=threads, received=received, orders=orders, sent=sent
        )
        stage.finish(VALID, log_date)
        stage.finish(QUARANTINED, log_date)
        reports.append(report)
    return reports
