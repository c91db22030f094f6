"""What is said of events that are valid all the same.

Belongs here: one expression or small table a flag, in `valid_events.flags`. Does not belong here: what keeps an
event from being valid (`schemas/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy.typing as npt
import polars as pl

from rs_assets.contract.codes import Flag
from rs_assets.contract.schemas import ITEM, PARAMS
from rs_assets.contract.verdict import present

TEMPLATES = ["${", "{{"]
"""How a template that was never filled looks; no JSON holds the second outside of a text."""
BOTS = r"(?i)bot\b|crawl|spider|headless|slurp|python-requests|curl/|wget/|lighthouse"
CENT = 0.01
FLAGGED_BY = frozenset({"price", "quantity"})
"""Fields of an item that flags ask for, sent or not."""


def flags(
    events: pl.DataFrame,
    valid: pl.DataFrame,
    items: pl.DataFrame,
    unexpected: Sequence[int],
    templated: npt.NDArray,  # type: ignore[type-arg]  # of integers
) -> pl.Series:
    """The flags of each event: a sorted list, or null where there is none.

    Args:
        events: sound candidates, with `k`, `shape` and `repairs`.
        valid: the same events as rows of `valid_events`.
        items: their items, a row an item with the `row` of its event.
        unexpected: shapes that hold a field the contract does not know.
        templated: lines that may hold one of TEMPLATES; those that do are found among them.
    """
    numbered = pl.DataFrame({"at": pl.int_range(valid.height, dtype=pl.UInt32, eager=True)})
    found = [
        numbered.filter(holds).with_columns(flag=pl.lit(str(flag)))
        for flag, holds in (
            (Flag.BOT_SUSPECTED, _is_bot(valid["user_agent"])),
            (Flag.FIELD_UNEXPECTED, events["shape"].is_in(pl.Series(unexpected, dtype=pl.UInt64))),
            (Flag.PLACEHOLDER, _is_templated(events["k"], templated, valid)),
            (Flag.REPAIRED, events["repairs"].is_not_null()),
            (Flag.TOTAL_MISMATCH, _is_mistotalled(events, valid, items)),
            (Flag.TS_LATE, valid["is_late"]),
        )
        if holds.any()
    ]
    if not found:
        return pl.Series("flags", [None], pl.List(pl.String)).new_from_index(0, valid.height)
    lists = pl.concat(found).sort("at", "flag").group_by("at", maintain_order=True).agg(flags="flag")
    return numbered.join(lists, on="at", how="left", maintain_order="left")["flags"]


def unexpected_fields(
    keys: Sequence[str], params: Sequence[str], items: Sequence[Sequence[str]]
) -> Iterator[str]:
    """The fields of a shape that the contract does not know."""
    yield from (name for name in keys if name not in ("name", "params", "timestamp_micros"))
    yield from (f"params.{name}" for name in params if name not in PARAMS and name != "items")
    yield from (f"params.items.{name}" for name in sorted({*chain(*items)} - {*ITEM.columns}))


def _is_bot(agents: pl.Series) -> pl.Series:
    """There are few user agents, and many events of each."""
    met = agents.unique().drop_nulls()
    bots = met.filter(met.str.contains(BOTS))
    return agents.is_in(bots.to_list()).fill_null(False) if len(bots) else _nowhere(len(agents))


def _is_templated(k: pl.Series, templated: npt.NDArray, valid: pl.DataFrame) -> pl.Series:  # type: ignore[type-arg]
    may = k.is_in(pl.Series(templated, dtype=pl.UInt32))
    if not may.any():
        return may
    rows = may.arg_true()
    # Of the many columns most are empty, and each takes as long as the few rows do.
    sent = present(valid)
    texts = [
        pl.col(name).str.contains_any(TEMPLATES)
        for name, kind in valid.schema.items()
        if kind == pl.String and name in sent
    ]
    items = (
        pl.col("items").list.eval(pl.element().struct.json_encode().str.contains_any(TEMPLATES)).list.any()
    )
    said = valid.select(*sent)[rows].select(pl.any_horizontal(*texts, items if "items" in sent else False))
    return _nowhere(len(k)).scatter(rows.filter(said.to_series().fill_null(False)), True)


def _nowhere(rows: int) -> pl.Series:
    return pl.Series([False]).new_from_index(0, rows)


def _is_mistotalled(events: pl.DataFrame, valid: pl.DataFrame, items: pl.DataFrame) -> pl.Series:
    """Purchases whose value is neither the sum of their items nor that with tax and shipping."""
    bought = valid.select("event_name", "value", "tax", "shipping").with_columns(row=events["row"])
    bought = bought.filter(pl.col("event_name") == "purchase", pl.col("value").is_not_null())
    price, quantity = (
        pl.col("price").cast(pl.Float64),
        pl.col("quantity").str.strip_suffix(".0").cast(pl.Int64),
    )
    sums = (
        items.filter(pl.col("row").is_in(bought["row"].implode()))
        .group_by("row")
        .agg(total=(price * quantity.fill_null(1)).sum(), priced=price.is_not_null().all())
    )
    off = pl.col("value") - pl.col("total")
    extras = pl.col("tax").fill_null(0) + pl.col("shipping").fill_null(0)
    wrong = bought.join(sums, on="row").filter("priced", off.abs() > CENT, (off - extras).abs() > CENT)
    return events["row"].is_in(wrong["row"].implode()) if wrong.height else _nowhere(events.height)
