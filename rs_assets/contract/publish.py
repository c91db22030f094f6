"""The split, log date by log date, into the lake.

Belongs here: staging both tables of a date, and beginning the next date in time. Does not belong here: the split
itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from threading import get_ident

from rs_assets.contract.duplicates import Received
from rs_assets.contract.judge import Judged
from rs_assets.contract.parse import Sent
from rs_assets.contract.split import SplitReport, judged_batches, received_before, split_log_date
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
    """Split log date by log date; memory is that of one date's batches, and of the first of the next one's.

    What a log date received is handed on to the next one; only the date before the first is read for it alone.

    Returns:
        a report for each log date that was split; the stage may keep others.

    Raises:
        UserError: a segment cannot be read.
    """
    reports = []
    orders, sent = read_orders(log), Sent()
    last, received = "", Received()

    def judged(log_date: str, all_read: Callable[[], None]) -> Generator[Judged]:
        return judged_batches(log, log_date, orders=orders, threads=threads, sent=sent, all_read=all_read)

    with closing(_begun_in_time(stage.pending((VALID, QUARANTINED), log_dates), judged)) as under_way:
        for log_date, batches in under_way:
            on_date(log_date)
            follows = last == str(dt.date.fromisoformat(log_date) - dt.timedelta(days=1))
            before = received if follows else received_before(log, log_date, threads=threads, orders=orders)
            received, last = Received(before), log_date
            valid, quarantined = stage.path(VALID, log_date), stage.path(QUARANTINED, log_date)
            report = split_log_date(
                log, log_date, valid, quarantined, received=received, orders=orders, batches=batches
            )
            stage.finish(VALID, log_date)
            stage.finish(QUARANTINED, log_date)
            reports.append(report)
    return reports


def _begun_in_time(
    log_dates: Iterator[str], judged: Callable[[str, Callable[[], None]], Generator[Judged]]
) -> Generator[tuple[str, Iterator[Judged]]]:
    """Each log date with its batches, the first of which is made while the last of the date before are written.

    Args:
        judged: gives the batches of a log date, and calls what it is given when all of them are under way.
    """
    here = get_ident()
    begun: list[tuple[str, Generator[Judged], Future[Judged | None]]] = []
    with ThreadPoolExecutor(1) as pool:

        def begin() -> None:
            if not begun and (log_date := next(log_dates, None)) is not None:
                batches = judged(log_date, all_read)
                begun.append((log_date, batches, pool.submit(next, batches, None)))

        def all_read() -> None:
            if get_ident() == here:  # a date of a single batch says so in the pool, before its turn
                begin()

        begin()
        try:
            while begun:
                log_date, batches, first = begun.pop()
                yield log_date, _from_the_first(first, batches)
                begin()
        finally:
            for _, batches, first in begun:  # of which nothing will be written
                wait([first])
                batches.close()


def _from_the_first(first: Future[Judged | None], others: Iterator[Judged]) -> Iterator[Judged]:
    if (batch := first.result()) is not None:
        yield batch
        yield from others
