"""Where faults are planted.

Belongs here: how many of each class are due, and which events they hit. Does not belong here: what a fault
does to them (`faults`).

At most one fault is planted in a request, so each has exactly one reason and its neighbours in a batch stay
valid; a late event is never hit, nor is the original of a repeated one.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.faults import KINDS, kinds_of
from rs_assets.log.generator.vocabulary import SECOND, Bools, Ints

_ORDER = ("received", "request", "time", "kind")
_ROOM = 2 * SECOND
"""A repeated request comes at least that long before the end of its log date."""
_TABLES = [v.member(kind.events) for kind in KINDS]


class Quota:
    """How many faults of each class are due: an equal part of the broken share, however small a log date is.

    Classes take turns, so that a small log has its full number of faults, and one that cannot be planted
    for want of a fitting event stays due.
    """

    def __init__(self, broken: float, reasons: tuple[str, ...]) -> None:
        self._broken, self._reasons = broken, reasons
        self._seen = 0
        self.planted = dict.fromkeys(reasons, 0)

    def see(self, events: int) -> None:
        """Count the events of one more site's log date."""
        self._seen += events

    def due(self, reason: str) -> int:
        """How many of a class are due now."""
        turn = self._reasons.index(reason) / len(self._reasons)
        return int(self._seen * self._broken / len(self._reasons) + turn) - self.planted[reason]


def plant(rng: np.random.Generator, events: pl.DataFrame, quota: Quota, end: int) -> pl.DataFrame:
    """All events of one site's log date, in the order of its lines, with faults.

    Args:
        rng: random stream.
        events: of `delivery.deliver`; `request` is unique.
        quota: of the whole log; it counts what is planted.
        end: of the log date, in microseconds.

    Returns:
        the events, repeated ones included, with `kind` (number of a kind of damage, null in a sound event),
        `salt` (a random number), `line` (number of the request, from 0) and `event_index`.
    """
    events = events.sort("received", "request", "time")
    quota.see(len(events))
    plot = _Plot(rng, events, end)
    for reason in quota.planted:
        quota.planted[reason] += plot.plant(kinds_of(reason), quota.due(reason), quota.planted[reason])
    kind = pl.Series(plot.kind, dtype=pl.Int16)
    events = events.with_columns(
        kind=pl.select(pl.when(kind >= 0).then(kind)).to_series(),
        salt=pl.Series(rng.integers(0, 1 << 31, len(events), dtype=np.int64)),
    )
    originals = events.drop("kind").with_row_index("row")
    copies = originals.join(plot.copies(), on="row", maintain_order="right").with_columns(received="again")
    events = pl.concat([events, copies.select(events.columns)]).sort(*_ORDER, nulls_last=False)
    opens = pl.struct("request", "received").rle_id()
    return events.with_columns(line=opens.cast(pl.Int64)).with_columns(
        event_index=pl.int_range(pl.len(), dtype=pl.Int64).over("line")
    )


class _Plot:
    """The events of one site's log date, and which of them are taken."""

    def __init__(self, rng: np.random.Generator, events: pl.DataFrame, end: int) -> None:
        self._rng, self._end = rng, end
        self._event = events["event"].to_numpy()
        self._received = events["received"].to_numpy()
        self._request = events["request"].rle_id().to_numpy().astype(np.int64)
        self._size = np.bincount(self._request)
        self._free = ~events["late"].to_numpy()
        self.kind = np.full(len(events), -1, dtype=np.int16)
        self._copied: list[tuple[int, Ints]] = []

    def plant(self, kinds: list[int], due: int, turn: int) -> int:
        """Plant `due` faults of one class, its kinds in turn; returns the number of events at fault."""
        planted = 0
        share = [due // len(kinds) + ((n - turn) % len(kinds) < due % len(kinds)) for n in range(len(kinds))]
        for number, count in zip(kinds, share, strict=True):
            planted += self._plant(number, min(count, due - planted))
        for number in kinds:  # what found no fitting event goes to the kinds that do
            planted += self._plant(number, due - planted)
        return planted

    def copies(self) -> pl.DataFrame:
        """The events to repeat: `row`, `again` (when) and `kind`."""
        rows = np.concatenate([*(rows for _, rows in self._copied), np.zeros(0, dtype=np.int64)])
        kind = np.repeat([number for number, _ in self._copied], [len(rows) for _, rows in self._copied])
        soon = self._rng.random(len(rows)) < 0.8
        seconds = np.where(soon, 600, 6 * 3_600) * self._rng.random(len(rows)) ** 2
        delay = SECOND + (seconds * SECOND).astype(np.int64)
        left = self._end - self._received[rows]
        in_time = SECOND + ((left - _ROOM) * self._rng.random(len(rows))).astype(np.int64)
        delay = np.where(delay < left, delay, in_time)
        return pl.DataFrame(
            {
                "row": rows.astype(np.uint32),
                "again": self._received[rows] + delay,
                "kind": kind.astype(np.int16),
            }
        )

    def _plant(self, number: int, count: int) -> int:
        if count <= 0:
            return 0
        kind = KINDS[number]
        rows = self._fitting(number)
        if len(rows) > 4 * count + 16:
            rows = self._rng.choice(rows, 4 * count + 16, replace=False)
        else:
            rows = self._rng.permutation(rows)
        _, first = np.unique(self._request[rows], return_index=True)
        rows = rows[np.sort(first)][:count]
        if kind.scope == "request":
            rows = np.flatnonzero(np.isin(self._request, self._request[rows]))
        self._free[np.isin(self._request, self._request[rows])] = False
        if kind.scope == "copy":
            self._copied.append((number, rows))
        else:
            self.kind[rows] = number
        return len(rows)

    def _fitting(self, number: int) -> Ints:
        fits: Bools = _TABLES[number][self._event] & self._free
        if KINDS[number].scope in ("line", "copy"):
            fits &= self._size[self._request] == 1
        if KINDS[number].scope == "copy":
            fits &= self._received < self._end - _ROOM
        return np.flatnonzero(fits)
