"""What can be asked of the quarantine. Nothing else belongs here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

EVENT_NAMES = 20
"""The most frequent event names in a report: a broken sender may make up any number of them."""


@dataclass(frozen=True)
class Asked:
    """Which quarantined events: of these log dates (inclusive), sites and reasons; empty means all.

    `samples` is how many examples a reason; `names` how many event names are listed.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    sites: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    samples: int = 3
    names: int = EVENT_NAMES
