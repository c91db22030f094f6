"""One site of a plan, as it stands between two log dates.

Belongs here: what a site remembers. Does not belong here: making more of it (`sessions`, `delivery`,
`planting`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from rs_assets.log.generator import draws
from rs_assets.log.generator.catalog import Catalog, catalog
from rs_assets.log.generator.clients import Clients
from rs_assets.log.generator.shapes import Shape, shape_of

CLIENTS_A_DAILY_SESSION = 4
"""How many clients there are before the log starts, for each session of a day."""
MOST_CLIENTS_BEFORE = 500_000


@dataclass
class Site:
    """A site: what it sells, who knows it, and what is on its way to the collector.

    Args:
        name: as in the plan.
        number: its place in the plan.
        orders: purchases so far; the next one's number is one more.
        pending: events by the day of the plan in which they will be received.
    """

    name: str
    number: int
    shape: Shape
    catalog: Catalog
    clients: Clients
    orders: int = 100_000
    pending: dict[int, list[pl.DataFrame]] = field(default_factory=dict)

    @classmethod
    def opened(cls, seed: int, name: str, number: int, start: int, sessions_a_day: int) -> Site:
        """The site as it is when the log starts, at `start` microseconds."""
        shape = shape_of(number)
        goods = catalog(draws.stream(seed, number, 0, draws.CATALOG), name, shape)
        known = min(CLIENTS_A_DAILY_SESSION * sessions_a_day, MOST_CLIENTS_BEFORE)
        people = Clients.before(draws.stream(seed, number, 0, draws.CLIENTS), known, start)
        return cls(name, number, shape, goods, people)
