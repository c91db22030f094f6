"""The contract applied to one batch of lines.

Belongs here: from a batch to the events that pass and the rows of `quarantined_events` for those that do
not. Does not belong here: duplicates and writing, which follow the order of the whole log date (`split`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.contract import schemas
from rs_assets.contract.candidates import Candidates, candidates
from rs_assets.contract.flags import flags
from rs_assets.contract.literals import holding
from rs_assets.contract.parse import Parser
from rs_assets.contract.repairs.apply import repaired
from rs_assets.contract.repairs.repair import Repair
from rs_assets.contract.rules import compile_schema, for_event_types
from rs_assets.contract.schemas.envelope import received_time
from rs_assets.contract.shape_rules import shape_failures
from rs_assets.contract.shapes import Shapes
from rs_assets.contract.typed import typed
from rs_assets.contract.verdict import FAILURES, Mask, failures
from rs_assets.log.blocks import Batch

EVENT_RULES = [
    *compile_schema(schemas.ENVELOPE),
    *compile_schema(schemas.EVENT),
    *compile_schema(schemas.EVENT_NAME),
    *for_event_types(schemas.EVENT_TYPES),
]
ITEM_RULES = compile_schema(schemas.ITEM)
ITEM_WORDS = (
    pl.Series([f"].{rule.path}" if rule.path else "]" for rule in ITEM_RULES]),
    pl.Series([f" {rule.message}" for rule in ITEM_RULES]),
)
"""What follows an item's index in the path and the path in the message, rule by rule."""

Lines: TypeAlias = npt.NDArray[np.integer]
"""Positions of lines in a batch."""
FOUND = ("k", "event_index", "row", "rule", "code", "path", "message", "expected", "observed")


@dataclass(frozen=True)
class Judged:
    """A batch after the contract.

    Attributes:
        valid: rows of `VALID_EVENTS`; duplicates are still among them.
        places: `k` (the line's position in the batch) and `event_index` of each row of `valid`.
        violations: `k`, `event_index`, `rule` and a violation's fields: all that was found.
        seen: `k`, `event_index`, `received_time`, `event_name` of every event.
    """

    batch: Batch
    valid: pl.DataFrame
    places: pl.DataFrame
    violations: pl.DataFrame
    seen: pl.DataFrame


def judge(
    parser: Parser,
    shapes: Shapes,
    batch: Batch,
    parsed: pl.DataFrame | None,
    log_date: str,
    repairs: Sequence[Repair] = (),
) -> Judged:
    """Every event of a batch, valid or with every reason why it is not. Arguments as of `candidates`."""
    read = candidates(parser, shapes, batch, parsed)
    events = _with_place(repaired(read.events, repairs, log_date), batch, log_date)
    items = _items(events)
    found = _violations(events, items, read)
    sound = np.ones(events.height, np.bool_) if read.void is None else ~read.void
    seen = events.select("k", "event_index", "received_time", "event_name")
    seen = seen if sound.all() else seen.filter(sound)
    sound[found["row"].drop_nulls().to_numpy()] = False
    valid = events if sound.all() else events[np.flatnonzero(sound)]  # sooner done than a filter by mask
    kept = items if sound.all() else items.filter(sound[items["row"].to_numpy()])
    rows = typed(valid, kept, _escaped(valid, batch))
    said = flags(valid, rows, kept, read.unexpected, read.templated)
    rows = rows.with_columns(flags=said)
    return Judged(batch, rows, valid.select("k", "event_index"), found.drop("row"), seen)


def _escaped(events: pl.DataFrame, batch: Batch) -> Mask:
    """In which events a text may hold a backslash: those of lines with one, and what a repair has written."""
    lines = np.zeros(len(batch), np.bool_)
    lines[holding(batch, [b"\\"])] = True
    escaped: Mask = lines[events["k"].to_numpy()]
    if events["repairs"].count():
        escaped |= events["repairs"].is_not_null().to_numpy()
    return escaped


def _with_place(events: pl.DataFrame, batch: Batch, log_date: str) -> pl.DataFrame:
    """Candidates with where they stand in the log, and their times, which several rules ask for."""
    k = events["k"].to_numpy()
    return (
        events.with_row_index("row")
        .with_columns(
            received_time=received_time(pl.col("received_at")),
            folder_site=of_segments(batch, k, [f'"{segment.site}"' for segment in batch.segments]),
            site_declared=of_segments(batch, k, [segment.declared for segment in batch.segments]),
            folder_log_date=pl.lit(dt.date.fromisoformat(log_date)),
            event_id=line_ids(batch, k) + ":" + pl.col("event_index").cast(pl.String),
        )
        .with_columns(event_micros=schemas.event_micros())
    )


