"""Candidate events of a batch: parsed natively, and exactly where that is in doubt.

Belongs here: putting the two readings together. Does not belong here: either of them (`parse`, `exact`), or
the rules (`verdict`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.contract.doubt import in_doubt
from rs_assets.contract.exact import WHOLE_LINE, Examined, examine
from rs_assets.contract.parse import LINE_BYTES, MisalignedError, Parser
from rs_assets.log.blocks import Batch

MISSHAPEN = {
    "k": pl.UInt32,
    "event_index": pl.Int32,
    **{name: pl.String for name in ("code", "path", "message", "expected", "observed")},
}


@dataclass(frozen=True)
class Candidates:
    """What a batch of lines holds.

    Attributes:
        events: a row an event, as `Parser.parse` gives it, ordered by (`k`, `event_index`).
        misshapen: a row a violation that only the exact reading can tell, as `MISSHAPEN`. Those with
            null `event_index` are of lines that have no row in `events`.
    """

    events: pl.DataFrame
    misshapen: pl.DataFrame


def read_candidates(parser: Parser, batch: Batch) -> Candidates:
    """Every event of the batch's lines, none of them twice, and every line that has none."""
    lines, pieces = batch.lines, batch.pieces
    if max(map(len, lines), default=0) > LINE_BYTES:
        lines = [b"{}" if len(line) > LINE_BYTES else line for line in lines]  # no event, so in doubt
        pieces = [b"\n".join(lines)]
    events = _parse(parser, pieces, lines)
    doubtful = in_doubt(events, pieces, lines)
    if not len(doubtful):
        return Candidates(events, pl.DataFrame(schema=MISSHAPEN))
    examined = {int(k): examine(batch.lines[k]) for k in doubtful}
    sound = {k: seen.sound for k, seen in examined.items() if seen.sound is not None}
    again = _parse(parser, list(sound.values()), list(sound.values()))
    again = again.with_columns(k=pl.lit(pl.Series(list(sound), dtype=pl.UInt32)).gather(pl.col("k")))
    clear = np.ones(len(lines), np.bool_)
    clear[doubtful] = False
    events = events.filter(clear[events["k"].to_numpy()])
    return Candidates(pl.concat([events, again]).sort("k", "event_index"), _misshapen(examined))


def _parse(parser: Parser, pieces: list[bytes], lines: list[bytes]) -> pl.DataFrame:
    """Parse, and find by halves the line that the native reader does not answer with one row."""
    try:
        return parser.parse(pieces, len(lines))
    except MisalignedError:
        if len(lines) == 1:
            return parser.parse([b"{}"], 1)  # without an event, so in doubt: the exact reading decides
        half = len(lines) // 2
        first, second = (_parse(parser, part, part) for part in (lines[:half], lines[half:]))
        return pl.concat([first, second.with_columns(k=(pl.col("k") + half).cast(pl.UInt32))])


def _misshapen(examined: dict[int, Examined]) -> pl.DataFrame:
    rows = [
        (
            k,
            None if v.event_index == WHOLE_LINE else v.event_index,
            v.code,
            v.path,
            v.message,
            v.expected,
            v.observed,
        )
        for k, seen in examined.items()
        for v in seen.violations
    ]
    return pl.DataFrame(rows, schema=MISSHAPEN, orient="row")
