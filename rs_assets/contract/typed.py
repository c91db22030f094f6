"""From JSON text to the one typed structure of `valid_events`.

Belongs here: casting what the rules have found sound, and the table's schema. Does not belong here: deciding
what is sound.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from rs_assets.contract.fields import INTEGER, NUMBER, OBJECT, SCALAR, TEXT, integer_of
from rs_assets.contract.schemas import ITEM, PARAMS
from rs_assets.lake.tables import Schema

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
    "user_agent": pl.String,
    "user_properties": pl.String,
    "consent": pl.String,
    "is_late": pl.Boolean,
    "flags": pl.List(pl.String),
    "repairs": pl.List(pl.String),
    "fingerprint": pl.UInt64,
}
"""The columns of `valid_events`. Times are UTC; `value`, `tax`, `shipping` and prices are in `currency`;
`user_properties` and `consent` are JSON."""


def typed(events: pl.DataFrame, items: pl.DataFrame, *, escapes: bool = True) -> pl.DataFrame:
    """Sound candidate events as rows of `VALID_EVENTS`, in their order.

    Args:
        events: as `judge` has them, with `row`, `folder_log_date` and `event_id`.
        items: a row an item, with the `row` of its event, in the order of `events`.
        escapes: whether any text may hold a backslash.
    """
    event_time = pl.from_epoch(pl.col("event_micros"), "us").cast(pl.Datetime("us"))
    columns = _cast(events.drop("items"), PERSON_KINDS | PARAM_KINDS, escapes).with_columns(
        _lists(events["row"], items["row"], _cast(items, ITEM_KINDS, escapes)),
        log_date=pl.col("folder_log_date"),
        received_at=pl.col("received_time"),
        event_time=event_time,
        is_late=pl.col("received_time") - event_time > LATE,
        flags=pl.lit(None, pl.List(pl.String)),  # said of whole rows, once there are some (`flags`)
    )
    return columns.rename({"session_id": "session_ref"}).select(*VALID_EVENTS)


def _lists(rows: pl.Series, row: pl.Series, items: pl.DataFrame) -> pl.Series:
    """The items of each event as a list; null for an event without."""
    counts = np.bincount(np.searchsorted(rows.to_numpy(), row.to_numpy()), minlength=len(rows))
    ends = np.concatenate([[0], np.cumsum(counts)])
    structs = items.select(pl.struct(*ITEM_KINDS)).to_series().to_arrow(compat_level=pl.CompatLevel.newest())
    lists = pa.LargeListArray.from_arrays(pa.array(ends), structs, mask=pa.array(counts == 0))
    return pl.Series("items", lists, dtype=pl.List(ITEM_STRUCT))


def _cast(frame: pl.DataFrame, kinds: dict[str, str], escapes: bool) -> pl.DataFrame:
    """JSON text of the given kinds as values."""
    absent = {name for name in kinds if name not in frame or frame[name].null_count() == frame.height}
    strings = [name for name, kind in kinds.items() if kind in (TEXT, SCALAR) and name not in absent]
    quoted = [name for name in strings if kinds[name] == TEXT]
    unquoted = frame.with_columns(
        *[pl.col(name).str.tail(-1).str.head(-1) for name in quoted],
        # An integer session_id has no quotes to take off; it stays as it stands.
        *[pl.col(n).str.strip_prefix('"').str.strip_suffix('"') for n in strings if n not in quoted],
        *[pl.col(n).cast(pl.Float64) for n, kind in kinds.items() if kind == NUMBER and n not in absent],
        *[integer_of(pl.col(n)) for n, kind in kinds.items() if kind == INTEGER and n not in absent],
        *[pl.lit(None, TYPES[kinds[name]]).alias(name) for name in sorted(absent)],
    )
    if not escapes:
        return unquoted
    escaped = unquoted.select(pl.col(name).str.contains("\\", literal=True).any() for name in strings)
    return unquoted.with_columns(_unescaped(unquoted[name]) for name in strings if escaped[name].item())


def _unescaped(texts: pl.Series) -> pl.Series:
    """Resolve JSON's escapes; only the texts that hold one are decoded."""
    at = texts.str.contains("\\", literal=True).arg_true()
    decoded = ('"' + texts.gather(at) + '"').str.json_decode(pl.String)
    return texts.scatter(at, decoded)
