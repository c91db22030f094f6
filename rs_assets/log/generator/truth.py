"""The ground truth: where each fault was planted, and which.

Belongs here: the CSV that tests and benchmarks hold a contract to. Does not belong here: planting
(`planting`).
"""

from __future__ import annotations

import fsspec
import polars as pl

from rs_assets.log.generator.faults import KINDS
from rs_assets.log.generator.lines import Written

COLUMNS = {
    "site": pl.String,
    "log_date": pl.String,
    "segment": pl.String,
    "line": pl.Int64,
    "event_index": pl.Int64,
    "reason": pl.String,
}
_REASONS = pl.Series([kind.reason for kind in KINDS])
_WHOLE_LINE = [number for number, kind in enumerate(KINDS) if kind.scope == "line"]


class Truth:
    """Collects the faults of a log; `write` gives the file, sorted by its columns from left to right."""

    def __init__(self) -> None:
        self._parts = [pl.DataFrame(schema=COLUMNS)]

    def add(self, site: str, log_date: str, events: pl.DataFrame, segments: list[Written]) -> None:
        """Note the faults among the events (of `planting.plant`) of one site's log date."""
        broken = events.filter(pl.col("kind").is_not_null()).select("line", "event_index", "kind")
        table = pl.DataFrame(
            {"segment": [s.segment for s in segments], "first": [s.first_line for s in segments]},
            schema={"segment": pl.String, "first": pl.Int64},
        ).set_sorted("first")
        placed = broken.join_asof(table, left_on="line", right_on="first", strategy="backward")
        self._parts.append(
            placed.select(
                pl.lit(site).alias("site"),
                pl.lit(log_date).alias("log_date"),
                "segment",
                line=pl.col("line") - pl.col("first") + 1,
                event_index=pl.when(~pl.col("kind").is_in(_WHOLE_LINE)).then("event_index"),
                reason=pl.lit(_REASONS).gather(pl.col("kind").cast(pl.UInt32)),
            )
        )

    def by_reason(self) -> dict[str, int]:
        """Number of faults by class, sorted by name."""
        counts = pl.concat(self._parts).group_by("reason").len().sort("reason")
        return dict(counts.iter_rows())

    def write(self, path: str) -> None:
        """Write the CSV to any fsspec path, over what may be there."""
        text = pl.concat(self._parts).sort(*COLUMNS, nulls_last=False).write_csv()
        fs, place = fsspec.url_to_fs(path)
        fs.makedirs(place.rpartition("/")[0], exist_ok=True)
        with fs.open(place, "wb") as out:
            out.write(text.encode())