def _items(events: pl.DataFrame) -> pl.DataFrame:
    """A row an item: `row` of its event, `at` its index there, and its fields as JSON text."""
    lists = events["items"]
    counts = lists.list.len().fill_null(0).to_numpy()
    ends = np.cumsum(counts, dtype=np.int64)
    of = np.repeat(np.arange(events.height), counts)
    items = lists.list.explode(empty_as_null=False, keep_nulls=False).struct.unnest()
    return items.insert_column(0, events["row"][of]).with_columns(
        at=pl.Series(np.arange(len(of)) - (ends - counts)[of])
    )


def line_ids(batch: Batch, k: Lines) -> pl.Expr:
    """The places in the log of some lines, `shop-a/2024-01-01/000001.ndjson.zst:12`; an event's id is that and its
    index.
    """
    folder = [f"{segment.site}/{segment.log_date}/{segment.name}:" for segment in batch.segments]
    return pl.lit(of_segments(batch, k, folder)) + pl.lit(pl.Series(batch.line[k])).cast(pl.String)


def of_segments(batch: Batch, k: Lines, values: Sequence[str | bool]) -> pl.Series:
    """A value of each segment, for each of some lines of the batch."""
    return pl.Series(values).gather(batch.segment[k])


def _violations(events: pl.DataFrame, items: pl.DataFrame, read: Candidates) -> pl.DataFrame:
    """All that is held against the events of a batch: `k`, `event_index`, `row` and a violation's fields."""
    misshapen = read.misshapen
    by_rules = pl.concat(
        [failures(events, EVENT_RULES, read.void), _item_failures(items, read), _shape_failures(events, read)]
    )
    rows = pl.col("row")
    by_rules = by_rules.with_columns(
        k=pl.lit(events["k"]).gather(rows), event_index=pl.lit(events["event_index"]).gather(rows)
    ).select(*FOUND)
    if misshapen.is_empty():
        return by_rules
    shapes = misshapen.with_columns(row=rows_of(misshapen, events), rule=pl.lit(0, pl.UInt32)).select(*FOUND)
    # A params that is no object lacks every parameter too; that says nothing more, so only its shape is told.
    of_event = ~pl.col("path").str.starts_with("body.") & ~pl.col("path").is_in([*schemas.ENVELOPE.columns])
    consequences = (
        by_rules.join(shapes.select("row", shape="path"), on="row")
        .filter(of_event & pl.col("path").str.starts_with(pl.col("shape")))
        .select("row", "rule", "path")
    )
    return pl.concat([shapes, by_rules.join(consequences, on=["row", "rule", "path"], how="anti")])


def rows_of(places: pl.DataFrame, events: pl.DataFrame) -> pl.Series:
    """At which row of `events`, which are in the order of the log, an event of that place stands; null if none does.

    Both have `k` and `event_index`. To search takes a tenth of a join, of which there would be one a batch.
    """
    wanted, there = _places(places), _places(events)
    at = np.searchsorted(there, wanted)
    found = np.append(there, -1)[at] == wanted
    return pl.Series(at, dtype=pl.UInt32).set(pl.Series(~found), None)


def _places(events: pl.DataFrame) -> npt.NDArray[np.int64]:
    """`k` and `event_index` as one number that ascends with them; that of a whole line is of no event."""
    index: npt.NDArray[np.int64] = events["event_index"].cast(pl.Int64).fill_null(-1).to_numpy() + 1
    return (events["k"].cast(pl.Int64).to_numpy() << 32) + index


def _shape_failures(events: pl.DataFrame, read: Candidates) -> pl.DataFrame:
    """What is held against the shapes, a few dozen of them, is held against every event of theirs."""
    found = shape_failures(read.shapes)
    if found.is_empty():
        return pl.DataFrame(schema=FAILURES)
    told = events.select("row", "shape")
    told = told if read.void is None else told.filter(~read.void)
    return found.join(told, on="shape").select(
        "row", pl.col("rule") + len(EVENT_RULES) + len(ITEM_RULES), *list(FAILURES)[2:]
    )


def _item_failures(items: pl.DataFrame, read: Candidates) -> pl.DataFrame:
    void = None if read.void is None else read.void[items["row"].to_numpy()]
    found = failures(items, ITEM_RULES, void)
    if found.is_empty():
        return found
    at = pl.lit(items["at"]).gather(pl.col("row")).cast(pl.String)
    field, says = (pl.lit(words).gather(pl.col("rule")) for words in ITEM_WORDS)
    named = pl.concat_str(pl.lit("params.items["), at, field)
    return found.with_columns(
        path=named,
        message=pl.concat_str(named, says),
        row=pl.lit(items["row"]).gather(pl.col("row")),
        rule=pl.col("rule") + len(EVENT_RULES),
    )
