"""What a repair would move, before anybody replays.

Belongs here: the split with and without it, into files that are thrown away, and the difference. Does not belong
here: the split, or saying it to a person (`cli`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from rs_assets.contract.repairs import REPAIRS
from rs_assets.contract.repairs.repair import ALL, Repair, unique
from rs_assets.contract.split import split_log_date
from rs_assets.log.layout import RawLog

GROUP = ["site", "event_name", "code"]
COUNTS = {**dict.fromkeys(GROUP, pl.String), "moved": pl.Int64, "still_quarantined": pl.Int64}
_EVENT = {"id": pl.String, "site": pl.String, "event_name": pl.String, "reasons": pl.List(pl.String)}


@dataclass(frozen=True)
class Trial:
    """The outcome of a trial.

    Attributes:
        counts: as `COUNTS`, sorted, a row a site, event name (null where it cannot be read) and reason code:
            how many of the events that are quarantined without the repair are valid with it, and how many are not. An
            event with two codes counts for both.
        log_dates: those that were split: the repair holds for them.
        moved: how many events became valid.
        broken: how many valid ones are quarantined with it: by the repair, or as duplicates of what it moved.
        conserved: whether both splits have the same events, each once.
    """

    counts: pl.DataFrame
    log_dates: tuple[str, ...]
    moved: int
    broken: int
    conserved: bool


def trial(
    log: RawLog,
    log_dates: Iterable[str],
    repair: Repair,
    *,
    repairs: Sequence[Repair] = REPAIRS,
    threads: int = 2,
    progress: Callable[[int, int, str], None] | None = None,
) -> Trial:
    """Split the log dates that a repair holds for twice, with it and without; nothing is published.

    Args:
        log: the raw log.
        log_dates: any, such as all that have something in quarantine.
        repair: takes the place of the one of its name in `repairs`, else comes last.
        repairs: the others, applied both times.
        threads: as of the split.
        progress: called before each log date with how many are done, of how many, and the date; and at the end.

    Raises:
        UserError: a segment cannot be read, or the repair fails.
    """
    without = [other for other in repairs if other.name != repair.name]
    names = [other.name for other in repairs]
    at = names.index(repair.name) if repair.name in names else len(without)
    with_it = unique([*without[:at], repair, *without[at:]])
    dates = tuple(date for date in log_dates if repair.in_force(date))
    counts, moved, broken, conserved = [pl.DataFrame(schema=COUNTS)], 0, 0, True
    report = progress or (lambda done, of, date: None)
    for done, date in enumerate(dates):
        report(done, len(dates), date)
        valid, quarantined = _split(log, date, without, threads)
        valid_then, quarantined_then = _split(log, date, with_it, threads)
        before, after = (
            pl.concat(ids).sort()
            for ids in ((valid, quarantined["id"]), (valid_then, quarantined_then["id"]))
        )
        conserved &= before.equals(after) and before.n_unique() == len(before)
        of_sites = (
            quarantined if repair.sites == ALL else quarantined.filter(pl.col("site").is_in(repair.sites))
        )
        fate = of_sites.with_columns(moves=pl.col("id").is_in(valid_then.implode()))
        moved += int(fate["moves"].sum())
        broken += int(valid.is_in(quarantined_then["id"].implode()).sum())
        counts.append(_counted(fate))
    report(len(dates), len(dates), "")
    together = pl.concat(counts).group_by(GROUP).sum().sort(GROUP)
    return Trial(together, dates, moved, broken, conserved)


def _split(
    log: RawLog, log_date: str, repairs: Sequence[Repair], threads: int
) -> tuple[pl.Series, pl.DataFrame]:
    """The ids of the valid events, and the quarantined events as `_EVENT`."""
    with tempfile.TemporaryDirectory(prefix="rs-assets-trial-") as folder:
        valid, quarantined = (str(Path(folder, f"{name}.parquet")) for name in ("valid", "quarantined"))
        split_log_date(log, log_date, valid, quarantined, threads=threads, repairs=repairs)
        ids = pl.scan_parquet(valid).select(id="event_id").collect()["id"]
        events = pl.scan_parquet(quarantined).select(id="quarantine_id", **{n: n for n in list(_EVENT)[1:]})
        return ids, events.collect()


def _counted(fate: pl.DataFrame) -> pl.DataFrame:
    """The quarantined events with where each `moves`, as `COUNTS`."""
    by_code = fate.explode("reasons").rename({"reasons": "code"}).group_by(GROUP)
    moved, stay = pl.col("moves").sum(), (~pl.col("moves")).sum()
    return by_code.agg(moved=moved.cast(pl.Int64), still_quarantined=stay.cast(pl.Int64))
