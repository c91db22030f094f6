"""A table of a company's own: a function on the tables of one log date, published like every asset.

Belongs here: declaring one, and making its objects. Does not belong here: the Dagster asset (`defs/project_assets`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rs_assets.compute.box import Box
from rs_assets.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from rs_assets.lake.stage import Stage

ONE = Box(cpu=1, memory_gib=1)


@dataclass(frozen=True)
class Table:
    """An asset of one row a key and log date.

    Attributes:
        name: the asset's.
        reads: the assets that it is made of, each on the same log date.
        key: columns whose values are unique within a log date; rows are in their order.
        build: from the tables of `reads` (LazyFrames, in that order) to the rows of the log date. A pure function:
            no clock, no seed, nothing read but what it is given.
        about: what the asset's page says.
        group: the asset's group in the UI.
        box: what a step of it asks for.
    """

    name: str
    reads: tuple[str, ...]
    key: tuple[str, ...]
    build: Callable[..., pl.DataFrame] = field(compare=False)
    about: str = ""
    group: str = "project"
    box: Box = ONE


def table(
    *reads: str, key: tuple[str, ...], group: str = "project", box: Box = ONE
) -> Callable[[Callable[..., pl.DataFrame]], Table]:
    """Declare a table by the function that makes it; its name and its docstring are the asset's."""

    def made(build: Callable[..., pl.DataFrame]) -> Table:
        return Table(build.__name__, reads, key, build, inspect.getdoc(build) or "", group, box)

    return made


def publish_table(stage: Stage, table: Table, log_dates: list[str], on_date: Callable[[str], Any]) -> None:
    """Make and finish the object of every log date that is to be made.

    Raises:
        UserError: an upstream object is missing, or the rows do not have the table's key.
    """
    import datetime as dt

    import polars as pl

    from rs_assets.lake.tables import write_table

    for log_date in stage.pending([table.name], log_dates):
        on_date(log_date)
        sources = [pl.scan_parquet(stage.lake.require(name, [log_date])[0]) for name in table.reads]
        rows = table.build(*sources)
        if missing := [name for name in table.key if name not in rows.columns]:
            raise UserError(f"{table.name} has no column {missing[0]}, which is in its key.", "Mend its key.")
        if double := rows.height - rows.select(table.key).n_unique():
            raise UserError(
                f"{table.name} of log date {log_date} has {double} rows whose key ({', '.join(table.key)}) "
                "another row has, too.",
                "Name a key that is unique within a log date.",
            )
        day = pl.lit(dt.date.fromisoformat(log_date)).alias("log_date")
        write_table(
            rows.sort(table.key).select(day, pl.exclude("log_date")), stage.path(table.name, log_date)
        )
        stage.finish(table.name, log_date)
