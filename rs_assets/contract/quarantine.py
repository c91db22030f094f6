"""The rows of `quarantined_events`: events whole, where they stood, with every reason.

Belongs here: the table's schema and how violations become its rows. Does not belong here: finding violations
(`judge`), or what follows the order of the whole log date (`split`).
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.contract.codes import CONTRACT_VERSION, Code
from rs_assets.contract.duplicates import Which
from rs_assets.contract.judge import EVENT_RULES, ITEM_RULES, Judged, line_ids, of_segments, rows_of
from rs_assets.contract.shape_rules import SHAPE_RULES
from rs_assets.contract.verdict import VIOLATION
from rs_assets.lake.tables import Schema
from rs_assets.log.blocks import Batch

QUARANTINED_EVENTS: Schema = {
    "log_date": pl.Date,
    "quarantine_id": pl.String,
    "site": pl.String,
    "segment": pl.String,
    "line": pl.Int64,
    "event_index": pl.Int32,
    "received_at": pl.Datetime("us"),
    "event_name": pl.String,
    "raw": pl.Binary,
    "reasons": pl.List(pl.String),
    "violations": pl.List(VIOLATION),
    "contract_version": pl.String,
}
"""The columns of `quarantined_events`. `raw` is the line's own bytes; `line` counts from 1, `event_index` from 0."""


def quarantined(judged: Judged, more: pl.DataFrame, log_date: str) -> pl.DataFrame:
    """The rows of `quarantined_events` of a batch: what the rules found and `more` of the same columns."""
    batch = judged.batch
    found = pl.concat([judged.violations, more]) if not more.is_empty() else judged.violations
    if found.is_empty():
        return pl.DataFrame(schema=QUARANTINED_EVENTS)
    keys = ["k", "event_index"]
    rows = (
        found.sort([*keys, "rule", "path"], nulls_last=False)
        .group_by(keys, maintain_order=True)
        .agg(
            reasons=pl.col("code").unique().sort(),
            violations=pl.struct(*VIOLATION.to_schema()),
        )
    )
    seen = rows_of(rows, judged.seen)
    k = rows["k"].to_numpy()
    name = pl.lit(judged.seen["event_name"].gather(seen)).str.strip_prefix('"').str.strip_suffix('"')
    index = pl.col("event_index").cast(pl.String)
    return rows.with_columns(
        log_date=pl.lit(dt.date.fromisoformat(log_date)),
        received_at=judged.seen["received_time"].gather(seen),
        quarantine_id=line_ids(batch, k) + pl.when(index.is_null()).then(pl.lit("")).otherwise(":" + index),
        site=of_segments(batch, k, [segment.site for segment in batch.segments]),
        segment=of_segments(batch, k, [segment.name for segment in batch.segments]),
        line=pl.Series(batch.line[k]),
        event_name=name,
        raw=pl.Series([batch.text(i) for i in k.tolist()], dtype=pl.Binary),
        contract_version=pl.lit(CONTRACT_VERSION),
    ).select(*QUARANTINED_EVENTS)


def repeat_violations(places: pl.DataFrame, duplicate: Which, repeated: Which) -> pl.DataFrame:
    """The violations of sound events that repeat others (`Received.repeats`). `places` has `k` and `event_index`."""
    rules = len(EVENT_RULES) + len(ITEM_RULES) + len(SHAPE_RULES)
    return pl.concat(
        places.filter(which).select(
            "k",
            "event_index",
            rule=pl.lit(rules + n, pl.UInt32),
            code=pl.lit(str(code)),
            path=pl.lit(path),
            message=pl.lit(message),
            expected=pl.lit(expected),
            observed=pl.lit(None, pl.String),
        )
        for n, (which, code, path, message, expected) in enumerate(
            (
                (
                    duplicate,
                    Code.DUPLICATE,
                    "",
                    "an equal event (site, client, name, time, parameters) was received before",
                    "an event that is new",
                ),
                (
                    repeated,
                    Code.TRANSACTION_REPEATED,
                    "params.transaction_id",
                    "params.transaction_id is that of another purchase, which was received before",
                    "a transaction that is new",
                ),
            )
        )
    )


def damaged_rows(batch: Batch, log_date: str) -> pl.DataFrame:
    """A row for each segment whose compression breaks off: what is behind the break counts as one event."""
    rows = []
    for damage in batch.damage:
        segment = batch.segments[damage.segment]
        line = damage.after_line + 1
        violation = {
            "code": str(Code.SEGMENT_DAMAGED),
            "path": "",
            "message": f"{segment.place} cannot be read from line {line} on: {damage.problem}",
            "expected": "a whole segment",
            "observed": None,
        }
        rows.append(
            {
                "quarantine_id": f"{segment.site}/{log_date}/{segment.name}:{line}:damage",
                "site": segment.site,
                "segment": segment.name,
                "line": line,
                "raw": b"",
                "reasons": [str(Code.SEGMENT_DAMAGED)],
                "violations": [violation],
                "contract_version": CONTRACT_VERSION,
            }
        )
    frame = pl.DataFrame(rows, schema=QUARANTINED_EVENTS)
    return frame.with_columns(log_date=pl.lit(log_date).str.to_date())
