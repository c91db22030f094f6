"""What is said besides the tables: who serves, which alerts are open, the last replay, the disk.

Belongs here: looking at each. Does not belong here: objects and log dates (`facts`), or the page.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from rs_assets.alerts.ledger import Ledger
from rs_assets.lake import Lake
from rs_assets.settings import Settings


@dataclass(frozen=True)
class Serving:
    """A model's champion; `champion` (its cut) and `since` are null while nobody serves."""

    model: str
    champion: str | None
    since: str | None
    outcome: str
    by: str


@dataclass(frozen=True)
class Undelivered:
    """Messages of alerts that have not reached everybody, and what the last attempt came to."""

    messages: int
    problem: str


@dataclass(frozen=True)
class Replayed:
    """The last replay, by its receipt: when it ended (UTC), and the receipt's digest."""

    at: str
    receipt: str


@dataclass(frozen=True)
class Disk:
    """Bytes below the lake's folder, of all environments, and bytes that are free there."""

    lake: int
    free: int


def serving(lake: Lake) -> list[Serving]:
    """Who serves as of the latest log date, of each model that has a promotion."""
    from rs_assets.models.promotion.registry import FAMILIES, family_of, turns

    found = []
    for name in FAMILIES:
        if held := turns(lake, family_of(name)):
            now = held[-1].standing
            champion, since = (str(one) if one else None for one in (now.champion, now.since))
            found.append(Serving(name, champion, since, str(now.outcome), now.by))
    return found


def open_alerts(settings: Settings) -> dict[str, str]:
    """Alerts that fire and are not over: the fingerprint of each, with the log date that said so last."""
    return Ledger(os.path.join(settings.home, "alerts"), settings.environment).said().firing()


def undelivered(settings: Settings) -> Undelivered | None:
    """What waits to be sent again; None where nothing does."""
    waiting = Ledger(os.path.join(settings.home, "alerts"), settings.environment).waiting()
    problem = next((one.problem for one in waiting if one.problem), "not tried yet")
    return Undelivered(len(waiting), problem) if waiting else None


def replayed(settings: Settings) -> Replayed | None:
    """The last replay of the environment; None before the first."""
    from rs_assets.cli.receipt import path_of
    from rs_assets.replay.receipt import load

    path = path_of(settings)
    if not path.exists():
        return None
    ended = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return Replayed(ended.isoformat(timespec="seconds"), load(str(path)).digest)


def disk(folder: str) -> Disk | None:
    """What the lake takes, each file once however many names it has; None where there is no lake."""
    if not os.path.isdir(folder):
        return None
    size: dict[int, int] = {}
    for where, _, names in os.walk(folder):
        for name in names:
            stat = os.lstat(os.path.join(where, name))
            size[stat.st_ino] = stat.st_blocks * 512
    return Disk(sum(size.values()), shutil.disk_usage(Path(folder)).free)
