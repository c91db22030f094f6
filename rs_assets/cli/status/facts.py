"""Where things stand.

Belongs here: looking at the lake, and all that was found as dataclasses, which scripts get as JSON. Does not belong
here: the raw log (`raw_log`, `seals`), what is stale (`stale`), the model (`model`), who serves, alerts and the disk
(`upkeep`), or the page.

Only names, sizes, records and the ends of Parquet files are read, so it takes seconds however large the lake is.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pyarrow.parquet as pq

from rs_assets.cli.status.model import InForce, in_force
from rs_assets.cli.status.raw_log import Log, received
from rs_assets.cli.status.seals import Seals, sealed
from rs_assets.cli.status.seen import Seen
from rs_assets.cli.status.stale import Staleness, staleness
from rs_assets.cli.status.upkeep import (
    Disk,
    Replayed,
    Serving,
    Undelivered,
    disk,
    open_alerts,
    replayed,
    serving,
    undelivered,
)
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.replay.unfinished import Unfinished, interrupted
from rs_assets.settings import Settings

T = TypeVar("T")
VALID, QUARANTINED = "valid_events", "quarantined_events"


@dataclass(frozen=True)
class Asset:
    """A published asset. `to_do` are closed log dates of the raw log for which it has no object; of one that is no
    longer in the graph there are none.
    """

    asset: str
    log_dates: int
    first_log_date: str
    last_log_date: str
    rows: int
    bytes: int
    to_do: list[str]
    retired: bool = False


@dataclass(frozen=True)
class Damaged:
    """A published object that cannot be read, and why."""

    asset: str
    log_date: str
    problem: str


@dataclass(frozen=True)
class Share:
    """The share of events in quarantine, on one log date or over all of them."""

    log_date: str | None
    events: int
    quarantined: int
    rate: float | None


@dataclass(frozen=True)
class Status:
    """All of it.

    Attributes:
        damaged: objects that cannot be read; they count as to do.
        stale: null where nothing is published.
        interrupted: the last replay, where it did not come to its end and none is at work.
        next: the command that should come next, or null where nothing is to do.
    """

    home: str
    environment: str
    lake: str
    raw_log: Log
    seals: Seals
    assets: list[Asset]
    damaged: list[Damaged]
    stale: Staleness | None
    quarantine: Share | None
    quarantine_by_log_date: list[Share]
    model: InForce | None
    serving: list[Serving]
    open_alerts: dict[str, str]
    undelivered: Undelivered | None
    replayed: Replayed | None
    interrupted: Unfinished | None
    disk: Disk | None
    next: str | None


def look(settings: Settings, stale: Staleness | None = None) -> Status:
    """Look at everything there is; what is not there yet is empty, never an error.

    Args:
        settings: of the environment.
        stale: what is stale, where that is known: finding out takes longer than all the rest.
    """
    log = RawLog(settings.raw_log)
    lake = Seen(settings.lake, settings.environment)
    log_dates = log.log_dates()
    today = dt.datetime.now(dt.UTC).date()  # not closed yet, so not to do
    closed = [log_date for log_date in log_dates if log_date < str(today)]
    seals = sealed(log, today)
    damaged: list[Damaged] = []
    rows = {asset: _rows(lake, asset, damaged) for asset in lake.assets()}
    assets = [_asset(lake, asset, by_date, closed) for asset, by_date in rows.items() if by_date]
    if stale is None and assets and closed:
        stale = staleness(settings, lake, log, seals.unsealed, today)
    if stale and stale.graph:
        assets = [one if one.asset in stale.graph else replace(one, to_do=[], retired=True) for one in assets]
    by_log_date = _quarantine(rows.get(VALID, {}), rows.get(QUARANTINED, {}))
    events, quarantined = sum(s.events for s in by_log_date), sum(s.quarantined for s in by_log_date)
    left = interrupted(settings.home, settings.environment)
    return Status(
        home=settings.home,
        environment=settings.environment,
        lake=settings.lake,
        raw_log=received(log, log_dates),
        seals=seals,
        assets=assets,
        damaged=damaged,
        stale=stale,
        quarantine=_share(None, events, quarantined) if by_log_date else None,
        quarantine_by_log_date=by_log_date,
        model=_despite(damaged, lambda: in_force(lake), None),
        serving=_despite(damaged, lambda: serving(lake), []),
        open_alerts=open_alerts(settings),
        undelivered=undelivered(settings),
        replayed=replayed(settings),
        interrupted=left,
        disk=disk(settings.lake),
        next="rs-assets verify" if seals.broken else _next(log_dates, closed, assets, stale, left),
    )


def _despite(damaged: list[Damaged], ask: Callable[[], T], otherwise: T) -> T:
    """What is read out of objects; `otherwise` where some are damaged, which is told, and they cannot be read."""
    try:
        return ask()
    except Exception:  # whichever library it was that could not read one
        if not damaged:
            raise
        return otherwise


def _rows(lake: Lake, asset: str, damaged: list[Damaged]) -> dict[str, int]:
    """The rows of each object by log date; what cannot be read is put to the damaged."""
    rows = {}
    for log_date in lake.log_dates(asset):
        path = lake.object(asset, log_date)
        try:
            rows[log_date] = int(pq.read_metadata(path).num_rows)
        except (OSError, ValueError) as problem:
            damaged.append(
                Damaged(asset, log_date, str(problem).partition(". Detail:")[0].partition("\n")[0])
            )
    return rows


def _asset(lake: Lake, asset: str, rows: dict[str, int], closed: list[str]) -> Asset:
    dates = sorted(rows)
    size = {}
    for log_date in dates:
        for name in found.files if (found := lake.readable(asset, log_date)) else ():
            path = lake.object(asset, log_date, name)
            if not os.path.exists(path):
                continue
            stat = os.stat(path)
            size[stat.st_ino] = stat.st_size  # dates that share a file (a week has one model) hold it once
    missing = [log_date for log_date in closed if log_date not in rows]
    return Asset(asset, len(dates), dates[0], dates[-1], sum(rows.values()), sum(size.values()), missing)


def _quarantine(valid: dict[str, int], quarantined: dict[str, int]) -> list[Share]:
    return [_share(d, valid.get(d, 0) + quarantined[d], quarantined[d]) for d in sorted(quarantined)]


def _share(log_date: str | None, events: int, quarantined: int) -> Share:
    return Share(log_date, events, quarantined, quarantined / events if events else None)


def _next(
    log_dates: list[str],
    closed: list[str],
    assets: list[Asset],
    stale: Staleness | None,
    left: Unfinished | None,
) -> str | None:
    if not log_dates:
        return "rs-assets generate"
    if left:
        return "rs-assets replay --resume"
    if not assets:
        return "rs-assets replay" if closed else None
    to_do = sorted({log_date for asset in assets for log_date in asset.to_do})
    if to_do:
        return f"rs-assets replay --from {to_do[0]} --to {to_do[-1]}"
    return "rs-assets replay --stale" if stale and stale.groups else None
