"""From JSON text to the one typed structure of `valid_events`.

Belongs here: casting what the rules have found sound, and the table's schema. Does not belong here: deciding
what is sound.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from rs_assets.contract.fields import INTEGER, NUMBER, OBJECT, SCALAR, TEXT, integer_of, written_out
from rs_assets.contract.schemas import ITEM, PARAMS
from rs_assets.contract.verdict import present
from rs_assets.lake.tables import Schema

Mask: TypeAlias = npt.NDArray[np.bool_]
Positions: TypeAlias = npt.NDArray[np.int64]

LATE = pl.duration(hours=72)
TYPES = {TEXT: pl.String, NUMBER: pl.Float64, INTEGER: pl.Int64, SCALAR: pl.String, OBJECT: pl.String}

PARAM_KINDS = {name: str((column.metadata or {})["kind"]) for name, column in PARAMS.items()}
ITEM_KINDS = {str(name): str((column.metadata or {})["kind"]) for name, column in ITEM.columns.items()}
ITEM_STRUCT = pl.Struct({name: TYPES[kind] for name, kind in ITEM_KINDS.items()})
PERSON_KINDS = {
    **dict.fromkeys(("site", "request_id", "client_id", "user_id", "event_name", "user_agent"), TEXT),
    **dict.fromkeys(("user_properties", "consent"), OBJECT),
}

VALID_EVENTS: Schema = {
    "log_date": pl.Date,
    "event_id": pl.String,
    "site": pl.String,
    "request_id": pl.String,
    "event_index": pl.Int32,
    "received_at": pl.Datetime("us"),
    "event_time": pl.Datetime("us"),
    "client_id": pl.String,
    "user_id": pl.String,
    "event_name": pl.String,
    **{"session_ref" if name == "session_id" else name: TYPES[kind] for name, kind in PARAM_KINDS.items()},
    "items": pl.List(ITEM_STRUCT),
    "item_ids": pl.List(pl.String),
    "item_prices": pl.List(pl.Float64),
    "user_agent": pl.String,
    "user_properties": pl.String,
    "consent": pl.String,
    "is_late": pl.Boolean,
    "flags": pl.List(pl.String),
    "repairs": pl.List(pl.String),
    "fingerprint": pl.UInt64,
}
"""The columns of `valid_events`. Times are UTC; `value`, `tax`, `shipping` and prices are in `currency`;
`user_properties` and `consent` are JSON. Most readers want of `items` only what `item_ids` and `item_prices` have: a
list of structs is read whole, and takes longer than all other columns together."""


def typed(events: pl.DataFrame, items: pl.DataFrame, escaped: Mask | None = None) -> pl.DataFrame:
    """Sound candidate events as rows of `VALID_EVENTS`, in their order.

    Args:
        events: as `judge` has them, with `row`, `folder_log_date` and `event_id`.
        items: a row an item, with the `row` of its event, in the order of `events`.
        escaped: in which events a text may hold a backslash; None if in any.
    """
    of = np.searchsorted(events["row"].to_numpy(), items["row"].to_numpy())
    at = np.flatnonzero(np.ones(events.height, np.bool_) if escaped is None else escaped)
    of_items = np.arange(items.height) if escaped is None else np.flatnonzero(escaped[of])
    event_time = pl.from_epoch(pl.col("event_micros"), "us").cast(pl.Datetime("us"))
    columns = {
        column.name: column
        for column in (
            *_cast(events, PERSON_KINDS | PARAM_KINDS, at),
            *_lists(
                np.bincount(of, minlength=events.height), pl.DataFrame(_cast(items, ITEM_KINDS, of_items))
            ),
            *events.select(
                "event_id",
                "event_index",
                "repairs",
                "fingerprint",
                log_date=pl.col("folder_log_date"),
                received_at=pl.col("received_time"),
                event_time=event_time,
                is_late=pl.col("received_time") - event_time > LATE,
                flags=pl.lit(None, pl.List(pl.String)),  # said of whole rows, once there are some (`flags`)
            ),
        )
    }
    columns["session_ref"] = columns.pop("session_id").alias("session_ref")
    return pl.DataFrame([columns[name] for name in VALID_EVENTS])


def _lists(counts: Positions, items: pl.DataFrame) -> list[pl.Series]:
    """So many items each as lists, whole and of what is asked for most; null where there is none."""
    ends, none = pa.array(np.concatenate([[0], np.cumsum(counts)])), pa.array(counts == 0)
    told = items.select(
        items=pl.struct(*ITEM_KINDS), item_ids=pl.coalesce("item_id", "item_name"), item_prices="price"
    )
    newest = pl.CompatLevel.newest()
    return [
        pl.Series(
            values.name,
            pa.LargeListArray.from_arrays(ends, values.to_arrow(compat_level=newest), mask=none),
            dtype=VALID_EVENTS[values.name],
        )
        for values in told
    ]


def _cast(frame: pl.DataFrame, kinds: dict[str, str], escaped: Positions) -> list[pl.Series]:
    """JSON text of the given kinds as values. Only `escaped` rows may hold a backslash."""
    there = present(frame)
    sent = [name for name in kinds if name in there]
    values = frame.select(_value(pl.col(name), kinds[name]) for name in sent)
    # Few whole numbers are written with a point; to look for it takes longer than to read them.
    pointed = [
        name
        for name in sent
        if kinds[name] == INTEGER and values[name].null_count() > frame[name].null_count()
    ]
    values = values.with_columns(*frame.select(integer_of(pl.col(name)) for name in pointed))
    strings = [name for name in sent if kinds[name] in (TEXT, SCALAR)]
    for name in strings:
        held = values[name][escaped].str.contains("\\", literal=True).fill_null(False)
        if held.any():
            values = values.with_columns(_unescaped(values[name], escaped[held.to_numpy()]))
    # One column of nulls a type, for the many fields that no event has.
    none = {
        kind: pl.Series([None], dtype=kind).new_from_index(0, frame.height) for kind in set(TYPES.values())
    }
    return [values[name] if name in sent else none[TYPES[kind]].alias(name) for name, kind in kinds.items()]


def _value(text: pl.Expr, kind: str) -> pl.Expr:
    if kind == NUMBER:
        return text.cast(pl.Float64)
    if kind == INTEGER:
        return written_out(text)
    if kind == TEXT:
        return text.str.tail(-1).str.head(-1)
    # An integer session_id has no quotes to take off; it stays as it stands.
    return text.str.strip_prefix('"').str.strip_suffix('"') if kind == SCALAR else text


def _unescaped(texts: pl.Series, at: Positions) -> pl.Series:
    """Resolve JSON's escapes in the texts that hold one."""
    decoded = ('"' + texts[at] + '"').str.json_decode(pl.String)
    return texts.scatter(at, decoded)
