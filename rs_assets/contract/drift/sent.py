"""Which parameters the valid events of a log date have: counted by site, event name and path.

Belongs here: one pass over the object of `valid_events`. Does not belong here: JSON's types, which the object has
lost (`sample`).

Of a column, only where it is null is of interest, and of most of the contract's columns a log date has nothing: its
Parquet statistics say so, and they are not read. Of a list's structs only pyarrow reads some of the fields; polars
and DuckDB took three and two times as long for a million events.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rs_assets.contract.drift.table import EVENT_PATHS, ITEM_PATHS
from rs_assets.lake.tables import Schema

BATCH_ROWS = 32_768
WHOSE = ["site", "event_name"]
COUNTED: Schema = {**dict.fromkeys((*WHOSE, "path"), pl.String), "sent": pl.Int64, "of": pl.Int64}
"""A row a site, event name and path: how many of its events, or of their items, have it."""


def sent(path: str) -> pl.DataFrame:
    """COUNTED of an object of `valid_events`. A site and event name has a row for every path of an event; for every
    path of an item, too, if it has items."""
    return pl.concat([pl.DataFrame(schema=COUNTED), *_counted(path)])


def _counted(path: str) -> Iterator[pl.DataFrame]:
    of_events, of_items = [], []
    with pq.ParquetFile(path) as file:
        leaves = _filled(file.metadata)
        wanted = [*WHOSE, *(leaf for leaf in leaves if _top(leaf) in EVENT_PATHS)]
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False):
            whose = pl.DataFrame(pl.from_arrow(batch.select(WHOSE)))
            columns = {name: batch.column(name) for name in batch.schema.names if name not in WHOSE}
            of_events.append(_summed(whose, columns))
            if "items" in columns:
                of_items.append(_summed_items(whose, columns["items"]))
    for parts, paths in ((of_events, EVENT_PATHS), (of_items, ITEM_PATHS)):
        if parts:
            yield _by_path(pl.concat(parts, how="diagonal"), paths)


def _filled(metadata: pq.FileMetaData) -> list[str]:
    """The leaves of the object that are not null throughout, as far as its statistics tell."""
    filled = set()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for leaf in map(group.column, range(group.num_columns)):
            known = leaf.statistics
            if known is None or not known.has_null_count or known.null_count < leaf.num_values:
                filled.add(leaf.path_in_schema)
    return sorted(filled)


def _top(leaf: str) -> str:
    return leaf.partition(".")[0]


def _summed(whose: pl.DataFrame, columns: dict[str, pa.Array]) -> pl.DataFrame:
    """How many rows there are of each site and event name, and how many have each column."""
    there = [pl.Series(name, pl.from_arrow(column.is_valid())) for name, column in columns.items()]
    rows = whose.with_columns(there, of=pl.lit(1, pl.Int64))
    return rows.group_by(WHOSE).agg(pl.all().sum().cast(pl.Int64))


def _summed_items(whose: pl.DataFrame, lists: pa.Array) -> pl.DataFrame:
    """The same for the items of lists: how many there are, and how many have each field."""
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    items = lists.flatten()
    fields = {field.name: items.field(n) for n, field in enumerate(items.type)}
    return _summed(whose[np.repeat(np.arange(whose.height), counts)], fields)


def _by_path(parts: pl.DataFrame, paths: dict[str, str]) -> pl.DataFrame:
    """COUNTED of sums by column; columns that none has are counted as 0."""
    summed = parts.group_by(WHOSE).agg(pl.all().sum())
    absent = [pl.lit(0, pl.Int64).alias(name) for name in paths if name not in summed.columns]
    long = summed.with_columns(absent).unpivot(
        list(paths), index=[*WHOSE, "of"], variable_name="path", value_name="sent"
    )
    return long.with_columns(pl.col("path").replace_strict(paths, return_dtype=pl.String)).select(*COUNTED)
