"""The log's history as it lies: numbered entries, each chained to the one before.

Belongs here: where entries lie, reading them, what breaks between them, and what a sealed segment has become under
them. Does not belong here: what an entry says (`entries`), or writing one (`ordering`, `rewriting`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rs_assets.errors import UserError
from rs_assets.log.erasure.entries import Entry, MalformedEntry, Order, Rewrite, parse
from rs_assets.log.files import MEND
from rs_assets.log.layout import RawLog
from rs_assets.log.seals.manifest import GENESIS, SealedSegment

FOLDER = "_erasures"
NAME = re.compile(r"(\d{6})\.json")
NO_HEAD = ""


@dataclass(frozen=True)
class History:
    """The entries in their order, as far as they can be read.

    Attributes:
        entries: those before the first that is broken.
        head: the SHA-256 of the last of them, which stands for all; "" where there is none.
        broken: (place, what it should be, what it is) of what is wrong.
    """

    entries: tuple[Entry, ...] = ()
    head: str = NO_HEAD
    broken: tuple[tuple[str, str, str], ...] = ()
    _became: Mapping[tuple[str, str], SealedSegment] = field(default_factory=dict, repr=False)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The erasure orders, oldest first."""
        return tuple(entry for entry in self.entries if isinstance(entry, Order))

    @property
    def rewrites(self) -> tuple[Rewrite, ...]:
        """The rewrites, oldest first."""
        return tuple(entry for entry in self.entries if isinstance(entry, Rewrite))

    @property
    def orders_digest(self) -> str | None:
        """The digest of the last order, which stands for all that are in force; None where there is none."""
        orders = self.orders
        return orders[-1].digest if orders else None

    def since(self, sealed: SealedSegment) -> list[SealedSegment]:
        """A segment as it was sealed, and what it became under each rewrite since."""
        found = [sealed]
        for _ in self._became:  # bounded: a history that was forged may go in a circle
            became = self._became.get((found[-1].place, found[-1].sha256))
            if became is None:
                break
            found.append(became)
        return found

    def now(self, sealed: SealedSegment) -> SealedSegment:
        """What a segment has become under the rewrites since it was sealed."""
        return self.since(sealed)[-1]

    def require_whole(self) -> None:
        """Raise a `UserError` if an entry is missing or changed: nobody then knows who is to be forgotten."""
        if self.broken:
            place, expected, found = self.broken[0]
            raise UserError(
                f"The log's history is broken: {place} should be {expected}, and is {found}.",
                "Put it back as it was written; until then no events are read, lest erased ones are.",
            )


def place(number: int) -> str:
    """Where an entry lies, below the log's root."""
    return f"{FOLDER}/{number:06d}.json"


def read_history(log: RawLog) -> History:
    """The history of a log; one of a log without erasures costs a look for its folder.

    Raises:
        UserError: storage does not answer.
    """
    log.files.refresh()
    numbers = sorted(int(m[1]) for entry in log.files.inside(FOLDER) if (m := NAME.fullmatch(entry.name)))
    if not numbers:
        return History()
    found = log.files.read([place(number) for number in numbers])
    entries: list[Entry] = []
    head, previous = NO_HEAD, GENESIS
    for expected, number, data in zip(range(1, len(numbers) + 1), numbers, found, strict=True):
        if not isinstance(data, bytes):
            raise UserError(f"{place(number)} cannot be read: {data}.", MEND)
        problem = _problem(expected, number, previous, data, entries)
        if problem:
            return History(tuple(entries), head, (problem,), _became(entries))
        head = previous = hashlib.sha256(data).hexdigest()
    return History(tuple(entries), head, (), _became(entries))


def _problem(
    expected: int, number: int, previous: str, data: bytes, entries: list[Entry]
) -> tuple[str, str, str] | None:
    """What is wrong with the next entry; it is added to `entries` if nothing is."""
    if number != expected:
        return place(expected), "the next entry", "not there"
    try:
        entry = parse(data, number)
    except MalformedEntry as problem:
        return place(number), "an entry of the history", f"bytes that are none: it {problem}"
    if entry.previous != previous:
        return place(number), f"chained to SHA-256 {previous}", f"chained to SHA-256 {entry.previous}"
    orders = {one.digest for one in entries if isinstance(one, Order)}
    if isinstance(entry, Rewrite) and not orders.issuperset(entry.orders):
        return place(number), "a rewrite under orders before it", "one that names an order that is not there"
    entries.append(entry)
    return None


def _became(entries: list[Entry]) -> dict[tuple[str, str], SealedSegment]:
    rewritten = (one for entry in entries if isinstance(entry, Rewrite) for one in entry.segments)
    return {(one.was.place, one.was.sha256): one.now for one in rewritten}
