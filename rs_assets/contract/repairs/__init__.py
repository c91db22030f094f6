"""Repairs: named, versioned rules between the log and the contract.

Belongs here: those in use. Does not belong here: how a repair is made (`repair`, `expressions`), applied (`apply`) or
tried before it is in use (`trial`); a repair itself, which is of a company's sites and so in its project.

To add one, write `acme_assets/repairs/shop_b_price_strings.py` in the `repairs` room of your project:

    \"\"\"Shop B's app 4.1 sent values and prices as strings until it was mended.\"\"\"

    import polars as pl

    from rs_assets.contract.repairs.expressions import number_from_string
    from rs_assets.contract.repairs.repair import Repair

    SHOP_B_PRICE_STRINGS = Repair(
        name="shop_b_price_strings",
        version=1,
        sites=("shop-b",),
        first_log_date="2024-02-01",
        last_log_date="2024-02-09",
        matches=pl.col("value").str.starts_with('"'),
        transforms={"value": number_from_string("value")},
        items={"price": number_from_string("price")},
    )

and replay its log dates. Order counts (that of projects, modules, and variables): a repair sees what those before it
have made of an event. Whoever changes a repair raises its version, so that rows say which one they are from.

Repairs are code: they stand under the code version of `valid_events`, which covers their rooms. A repair that reads
anything else (a file, the environment, a module from elsewhere) would slip from under it.
"""

from __future__ import annotations

from rs_assets.contract.repairs.repair import Repair, unique
from rs_assets.extending import declared

REPAIRS: tuple[Repair, ...] = unique(declared("repairs", Repair))
"""Those in use, in the order in which they are applied."""


def in_force(log_date: str) -> tuple[Repair, ...]:
    """The repairs that hold for a log date (`YYYY-MM-DD`), in their order."""
    return tuple(repair for repair in REPAIRS if repair.in_force(log_date))
