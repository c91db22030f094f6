"""Every planted fault found where it is, and nothing else: precision and recall of quarantine, by reason.

    make truth                  1,000,000 events, 5 % of them broken, over every class of fault
    make truth EVENTS=60000     fewer

It ends with an error if a precision or a recall is not exactly 1.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rs_assets.contract.duplicates import Received
from rs_assets.contract.split import split_log_date
from rs_assets.log import RawLog
from rs_assets.log.generator import FAULTS, Plan, generate

PLACE = ["site", "log_date", "segment", "line", "event_index", "reason"]


def quarantined(path: str) -> pl.DataFrame:
    """A log date's quarantined events as the truth would list them."""
    table = pl.scan_parquet(path).explode("reasons")
    index = pl.col("event_index").cast(pl.Int64)
    listed = table.select(
        *PLACE[:1], pl.col("log_date").cast(pl.String), *PLACE[2:4], index, reason="reasons"
    )
    return listed.collect()


def by_reason(truth: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """`planted`, `found` and `right` by reason; only `right` ones are found in the place where one was planted."""
    right = truth.join(found, on=PLACE, how="inner", nulls_equal=True)
    counts = [
        frame.group_by("reason").agg(pl.len().alias(name))
        for name, frame in (("planted", truth), ("found", found), ("right", right))
    ]
    together = counts[0].join(counts[1], on="reason", how="full", coalesce=True)
    return together.join(counts[2], on="reason", how="full", coalesce=True).fill_null(0).sort("reason")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--broken", type=float, default=0.05)
    asked = parser.parse_args()
    plan = Plan(start=dt.date(2024, 2, 26), days=7, events=asked.events, broken=asked.broken, seed=11)
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        with console.status("Writing the log …"):
            summary = generate(plan, f"{folder}/raw", f"{folder}/truth.csv")
        truth = pl.read_csv(f"{folder}/truth.csv", schema_overrides={"event_index": pl.Int64}).select(PLACE)
        log, received, found = RawLog(f"{folder}/raw"), Received(), []
        events = valid = 0
        for log_date in track(log.log_dates(), "Splitting", console=console):
            paths = str(Path(folder, "valid")), str(Path(folder, "quarantined"))
            received = Received(received)
            report = split_log_date(log, log_date, *paths, received=received)
            events, valid = events + report.events, valid + report.valid
            found.append(quarantined(paths[1]))
    counts = by_reason(truth, pl.concat(found))
    table = Table(
        "reason", "planted", "precision", "recall", title=f"{summary.events:,} events, {valid:,} valid"
    )
    for reason, planted, called, right in counts.iter_rows():
        table.add_row(
            reason,
            f"{planted:,}",
            f"{right / called if called else 0:.6f}",
            f"{right / planted if planted else 0:.6f}",
        )
    console.print(table)
    exact = counts.filter((pl.col("planted") == pl.col("right")) & (pl.col("found") == pl.col("right")))
    missing = set(FAULTS) - set(counts["reason"])
    sys.exit(f"not exact, or never planted: {missing}" if len(exact) < len(counts) or missing else 0)


if __name__ == "__main__":
    main()
