"""A session's features, event by event: what dbt computes of a log date, for whoever cannot wait for it.

Belongs here: `Event`, and the running figures of one session. Does not belong here: where sessions end and events
stand among others (`client`), or what the figures mean (`dbt/models/clickstream/session_events.sql`, whose copy in
another language this is: a property test holds the two equal, to the bit, on logs that it makes up).

Sums of money are whole numbers of a millionth, as dbt's DECIMAL(38, 6): they come out the same in whatever order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND
MILLIONTHS = 10**6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RECENT = 5
"""So many of the latest events are remembered by name; dbt's `recent_events` macro says the same number."""

VIEW, ADD, REMOVE, BUY = "view_item", "add_to_cart", "remove_from_cart", "purchase"


@dataclass(frozen=True, slots=True)
class Event:
    """A valid event of one client, with what features need of it.

    Attributes:
        time, received: when it happened, and when it was received; microseconds since 1970, UTC.
        index: its place in its request.
        value: in the site's currency; None where it has none.
        item_ids: of each of its items the id, or the name where it has no id.
        price: of its first item.
        transaction: of a purchase, its transaction_id.
    """

    time: int
    received: int
    index: int
    name: str
    value: float | None = None
    item_ids: tuple[str, ...] = ()
    price: float | None = None
    transaction: str | None = None

    @property
    def log_date(self) -> int:
        """The UTC day on which it was received, in days since 1970."""
        return self.received // DAY

    @property
    def order_time(self) -> int:
        """Its time in the order of events: no earlier than the log date that it came on, unless it stands apart."""
        return self.time if self.stands_apart else max(self.time, self.log_date * DAY)

    @property
    def stands_apart(self) -> bool:
        """Whether it came so long after its day that it has nothing to do with the session of that time."""
        return self.time < self.log_date * DAY - HOUR // 2

    @property
    def place(self) -> tuple[int, int, int, int, str]:
        """Where it stands among the events of its client; of one request, as the ids of events are sorted."""
        return (self.log_date, self.order_time, self.time, self.received, str(self.index))


@dataclass(slots=True)
class Running:
    """One session so far. Add its events in the order of their places.

    Attributes:
        position: how many events it has.
        first, latest: order times of its first event, and the latest one.
        since_previous: microseconds from what came before to its last event; None for its first.
        views: the items of its product views, in order; only the last `keep` of them.
        cart: what lies in the cart, in the order in which it was put there.
        met: how many items it has met, be it in views or in cart events.
        last: its last event.
        recent: the names of its last RECENT events.
    """

    keep: int = 100
    position: int = 0
    first: int = 0
    latest: int = 0
    since_previous: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    distinct: set[str] = field(default_factory=set)
    views: list[str] = field(default_factory=list)
    cart: dict[str, None] = field(default_factory=dict)
    met: int = 0
    cart_value: int = 0
    price_sum: int = 0
    priced_views: int = 0
    max_price: float | None = None
    last: Event | None = None
    recent: tuple[str, ...] = ()

    def copied(self) -> Running:
        """Another one like it, which goes its own way."""
        return replace(
            self,
            counts=dict(self.counts),
            distinct=set(self.distinct),
            views=list(self.views),
            cart=dict(self.cart),
        )

    def add(self, event: Event) -> None:
        """The session's next event."""
        at = event.order_time
        if self.position == 0:
            self.first = self.latest = at
        else:
            self.since_previous = at - self.latest
            self.latest = max(self.latest, at)
        self.position += 1
        self.last = event
        name = event.name
        self.recent = (*self.recent, name)[-RECENT:]
        self.counts[name] = self.counts.get(name, 0) + 1
        if name == VIEW:
            self._viewed(event)
        elif name in (ADD, REMOVE):
            worth = _millionths(event.value)
            self.cart_value += worth if name == ADD else -worth
            self.met += len(event.item_ids)
            for item in event.item_ids:
                self.cart.pop(item, None)
                if name == ADD:
                    self.cart[item] = None
        elif name == BUY:
            self.met += len(event.item_ids)
            if event.item_ids:
                self.cart.clear()

    def features(self) -> tuple[float, ...]:
        """`position` and the columns of `session_features` behind it, as far as they are numbers; NaN for null."""
        assert self.last is not None
        seconds_into_day = self.last.time % DAY
        since = self.since_previous
        mean = _whole(self.price_sum) / self.priced_views if self.priced_views else math.nan
        return (
            float(self.position),
            (self.last.order_time - self.first) / 1e6,
            math.nan if since is None else since / 1e6,
            *(float(self.counts.get(name, 0)) for name in ("page_view", VIEW)),
            float(len(self.distinct)),
            *(float(self.counts.get(name, 0)) for name in ("search", ADD, REMOVE, "begin_checkout", BUY)),
            _whole(self.cart_value),
            math.nan if self.max_price is None else self.max_price,
            mean,
            float(seconds_into_day // HOUR),
            float((self.last.time // DAY + 3) % 7 + 1),  # 1970-01-01 was a Thursday, and Monday is 1
        )

    def _viewed(self, event: Event) -> None:
        if event.item_ids:
            item = event.item_ids[0]
            self.distinct.add(item)
            self.views.append(item)
            self.met += 1
            if len(self.views) > self.keep:
                del self.views[0]
        if event.price is not None:
            self.price_sum += _millionths(event.price)
            self.priced_views += 1
            self.max_price = event.price if self.max_price is None else max(self.max_price, event.price)


FEATURES: Sequence[str] = (
    *("position", "seconds_since_start", "seconds_since_previous", "page_views", "product_views"),
    *("distinct_items", "searches", "add_to_carts", "remove_from_carts", "checkouts", "transactions"),
    *("cart_value", "max_price_viewed", "mean_price_viewed", "hour_of_day", "day_of_week"),
)
"""What `Running.features` gives, in its order."""


def micros(time: datetime) -> int:
    """A time, UTC whether it says so or not, in microseconds since 1970."""
    return (time.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def _millionths(value: float | None) -> int:
    """DuckDB's cast to DECIMAL(38, 6): to the nearest millionth, halves away from zero."""
    if value is None:
        return 0
    scaled = value * 1e6
    whole = math.trunc(scaled)
    if abs(scaled - whole) >= 0.5:
        whole += 1 if scaled > 0 else -1
    return whole


def _whole(millionths: int) -> float:
    """And back: the nearest double, which is what dividing two whole numbers gives."""
    return millionths / MILLIONTHS
