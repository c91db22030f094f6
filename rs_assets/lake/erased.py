"""What of the lake was made before an erasure order, and so may hold what it is about.

Belongs here: telling it from what objects were made of. Does not belong here: making them anew (`rs-assets replay
--stale`), or removing what no environment shows (`garbage`).
"""

from __future__ import annotations

from rs_assets.lake.environments import now
from rs_assets.lake.lineage import RAW, Read, days, is_given
from rs_assets.lake.paths import Lake
from rs_assets.lake.records import Input, Record
from rs_assets.log.erasure import Orders
from rs_assets.log.erasure.orders import ASSET


def made_before(lake: Lake, orders: Orders) -> dict[str, list[str]]:
    """The log dates of each asset of an environment that were made before an order that concerns them.

    They are those that read the raw log without knowing of the order, and whatever was made of something that is
    another by now.
    """
    found: dict[str, list[str]] = {}
    for asset in lake.assets() if orders else []:
        for log_date in lake.log_dates(asset):
            record = lake.record(asset, log_date)
            if record is not None and (_unaware(record, orders) or _outdated(lake, record)):
                found.setdefault(asset, []).append(log_date)
    return found


def _unaware(record: Record, orders: Orders) -> bool:
    read = {day for one in record.origin.inputs if one.asset == RAW for day in days(_read(one))}
    expected = {Input(ASSET, day, day, version) for day in read if (version := orders.version(day))}
    return not expected.issubset(record.origin.inputs)


def _outdated(lake: Lake, record: Record) -> bool:
    return any(not is_given(one.asset) and now(lake, one) != one for one in record.origin.inputs)


def _read(one: Input) -> Read:
    return Read(one.asset, one.first, one.last)
