"""What an importer is: how the lines of one format read, and the GA4 body that each becomes.

Belongs here: `Importer`, the extension point, and the few helpers its declarations are written with. Does
not belong here: a format of its own (`taobao`, `otto`, …), files and bytes (`source`), envelopes (`run`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, eq=False)
class Importer:
    """One format that can be imported.

    The order of calls: `read` gets a frame of lines; `event_time` is shifted by whole days if that was asked
    for; then `body` is evaluated. So a body that writes `event_time` needs to know nothing of the shift.

    Attributes:
        name: what `rs-assets import` calls it, and its folder below `RS_DATASETS`.
        site: the site that its requests are of, unless another is named.
        description: one line for a person: whose data it is, and what a line looks like.
        files: patterns of file names, in the order in which they are read; each must match (plain or `.gz`).
        read: from a frame of lines (`line_number` Int64, `text` String without its line ending) to a frame of
            requests in the lines' order: `line_number`, `event_time` (Datetime[us], UTC without a zone), the
            columns that `body` uses, and `part` (integer, from 0) where a line may be several requests. A
            line that it cannot read is left out, or has a null `event_time`: it is kept whole, as text.
        body: the GA4 body as JSON text, an expression over the columns of `read`.
        header: the first line of each file, where the format has one.
    """

    name: str
    site: str
    description: str
    files: tuple[str, ...]
    read: Callable[[pl.DataFrame], pl.DataFrame]
    body: pl.Expr
    header: str | None = None


def match(lines: pl.DataFrame, pattern: str) -> pl.DataFrame:
    r"""The lines of the shape `pattern`: their `line_number`, and a column (String) for each named group.

    Anchor the pattern, never make its first group optional, and write `[0-9]`: `\d` matches digits of every
    script here.
    """
    groups = pl.col("text").str.extract_groups(pattern).alias("groups")
    found = lines.select("line_number", groups).unnest("groups")
    return found.filter(pl.col(found.columns[1]).is_not_null())


def epoch(seconds: pl.Expr, fraction: pl.Expr | None = None) -> pl.Expr:
    """Epoch seconds, and the digits after their point (at most six, nullable), as a time.

    By integers alone: 1396437466.94 is no double, and a microsecond more or less is another event.
    """
    micros = seconds.cast(pl.Int64) * 1_000_000
    if fraction is not None:
        micros += fraction.str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    return pl.from_epoch(micros, time_unit="us")


def filled(text: pl.Expr) -> pl.Expr:
    """`text`, or null where it is empty: how a CSV file says that there is none."""
    return pl.when(text != "").then(text)
