"""What a person sees on an asset's page: counts, tables, a preview of rows. Dagster concept: metadata.

Belongs here: turning frames and reports into metadata. Does not belong here: computing anything new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.defs.publishing import Metadata
from rs_assets.lake import Lake

if TYPE_CHECKING:
    import polars as pl

    from rs_assets.contract.split import SplitReport

PREVIEW_ROWS = 10
CELL_CHARS = 60


@dataclass(frozen=True)
class SplitMetadata:
    """Metadata of both sides of a split."""

    valid: Metadata
    quarantined: Metadata


def split_metadata(lake: Lake, reports: Sequence[SplitReport]) -> SplitMetadata:
    """Counts by reason and by site over the range, and previews of its last log date."""
    reasons: Counter[str] = Counter()
    sites: dict[str, list[int]] = {}
    for report in reports:
        reasons.update(report.by_reason)
        for site, (valid, quarantined) in report.by_site.items():
            pair = sites.setdefault(site, [0, 0])
            pair[0] += valid
            pair[1] += quarantined
    events = sum(r.events for r in reports)
    rate = sum(r.quarantined for r in reports) / events if events else 0.0
    by_reason = table(
        ({"reason": code, "events": n} for code, n in reasons.most_common()), "reason", "events"
    )
    by_site = table(
        ({"site": s, "valid": v, "quarantined": q} for s, (v, q) in sorted(sites.items())),
        "site",
        "valid",
        "quarantined",
    )
    last = reports[-1].log_date
    return SplitMetadata(
        valid={
            "events": events,
            "by_site": by_site,
            **preview(lake.object("valid_events", last)),
        },
        quarantined={
            "quarantine_rate": rate,
            "by_reason": by_reason,
            "by_site": by_site,
            **preview(lake.object("quarantined_events", last), leave_out=("raw",)),
        },
    )


def preview(path: str, leave_out: tuple[str, ...] = ()) -> dict[str, object]:
    """The object's column schema and its first rows, as metadata."""
    import polars as pl

    frame = pl.scan_parquet(path).head(PREVIEW_ROWS).collect()
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in frame.schema.items()]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "preview": rows_table(frame.drop(leave_out)),
    }


def rows_table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A small frame as a table; cells are cut to what a page can show."""
    records = [{name: cell(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]
    return table(records, *frame.columns)


def table(records: Iterable[Mapping[str, object]], *columns: str) -> dg.TableMetadataValue:
    """Records as a metadata table; an empty one keeps its columns."""
    rows = [dg.TableRecord({name: cell(record[name]) for name in columns}) for record in records]
    return dg.MetadataValue.table(rows, schema=dg.TableSchema([dg.TableColumn(name) for name in columns]))


def cell(value: object) -> str | int | float | bool | None:
    """A value as a table's cell."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= CELL_CHARS else f"{text[: CELL_CHARS - 1]}…"
