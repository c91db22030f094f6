"""Lines to requests: what every format has in common, a frame at a time.

Belongs here: the frame that `envelope.lines` takes, made of an importer's reading; the lines that it cannot
read, which become text; request ids and log dates. Does not belong here: what lines say (the importers), or
the order and fate of the frames (`run`).
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.log.importers.importer import Importer

# Beyond these a log date has no four-digit year, or an epoch no plain number.
EARLIEST, LATEST = dt.datetime(1970, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)


def readable(importer: Importer, lines: pl.DataFrame) -> pl.DataFrame:
    """What the importer reads, with a `part` in any case, less the lines of which it misses any part."""
    found = importer.read(lines.filter(pl.col("text").is_not_null()).select("line_number", "text"))
    if "part" not in found.columns:
        found = found.with_columns(part=pl.lit(None, pl.Int64))
    has_time = pl.col("event_time").is_between(EARLIEST, LATEST).fill_null(False)
    bad = found.filter(~has_time).select("line_number").unique()
    return found.join(bad, on="line_number", how="anti", maintain_order="left") if bad.height else found


def requests(
    importer: Importer, lines: pl.DataFrame, *, site: str, shift: dt.timedelta, last: dt.datetime, files: int
) -> pl.DataFrame:
    """The requests that a frame of lines becomes, in the lines' order, with their `log_date`.

    Every line is there: one that the importer did not read, or made no body of, stands in `body_text` (or
    `body_base64`), received when the last readable line before it was.

    Args:
        last: the time, shifted, of the last readable line before the frame.
        files: how many files the source has; a request's id names its file if they are several.
    """
    read = readable(importer, lines).with_columns(pl.col("event_time") + shift)
    bodies = read.select("line_number", "part", "event_time", body=importer.body)
    text, raw = pl.col("exact"), pl.col("raw")
    unread = pl.col("body").is_null()
    rows = lines.join(bodies, on="line_number", how="left", maintain_order="left_right").select(
        received_at=pl.col("event_time").forward_fill().fill_null(last),
        site=pl.lit(site),
        request_id=_request_id(site, files),
        path=pl.lit(f"/import/{importer.name}"),
        body="body",
        body_text=pl.when(unread).then(text),
        body_base64=pl.when(unread & text.is_null()).then(raw).bin.encode("base64"),
    )
    return rows.with_columns(log_date=pl.col("received_at").dt.date())


def _request_id(site: str, files: int) -> pl.Expr:
    file = [pl.col("file").cast(pl.String)] if files > 1 else []
    line = pl.col("line_number").cast(pl.String).str.zfill(9)
    part = pl.col("part").cast(pl.String)
    return pl.concat_str(pl.lit(site), *file, line, part, separator="-", ignore_nulls=True)
