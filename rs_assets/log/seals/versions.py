"""The data version of a log date, from its seal where that holds.

Belongs here: choosing between the seal and the bytes. Both give the same value, so sealing makes nothing stale.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rs_assets.log.digests import log_date_digest
from rs_assets.log.layout import RawLog
from rs_assets.log.seals.choices import nothing
from rs_assets.log.seals.verify import verify


def data_versions(log: RawLog, log_dates: Iterable[str], today: dt.date) -> dict[str, str]:
    """The data version of each of these log dates.

    A seal whose segments have their places and sizes, and whose links hold, is believed; what has none, or one that
    does not hold, is read.
    """
    dates = sorted(log_dates)
    if not dates:
        return {}
    first, last = dt.date.fromisoformat(dates[0]), dt.date.fromisoformat(dates[-1])
    found = verify(log, today, first, last, choice=nothing)
    return {
        log_date: found.seals[log_date].data_version
        if found.holds(log_date)
        else log_date_digest(log, log_date)
        for log_date in dates
    }
