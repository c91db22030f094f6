"""Entries of the log's history: an erasure order, and a rewrite made under orders.

Belongs here: what they say, their canonical form, reading them strictly. Does not belong here: where they lie and how
they are chained (`history`).

No entry holds an id. A rewrite is the tombstone of what it took away, and the new seal of what is there now.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from rs_assets.log.erasure.clients import KINDS, SALT_BYTES
from rs_assets.log.layout import SEGMENT, is_date
from rs_assets.log.seals.manifest import SHA256, SealedSegment

VERSION = 1
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}")


class MalformedEntry(ValueError):
    """Why bytes are no entry, in words that follow "it"."""


@dataclass(frozen=True)
class Order:
    """An erasure order.

    Attributes:
        number: its place in the history, from 1.
        previous: the SHA-256 of the entry before.
        at: when it was given, UTC; `by` whom, and `why`, in their words.
        salt: the key of the digests, hex; one for all orders of a log.
        clients: (kind, digest) of each client, sorted.
        found: by log date, the lines of these clients that each segment held when the order was given.
        open_from: the first log date that was not over then: the order concerns it and all after it.
    """

    number: int
    previous: str
    at: str
    by: str
    why: str
    salt: str
    clients: tuple[tuple[str, str], ...]
    found: Mapping[str, Mapping[str, int]]
    open_from: str

    @property
    def lines(self) -> int:
        """How many lines were found."""
        return sum(sum(of_date.values()) for of_date in self.found.values())

    def concerns(self, log_date: str) -> bool:
        """Whether events of the log date may have been dropped under it."""
        return log_date in self.found or log_date >= self.open_from

    def encode(self) -> bytes:
        """Its bytes: the one form there is of it."""
        return _encoded("order", self)

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, which the next entry names."""
        return hashlib.sha256(self.encode()).hexdigest()


@dataclass(frozen=True)
class Rewritten:
    """A segment before and after; `erased` lines are blank now."""

    was: SealedSegment
    now: SealedSegment
    erased: int


@dataclass(frozen=True)
class Rewrite:
    """What was taken out of a log date, written before its segments are replaced.

    Attributes:
        number, previous, at, by, why: as of an order.
        orders: the digests of the orders that it was made under.
        log_date: of the segments.
        segments: those that are replaced, by place.
    """

    number: int
    previous: str
    at: str
    by: str
    why: str
    orders: tuple[str, ...]
    log_date: str
    segments: tuple[Rewritten, ...]

    @property
    def lines(self) -> int:
        """How many lines were taken out."""
        return sum(one.erased for one in self.segments)

    def encode(self) -> bytes:
        """Its bytes: the one form there is of it."""
        return _encoded("rewrite", self)

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, which the next entry names."""
        return hashlib.sha256(self.encode()).hexdigest()


Entry: TypeAlias = Order | Rewrite


def parse(data: bytes, number: int) -> Entry:
    """The entry of a number, from its bytes.

    Raises:
        MalformedEntry: they are anything but what `encode` makes of an entry.
    """
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedEntry("is not JSON") from None
    if not isinstance(fields, dict) or fields.pop("version", None) != VERSION:
        raise MalformedEntry(f"is no entry of version {VERSION}")
    kind = fields.pop("entry", None)
    try:
        entry = _rewrite(fields) if kind == "rewrite" else _order(fields)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise MalformedEntry("has a field that cannot be one") from None
    if entry.number != number:
        raise MalformedEntry("has another number than its name")
    if entry.encode() != data:
        raise MalformedEntry("is not in canonical form")
    return entry


def _order(fields: dict[str, Any]) -> Order:
    clients = tuple((kind, digest) for kind, digest in fields.pop("clients"))
    order = Order(**fields, clients=clients)
    places = [(log_date, place) for log_date, of_date in order.found.items() for place in of_date]
    counts = [count for of_date in order.found.values() for count in of_date.values()]
    _check_shared(order)
    _check(SALT.fullmatch(order.salt) and is_date(order.open_from))
    _check(clients and all(kind in KINDS and SHA256.fullmatch(digest) for kind, digest in clients))
    _check(all(_is_place(place, log_date) for log_date, place in places))
    _check(all(type(count) is int and count > 0 for count in counts))
    return order


def _rewrite(fields: dict[str, Any]) -> Rewrite:
    segments = tuple(
        Rewritten(SealedSegment(**one["was"]), SealedSegment(**one["now"]), one["erased"])
        for one in fields.pop("segments")
    )
    rewrite = Rewrite(**{**fields, "orders": tuple(fields["orders"])}, segments=segments)
    _check_shared(rewrite)
    _check(segments and rewrite.orders and all(SHA256.fullmatch(order) for order in rewrite.orders))
    for one in segments:
        _check(one.was.place == one.now.place and _is_place(one.was.place, rewrite.log_date))
        _check(SHA256.fullmatch(one.was.sha256) and SHA256.fullmatch(one.now.sha256))
        _check(one.was.sha256 != one.now.sha256 and one.was.lines == one.now.lines)
        _check(type(one.erased) is int and 0 < one.erased <= one.was.lines)
    return rewrite


def _check_shared(entry: Entry) -> None:
    _check(type(entry.number) is int and SHA256.fullmatch(entry.previous) and TIME.fullmatch(entry.at))
    _check(isinstance(entry.by, str) and isinstance(entry.why, str) and entry.why)


def _is_place(place: str, log_date: str) -> bool:
    match = SEGMENT.fullmatch(place)
    return match is not None and match[2] == log_date and is_date(log_date)


def _check(holds: object) -> None:
    if not holds:
        raise ValueError


def _encoded(kind: str, entry: Entry) -> bytes:
    fields = asdict(entry) | {"entry": kind, "version": VERSION}
    return (json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")
