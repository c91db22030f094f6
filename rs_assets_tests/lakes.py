"""Lakes made by hand.

Belongs here: what several tests publish and look at. Does not belong here: expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import polars as pl

from rs_assets.contract.split import split_log_date
from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage
from rs_assets.lake.stage import UNKNOWN, Stage
from rs_assets.lake.tables import write_table
from rs_assets.log import RawLog

T = TypeVar("T")


def put(lake: Lake, asset: str, log_dates: Iterable[str], frame: pl.DataFrame, of: Lineage = UNKNOWN) -> None:
    """Publish a table for these log dates."""
    with Stage(lake, of) as stage:
        for log_date in log_dates:
            write_table(frame, stage.path(asset, log_date))
        stage.publish()


def put_split(lake: Lake, log: RawLog, log_dates: Iterable[str]) -> None:
    """Split these log dates, each for itself, and publish them."""
    with Stage(lake) as stage:
        for log_date in log_dates:
            paths = [stage.path(asset, log_date) for asset in ("valid_events", "quarantined_events")]
            split_log_date(log, log_date, *paths)
        stage.publish()


def through(lake: Lake, step: Callable[[Stage], T]) -> T:
    """Publish what a step makes; returns what it returns."""
    with Stage(lake) as stage:
        made = step(stage)
        stage.publish()
    return made


def published(lake: Lake) -> dict[str, bytes]:
    """Every published file, by the path that a person would look at, without its record."""
    home = Path(lake.home)
    return {
        f"{asset}/log_date={log_date}/{path.name}": path.read_bytes()
        for asset in lake.own_assets()
        for log_date in lake.own_log_dates(asset)
        for path in sorted((home / asset / f"log_date={log_date}").iterdir())
        if path.name != "record.json"
    }
