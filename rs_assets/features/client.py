"""A client's events in order, cut into sessions, as they come.

Belongs here: the order of events, silence, events that come late. Does not belong here: figures of a session
(`running`), or clients beside it and how long one is kept (whoever serves).

What it says is what dbt would say of the events received so far: one that comes too late for its place is put there,
and what follows is counted again.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from rs_assets.features.running import SECOND, Event, Running

SILENCE = 30 * 60 * SECOND
"""So long, or longer, ends a session."""

KEPT = 200
"""Events of a stream that are kept, the latest in order. One that comes so late that it would stand before them
stands right before them."""
SEEN = 1_000
"""Fingerprints of a client that are kept."""


@dataclass(slots=True)
class Stream:
    """Events that may belong together: sessions one after another, of which the last is under way.

    Attributes:
        now: the last session.
    """

    keep: int = KEPT
    now: Running = field(default_factory=Running)
    _before: Running = field(default_factory=Running)
    _latest: int | None = None
    _latest_before: int | None = None
    _events: list[Event] = field(default_factory=list)

    def __len__(self) -> int:
        """How much is kept: events, and items that were met."""
        return len(self._events) + len(self.now.distinct)

    def add(self, event: Event) -> None:
        """Put an event in its place."""
        place = event.place
        if not self._events or place >= self._events[-1].place:
            self._events.append(event)
            self.now, self._latest = _after(self.now, self._latest, event)
        else:
            at = bisect_right(self._events, place, key=lambda one: one.place)
            self._events.insert(at, event)
            self.now, self._latest = self._before.copied(), self._latest_before
            for one in self._events:
                self.now, self._latest = _after(self.now, self._latest, one)
        while len(self._events) > self.keep:
            first = self._events.pop(0)
            self._before, self._latest_before = _after(self._before, self._latest_before, first)


def _after(session: Running, latest: int | None, event: Event) -> tuple[Running, int]:
    """The session under way after an event, and the latest order time of all."""
    at = event.order_time
    if latest is not None and at - latest >= SILENCE:
        session = Running(session.keep)
    session.add(event)
    return session, at if latest is None else max(latest, at)


@dataclass(slots=True)
class Client:
    """One client of a site.

    Attributes:
        stream: of all that came on its day, or soon after.
        apart: of what came long after, by the log date that received it.
        seen: the latest fingerprints, and the log date that received each.
    """

    stream: Stream = field(default_factory=Stream)
    apart: dict[int, Stream] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How much is kept: events, and items that were met."""
        return len(self.stream) + sum(map(len, self.apart.values()))

    def repeats(self, fingerprint: int, log_date: int) -> bool:
        """Whether an equal event was received on this log date or the one before; it counts as received from now."""
        before = self.seen.pop(fingerprint, None)
        self.seen[fingerprint] = log_date
        if len(self.seen) > SEEN:
            del self.seen[next(iter(self.seen))]
        return before is not None and log_date - before <= 1

    def add(self, event: Event) -> Running:
        """Add an event; gives the session under way where it stands."""
        stream = self._stream(event)
        stream.add(event)
        return stream.now

    def under_way(self, event: Event) -> Running | None:
        """The session under way where an event would stand; None if nothing came there yet."""
        stream = self._stream(event)
        return stream.now if stream.now.position else None

    def _stream(self, event: Event) -> Stream:
        if not event.stands_apart:
            return self.stream
        if event.log_date not in self.apart:
            self.apart = {event.log_date: Stream()}  # those of a log date before are over
        return self.apart[event.log_date]
