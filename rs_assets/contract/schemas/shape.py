"""The shape's schema: what an event's keys alone say. One row a shape, not an event.

`keys` and `params` are lists of names as they were written, `items` has one for each item. Facts: Google's limits
for the Measurement Protocol.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import frame_check
from rs_assets.contract.schemas.event import NAME, RESERVED

MAX_PARAMS = 25


def _all_params(holds: pl.Expr) -> pl.Expr:
    return pl.col("params").list.eval(holds).list.all()


SHAPE = pa.DataFrameSchema(
    {},
    checks=[
        frame_check(
            Code.TOO_MANY_PARAMS,
            pl.col("params").list.len() <= MAX_PARAMS,
            f"at most {MAX_PARAMS} parameters",
            f"holds more than {MAX_PARAMS} parameters",
            "params",
            at_most=MAX_PARAMS,
        ),
        frame_check(
            Code.NAME_DUPLICATED,
            pl.col("params").list.n_unique() == pl.col("params").list.len(),
            "every parameter once",
            "holds a parameter twice",
            "params",
        ),
        frame_check(
            Code.NAME_DUPLICATED,
            pl.col("keys").list.n_unique() == pl.col("keys").list.len(),
            "every field once",
            "the event holds a field twice",
            "",
        ),
        frame_check(
            Code.NAME_DUPLICATED,
            pl.col("items").list.eval(pl.element().list.n_unique() == pl.element().list.len()).list.all(),
            "every field of an item once",
            "holds an item with a field twice",
            "params.items",
        ),
        frame_check(
            Code.NAME_INVALID,
            _all_params(pl.element().str.contains(f"^{NAME}$")),
            "names of a letter, then letters, digits and underscores, 40 at most",
            "holds a parameter whose name is none",
            "params",
            names=f"^{NAME}$",
        ),
        frame_check(
            Code.NAME_RESERVED,
            ~pl.col("params").list.eval(pl.element().str.contains(f"^{RESERVED}")).list.any(),
            "names that Google has not taken for itself",
            "holds a parameter whose name Google has taken for itself",
            "params",
            no_names=f"^{RESERVED}",
        ),
    ],
    name="shape",
)
