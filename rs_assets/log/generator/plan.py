"""What is asked of the generator, and what it did.

Belongs here: `Plan`, its refusals, and `Summary`. Does not belong here: doing it (`run`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.log.generator.faults import FAULTS
from rs_assets.log.layout import SITE

EARLIEST = dt.date(2001, 1, 1)
"""Times before 2000 are a fault of their own, and clients were first seen up to 90 days before the start."""


@dataclass(frozen=True)
class Plan:
    """A synthetic raw log. The same plan gives the same bytes.

    Args:
        start: the first log date.
        days: how many log dates.
        events: about how many events in all, broken ones included.
        sites: their names; each takes the next of three shapes.
        broken: share of events that are broken. At most one fault is planted in a request, so a share near 1
            is not reached at a site that batches.
        faults: which classes of fault to plant, in equal parts; repeated events are the class `DUPLICATE`.
        late: share of sessions delivered, whole or in part, on a later log date. What would be received after
            the last log date is not in the log.
        seed: of everything random.
        codec: `zst`, `gz` or `none`.
    """

    start: dt.date = dt.date(2024, 1, 1)
    days: int = 14
    events: int = 200_000
    sites: tuple[str, ...] = ("shop-a", "shop-b", "shop-c")
    broken: float = 0.02
    faults: tuple[str, ...] = FAULTS
    late: float = 0.01
    seed: int = 7
    codec: str = "zst"

    def log_date(self, day: int) -> str:
        """The log date of the plan's day number `day`, from 0."""
        return (self.start + dt.timedelta(days=day)).isoformat()

    def require_sense(self) -> None:
        """Raise a `UserError` that names the first thing which cannot be done."""
        _refuse(self.days < 1, f"A log of {self.days} days is not one.", "Ask for days=1 or more.")
        _refuse(self.days > 10_000, f"{self.days} days are too many.", "Ask for 10000 days or fewer.")
        _refuse(self.start < EARLIEST, f"{self.start} is too early a start.", f"{EARLIEST} is the first.")
        _refuse(self.events < 1, f"A log of {self.events} events is not one.", "Ask for events=1 or more.")
        _refuse(self.seed < 0, f"The seed {self.seed} is negative.", "Take 0 or more.")
        for name, share in (("broken", self.broken), ("late", self.late)):
            _refuse(not 0 <= share <= 1, f"{name}={share} is not a share.", "Take a number from 0 to 1.")
        unknown = sorted(set(self.faults) - set(FAULTS))
        _refuse(bool(unknown), f"There is no fault {', '.join(unknown)}.", f"There are {', '.join(FAULTS)}.")
        wrong = [site for site in self.sites if not SITE.fullmatch(site)]
        hint = "A site is letters, digits, '.', '_' and '-', at most 63 of them."
        _refuse(bool(wrong), f"{', '.join(map(repr, wrong))} cannot name a site.", hint)
        _refuse(not 1 <= len(self.sites) <= 1_000, f"{len(self.sites)} sites.", "Name from 1 to 1000 sites.")
        _refuse(len(set(self.sites)) < len(self.sites), "A site is named twice.", "Name each site once.")


@dataclass(frozen=True)
class Summary:
    """What was written.

    Args:
        events: all of them, the ones on a line that cannot be read included.
        requests: lines.
        broken: events at fault.
        by_reason: events at fault by class, sorted by name.
        segments: files.
        bytes: their size on disk.
    """

    events: int
    requests: int
    broken: int
    by_reason: dict[str, int]
    segments: int
    bytes: int


def _refuse(condition: bool, what: str, hint: str) -> None:
    if condition:
        raise UserError(what, hint)
