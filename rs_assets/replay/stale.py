"""What a replay would change, and why.

Belongs here: comparing what objects were made of with what they would be made of now. Does not belong here: running
anything. An object whose inputs only may change counts as stale; the run finds out, and keeps it if they did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage
from rs_assets.lake.records import Input


@dataclass(frozen=True)
class Stale:
    """An object that is to be made.

    Attributes:
        why: `it is not published`, `it is damaged`, `its code has changed`, `raw_events of … has changed`, or
            `it reads …`, which is stale itself and may come out the same.
        certain: false of the last one.
    """

    asset: str
    log_date: str
    why: str
    certain: bool = True


def find(lake: Lake, lineage: Lineage, log_dates: Sequence[str]) -> Iterator[Stale]:
    """The stale objects of these log dates, asset by asset.

    Args:
        lake: the environment.
        lineage: of all assets, each after those that it reads; lenient.
        log_dates: in order.
    """
    lineage.learn_log(log_dates)
    found: dict[str, list[str]] = {}
    for asset in lineage.code:
        for log_date in log_dates:
            stale = _judge(lake, lineage, asset, log_date, found)
            if stale:
                found.setdefault(asset, []).append(log_date)
                yield stale


def _judge(
    lake: Lake, lineage: Lineage, asset: str, log_date: str, found: dict[str, list[str]]
) -> Stale | None:
    record = lake.readable(asset, log_date)
    if record is None:
        return Stale(asset, log_date, "it is damaged" if lake.has(asset, log_date) else "it is not published")
    now = lineage.origin(lake, asset, log_date)
    if record.origin.code != now.code:
        return Stale(asset, log_date, "its code has changed")
    before, after = lineage.judged(record.origin.inputs), lineage.judged(now.inputs)
    if before != after:
        return Stale(asset, log_date, f"{_changed(before, after)} has changed")
    for read in lineage.reads[asset](log_date):
        if any(read.first <= day <= read.last for day in found.get(read.asset, ())):
            return Stale(asset, log_date, f"it reads {read.asset}", certain=False)
    return None


def _changed(before: Iterable[Input], after: Iterable[Input]) -> Input | str:
    """The first input that is not what it was."""
    known = set(before)
    return next((one for one in after if one not in known), "what it reads")


@dataclass(frozen=True)
class Group:
    """Objects of an asset that are stale for one reason; `certain` as it is of each of them."""

    asset: str
    why: str
    log_dates: list[str]
    certain: bool = True


def grouped(stale: Iterable[Stale]) -> list[Group]:
    """The same, a line for each asset and kind of reason; of an input's, the first log date stands for all."""
    groups: dict[tuple[str, str], Group] = {}
    for one in stale:
        kind = one.why.partition(" of ")[0]
        group = groups.setdefault((one.asset, kind), Group(one.asset, one.why, [], one.certain))
        group.log_dates.append(one.log_date)
    return list(groups.values())
