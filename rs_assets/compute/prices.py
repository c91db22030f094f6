"""What a box costs, by a price list.

Belongs here: reading the list, the sum. Does not belong here: how long a step takes (`report`).
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from rs_assets.compute.box import Box
from rs_assets.errors import UserError

EXAMPLE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Prices:
    """A price list.

    Attributes:
        name: whose.
        source: where it stands.
        date: when it was looked up.
        currency: of the amounts.
        cpu_hour: a core's, an hour.
        gib_hour: a GiB of memory's, an hour.
        gpu_hour: a GPU's, an hour.
    """

    name: str
    source: str
    date: dt.date
    currency: str
    cpu_hour: float
    gib_hour: float
    gpu_hour: float = 0.0

    @classmethod
    def read(cls, path: str | None = None) -> Prices:
        """A list of this form; the example if none is named.

        Raises:
            UserError: it cannot be read, or a key is missing, unknown or no price.
        """
        place = Path(path) if path else EXAMPLE
        hint = f"{EXAMPLE.name} beside {Path(__file__).name} is an example."
        try:
            found = tomllib.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise UserError(f"The price list {place} cannot be read: {problem}.", hint) from None
        known = {field.name for field in fields(cls)}
        if wrong := sorted((found.keys() ^ known) - ({"gpu_hour"} - found.keys())):
            raise UserError(f"The price list {place}: {wrong[0]} is missing, or no key of one.", hint)
        for name in ("cpu_hour", "gib_hour", "gpu_hour"):
            value = found.get(name, 0.0)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
                raise UserError(f"The price list {place}: {name} is no price: {value!r}.", hint)
        if not isinstance(found["date"], dt.date):
            raise UserError(f"The price list {place}: date is no date.", hint)
        return cls(**found)

    def cost(self, box: Box, seconds: float) -> float:
        """Of a box for so long."""
        hour = box.cpu * self.cpu_hour + box.memory_gib * self.gib_hour + box.gpu * self.gpu_hour
        return hour * seconds / 3600
