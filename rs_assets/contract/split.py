"""The split of a log date: every event goes to exactly one of two tables.

Belongs here: the pass over a log date's batches, duplicates, writing, and conservation. Does not belong
here: judging a batch (`judge`), or publishing (`lake`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from rs_assets.contract.duplicates import Received, Which
from rs_assets.contract.exact import examine
from rs_assets.contract.flags import FLAGGED_BY
from rs_assets.contract.judge import EVENT_RULES, ITEM_RULES, Judged, judge
from rs_assets.contract.parse import Parser, Sent
from rs_assets.contract.quarantine import QUARANTINED_EVENTS, damaged_rows, quarantined, repeat_violations
from rs_assets.contract.queries import ITEM_FIELDS, Fields
from rs_assets.contract.repairs import REPAIRS
from rs_assets.contract.repairs.repair import Repair
from rs_assets.contract.rules import looked_at
from rs_assets.contract.shapes import Shapes
from rs_assets.contract.typed import VALID_EVENTS
from rs_assets.lake.tables import TableWriter
from rs_assets.log.ahead import ahead
from rs_assets.log.blocks import BATCH_BYTES, read_batches
from rs_assets.log.erasure import Orders, read_orders, unerased
from rs_assets.log.layout import RawLog

WHOLE_LINES = 8_192
"""Rows of a group of `quarantined_events`, each of which has its line in it."""
PIECE = 100
"""Rows for each one left out, from which on copying the others takes longer than to piece them together."""


class ConservationError(Exception):
    """Events in are not valid + quarantined + erased. Never to be seen; nothing is published where it is."""


@dataclass
class SplitReport:
    """What became of a log date.

    Attributes:
        log_date: the UTC day of receipt.
        segments: how many were read.
        lines: non-blank lines in them.
        events: events in; a line in which no event can be told counts as one.
        erased: those of erased clients, which went nowhere; what a rewrite has taken out of the log is not counted.
        by_reason: quarantined events by reason code; one with two reasons counts for both.
        by_site: (valid, quarantined) by site.
    """

    log_date: str
    segments: int = 0
    lines: int = 0
    events: int = 0
    valid: int = 0
    quarantined: int = 0
    erased: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    by_site: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def conserved(self) -> bool:
        """Whether events in are valid + quarantined + erased."""
        return self.events == self.valid + self.quarantined + self.erased

    @property
    def quarantine_rate(self) -> float:
        """Quarantined events of all events; 0 for an empty log date."""
        return self.quarantined / self.events if self.events else 0.0

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        names = ("segments", "lines", "events", "valid", "quarantined", "erased")
        return {name: int(getattr(self, name)) for name in names}


def split_log_date(
    log: RawLog,
    log_date: str,
    valid_path: str,
    quarantined_path: str,
    *,
    threads: int = 2,
    batch_bytes: int = BATCH_BYTES,
    repairs: Sequence[Repair] = REPAIRS,
    received: Received | None = None,
    orders: Orders | None = None,
    batches: Iterable[Judged] | None = None,
) -> SplitReport:
    """Write the two tables of one log date; memory is bounded by `threads` batches whatever the date's size.

    Args:
        received: knows what the log date before received (`received_before`, asked if None), and holds afterwards
            what this one did.
        orders: whose events go nowhere; those of the log unless given.
        batches: those of this log date, where they are under way already (`judged_batches`).

    Raises:
        UserError: there is no log, or a segment of it cannot be read. Neither file is left then.
        ConservationError: the tables do not add up to the log.
    """
    log.require()  # a log that is not mounted is no empty log date
    report = SplitReport(log_date, segments=len(log.segments(log_date)))
    orders = read_orders(log) if orders is None else orders
    if received is None:
        before = received_before(
            log, log_date, threads=threads, batch_bytes=batch_bytes, repairs=repairs, orders=orders
        )
        received = Received(before)
    if batches is None:
        batches = judged_batches(
            log, log_date, threads=threads, batch_bytes=batch_bytes, repairs=repairs, orders=orders
        )
    with (
        TableWriter(valid_path, VALID_EVENTS) as valid,
        TableWriter(quarantined_path, QUARANTINED_EVENTS, row_group=WHOLE_LINES) as bad,
    ):
        for judged in batches:
            duplicate, repeated = received.repeats(judged.valid)
            kept = _without(judged.valid, duplicate | repeated)
            refused = quarantined(judged, repeat_violations(judged.places, duplicate, repeated), log_date)
            damaged = damaged_rows(judged.batch, log_date)
            _conserve(judged, kept, refused, report)
            valid.write(kept)
            bad.write(pl.concat([refused, damaged]))
            judged.batch.release()
            report.quarantined += damaged.height
            report.events += damaged.height
            report.by_reason.update(damaged["reasons"].explode().to_list())
            _count_sites(report, kept.clear(), damaged)
        if (valid.rows, bad.rows) != (report.valid, report.quarantined):
            raise ConservationError(f"{log_date}: counted {report}, wrote {valid.rows} and {bad.rows}.")
    return report


def received_before(
    log: RawLog,
    log_date: str,
    *,
    threads: int = 2,
    batch_bytes: int = BATCH_BYTES,
    repairs: Sequence[Repair] = REPAIRS,
    orders: Orders | None = None,
) -> Received:
    """What the log date before this one received, from the log itself: it is judged again and nothing is written."""
    orders = read_orders(log) if orders is None else orders
    before, received = str(dt.date.fromisoformat(log_date) - dt.timedelta(days=1)), Received()
    batches = judged_batches(
        log, before, threads=threads, batch_bytes=batch_bytes, repairs=repairs, orders=orders
    )
    for judged in batches:
        received.repeats(judged.valid)
        judged.batch.release()
    return received


def judged_batches(
    log: RawLog,
    log_date: str,
    *,
    orders: Orders,
    threads: int = 2,
    batch_bytes: int = BATCH_BYTES,
    repairs: Sequence[Repair] = REPAIRS,
    sent: Sent | None = None,
    all_read: Callable[[], None] = lambda: None,
) -> Generator[Judged]:
    """The batches of a log date: parsed in one thread, judged in others, and given back in the order of the log.

    Args:
        sent: fields to look for from the first batch on, and told of those found. It changes no row; a batch with
            a field that was not looked for has lines that are read once more.
        all_read: called once, when the last batches are under way and a thread is about to have nothing to do.
    """
    batches = unerased(read_batches(log, log_date, batch_bytes), orders.matcher)
    under_way: deque[Future[Judged]] = deque()
    shapes, judges = Shapes(), max(1, threads // 2)
    always = Fields.known(looked_at(EVENT_RULES), looked_at(ITEM_RULES) | FLAGGED_BY)
    if any(repair.in_force(log_date) for repair in repairs):
        always = Fields(always.params, ITEM_FIELDS)
    parsing = Parser(threads=judges, always=always, sent=sent)
    with parsing as parser, ThreadPoolExecutor(judges) as pool:
        for batch, parsed in ahead(parser.stream(batches)):
            under_way.append(pool.submit(judge, parser, shapes, batch, parsed, log_date, repairs))
            if len(under_way) > judges:  # one waits, so that no thread does
                yield under_way.popleft().result()
        all_read()
        while under_way:
            yield under_way.popleft().result()


def _conserve(judged: Judged, kept: pl.DataFrame, refused: pl.DataFrame, report: SplitReport) -> None:
    """Count a batch, per segment, and refuse it if it does not add up."""
    batch = judged.batch
    lineless = judged.violations.filter(pl.col("event_index").is_null()).select("k").n_unique()
    events = judged.seen.height + lineless
    covered = np.zeros(len(batch), np.bool_)
    covered[judged.seen["k"].to_numpy()] = True
    covered[judged.violations["k"].to_numpy()] = True
    if kept.height + refused.height != events or not covered.all():
        raise ConservationError(
            f"{report.log_date}: {events} events in {len(batch)} lines from "
            f"{batch.segments[batch.segment[0]].place}:{batch.line[0]} on, but {kept.height} valid and "
            f"{refused.height} quarantined. Nothing was published."
        )
    erased = sum(map(_events_of, batch.erased))
    report.lines += len(batch) + len(batch.erased)
    report.events += events + erased
    report.erased += erased
    report.valid += kept.height
    report.quarantined += refused.height
    report.by_reason.update(refused["reasons"].explode().to_list())
    _count_sites(report, kept, refused)


def _without(events: pl.DataFrame, gone: Which) -> pl.DataFrame:
    """The events that are not gone. While those are few, the pieces between them, which are not copied."""
    at = np.flatnonzero(gone)
    if len(at) * PIECE > len(gone):
        return events[np.flatnonzero(~gone)]
    starts, ends = np.append(0, at + 1), np.append(at, len(gone))
    pieces = zip(starts.tolist(), (ends - starts).tolist(), strict=True)
    return pl.concat(events.slice(start, length) for start, length in pieces)


def _events_of(line: bytes) -> int:
    """How many events a line counts for."""
    seen = examine(line)
    return 1 if seen.envelope is None else seen.events


def _count_sites(report: SplitReport, kept: pl.DataFrame, refused: pl.DataFrame) -> None:
    for frame, at in ((kept, 0), (refused, 1)):
        for site, count in frame["site"].value_counts().iter_rows():
            pair = list(report.by_site.get(site, (0, 0)))
            pair[at] += count
            report.by_site[site] = (pair[0], pair[1])
