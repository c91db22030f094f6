"""How a published range is told to Dagster: one result for the run, numbers for each log date.

Dagster concepts: `MaterializeResult`, partition metadata, data versions. One data version covers a whole
range run, so it is a digest over the objects of the range; each date's own digest stands in its metadata.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import dagster as dg

Metadata: TypeAlias = Mapping[str, Any]  # Dagster's own union of what it takes is not public


def announce(context: dg.AssetExecutionContext, asset: str, dates: list[str]) -> Callable[[str], None]:
    """A callback that logs progress in the form the command line follows: `asset: date (3 of 14)`."""
    position = {log_date: n for n, log_date in enumerate(dates, 1)}

    def on_date(log_date: str) -> None:
        context.log.info(f"{asset}: {log_date} ({position[log_date]} of {len(dates)})")

    return on_date


def materialized(
    context: dg.AssetExecutionContext,
    asset: str,
    digests: Mapping[str, str],
    rows: Mapping[str, int],
    metadata: Metadata | None = None,
    by_date: Mapping[str, Metadata] | None = None,
) -> dg.MaterializeResult:
    """The result of a run over the given log dates.

    Args:
        digests: SHA-256 of each date's object.
        rows: its rows.
        metadata: what holds for every date of the run alike; Dagster shows it on each of them.
        by_date: what holds for one; numbers are plotted over partitions.
    """
    key = dg.AssetKey(asset)
    for log_date, digest in digests.items():
        context.add_asset_metadata(
            {
                **((by_date or {}).get(log_date, {})),
                "dagster/partition_row_count": rows[log_date],
                "digest": digest,
            },
            asset_key=key,
            partition_key=log_date,
        )
    together = hashlib.sha256("".join(f"{d} {digests[d]}\n" for d in sorted(digests)).encode()).hexdigest()
    return dg.MaterializeResult(asset_key=key, data_version=dg.DataVersion(together), metadata=metadata)
