"""Refusing to work on a log that is no longer what was sealed.

Belongs here: the cheap look before work begins, and its words. Does not belong here: comparing (`verify`). No byte of
a segment is read: what replaced another one of the same size is for `rs-assets verify` to find.
"""

from __future__ import annotations

import datetime as dt

from rs_assets.errors import UserError
from rs_assets.log.layout import RawLog
from rs_assets.log.seals.choices import nothing
from rs_assets.log.seals.verify import verify

SHOWN = 100
"""Differences that are named; the rest is counted."""


def require_seals(log: RawLog, today: dt.date, first: dt.date, last: dt.date) -> None:
    """Return if every seal of a range of log dates holds, by places, sizes and links; log dates without one do.

    Raises:
        UserError: one does not. It names each segment that is changed, missing or extra, and each seal.
    """
    found = verify(log, today, first, last, choice=nothing).broken
    # A seal beside the range is read for its link alone, and does not matter by itself.
    broken = [one for one in found if str(first) <= one.log_date <= str(last)]
    if not broken:
        return
    more = [f"… and {len(broken) - SHOWN:,} more."] if len(broken) > SHOWN else []
    raise UserError(
        "\n".join(["The raw log is not what was sealed.", *map(str, broken[:SHOWN]), *more]),
        "Put it back as it was sealed, or leave these log dates out; `rs-assets verify` reads the bytes, too.",
    )
