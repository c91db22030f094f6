"""A drift in words. Nothing else belongs here.

Event names and paths are the contract's own, and need not be made safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from rs_assets.contract.drift.compare import UNLIKE
from rs_assets.contract.drift.table import TYPES
from rs_assets.log.layout import SITE

NAMED = 3
"""Event names that are told one by one; a parameter is mostly dropped from all events together."""


@dataclass(frozen=True)
class Told:
    """What a person reads of a drift: a row of the check's table."""

    site: str
    parameter: str
    events: str
    was: str
    now: str
    since: str
    look_closer: str


def told(drifts: pl.DataFrame) -> Iterator[Told]:
    """Each row of DRIFTS."""
    for row in drifts.iter_rows(named=True):
        unlike = row["drift"] == UNLIKE
        of_type = row["was"] in TYPES
        was, now = (TYPES.get(row[name], "sent") for name in ("was", "now"))
        before = f"{was} in {_share(row['count_before'], row['of_before'])}"
        share = _share(row["count"], row["of"])
        yield Told(
            row["site"],
            row["path"],
            _some(row["event_names"]),
            f"all other sites: {before}" if unlike else before,
            f"{now}; {was} in {share}" if of_type else f"{now} in {share}",
            row["since"].isoformat(),
            _command(row["path"], None if unlike else row["site"]),
        )


def _share(count: int, of: int) -> str:
    """`99.8 % of 4,310`; what is not all, or none, is not told as such."""
    percent = 100 * count / of
    shown = round(percent, 1)
    if count not in (0, of):
        shown = min(max(shown, 0.1), 99.9)
    return f"{shown:g} % of {of:,}"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _command(path: str, site: str | None) -> str:
    """The query that shows the path's history, at one site or at all."""
    where = f"path = '{path}'" + (f" and site = '{site}'" if site and SITE.fullmatch(site) else "")
    columns = "event_name, site, log_date, sent, of, as_string, as_number, as_other"
    return f'rs-assets query "select {columns} from site_shapes where {where} order by all"'
