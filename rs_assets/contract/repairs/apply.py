"""Repairs applied to the candidate events of a batch.

Belongs here: which events match, and putting what became of them back in their places. Does not belong here: what
a repair may be (`repair`), or judging the outcome (`judge`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from rs_assets.contract.repairs.repair import ALL, Repair
from rs_assets.errors import UserError

LABELS = pl.List(pl.String)
_SCALAR = (
    r'^(?:"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u00[0-9a-fA-F]{2})*"'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false)$"
)


def repaired(events: pl.DataFrame, repairs: Sequence[Repair], log_date: str) -> pl.DataFrame:
    """Candidate events after the repairs in force, the same rows in the same order.

    Each repair sees what those before it gave. One that would put something else than JSON text into a field leaves
    the event as it was, for the contract to judge. What an event is known by stays that of the event as received:
    `fingerprint` and `shape` are no repair's.

    Args:
        events: as `Parser.parse` gives them, or without the columns of parameters that none of them has. Without a
            repair in force they are given back, not copied.
        repairs: in their order; those that do not hold for `log_date` are left out.
        log_date: `YYYY-MM-DD`.

    Returns:
        `events` with the columns of parameters that a repair in force needs, and a column `repairs`: the labels
        (`name@version`) of those applied, in their order; null where there was none.

    Raises:
        UserError: polars fails over a repair; says which.
    """
    applied: list[pl.DataFrame] = []
    in_force = [repair for repair in repairs if repair.in_force(log_date)]
    unsent = sorted(set().union(*(repair.params for repair in in_force)) - set(events.columns))
    events = events.with_columns(pl.lit(None, pl.String).alias(name) for name in unsent)
    for repair in in_force:
        try:
            events, rows = _applied(events, repair)
        except PolarsError as problem:
            raise UserError(
                f"The repair {repair.label} fails on log date {log_date}: {problem}",
                "Correct it; nothing of this log date was published.",
            ) from problem
        applied.append(pl.DataFrame({"row": rows}).with_columns(repairs=pl.lit(repair.label)))
    return events.with_columns(_labels(events.height, applied))


def _applied(events: pl.DataFrame, repair: Repair) -> tuple[pl.DataFrame, pl.Series]:
    """The events after one repair, and the rows that it was applied to."""
    none = events, pl.Series([], dtype=pl.UInt32)
    own = pl.lit(True)
    if repair.sites != ALL:
        of_site = events["site"].is_in([f'"{site}"' for site in repair.sites]).fill_null(False)
        if not of_site.any():  # most batches are of one site: no need to look for what matches
            return none
        own = pl.lit(of_site)
    hit = events.select("site", hit=own & repair.matches)["hit"].fill_null(False)
    if not hit.any():
        return none
    before = events.filter(hit)
    after = before.with_columns(**repair.transforms)
    sound = _sound(before, after, repair.transforms)
    if repair.items:
        items, of_items = _repaired_items(before["items"], repair)
        after, sound = after.with_columns(items), sound & of_items
    rows = hit.arg_true().filter(sound)
    names = [*repair.transforms, *(["items"] if repair.items else [])]
    return events.with_columns(_put(events[n], rows, after[n].filter(sound)) for n in names), rows


def _repaired_items(items: pl.Series, repair: Repair) -> tuple[pl.Series, pl.Series]:
    """Lists of items with each item transformed, and whether all of a list's texts are sound."""
    lists = pl.DataFrame({"row": pl.arange(len(items), dtype=pl.UInt32, eager=True), "item": items})
    flat = lists.filter(pl.col("item").list.len() > 0).explode("item")
    sound = pl.repeat(True, len(items), eager=True)
    if flat.is_empty():
        return items, sound
    before = flat["item"].struct.unnest()
    after = before.with_columns(**repair.items)
    # An item that is null stays so; a struct of nulls would be another thing.
    item = pl.when(flat["item"].is_not_null()).then(pl.struct(*before.columns))
    done = after.select(flat["row"], item.alias("items"), _sound(before, after, repair.items).alias("sound"))
    again = done.group_by("row", maintain_order=True).agg("items", pl.col("sound").all())
    return _put(items, again["row"], again["items"]), _put(sound, again["row"], again["sound"])


def _sound(before: pl.DataFrame, after: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """Whether each row's named columns hold JSON text: what they held, nothing, or a scalar."""
    held = (after[n].str.contains(_SCALAR).fill_null(True) | after[n].eq_missing(before[n]) for n in names)
    sound = pl.repeat(True, after.height, eager=True)
    for one in held:
        sound = sound & one
    return sound


def _put(whole: pl.Series, rows: pl.Series, values: pl.Series) -> pl.Series:
    """A column with other values in some rows; for lists and structs, too, which `scatter` does not take."""
    order = np.arange(len(whole), dtype=np.uint32)
    order[rows.to_numpy()] = np.arange(len(whole), len(whole) + len(values), dtype=np.uint32)
    return pl.concat([whole, values.cast(whole.dtype)]).gather(pl.Series(order)).alias(whole.name)


def _labels(height: int, applied: list[pl.DataFrame]) -> pl.Series | pl.Expr:
    """The column `repairs`."""
    none = pl.lit(None, LABELS).alias("repairs")
    together = pl.concat(applied) if applied else pl.DataFrame()
    if together.is_empty():
        return none
    found = together.sort("row", maintain_order=True).group_by("row", maintain_order=True).agg("repairs")
    return _put(
        pl.Series("repairs", [None], LABELS).new_from_index(0, height), found["row"], found["repairs"]
    )
