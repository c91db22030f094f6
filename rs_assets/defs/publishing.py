"""How a published range is told to Dagster: one result for the run, numbers for each log date.

Dagster concepts: `MaterializeResult`, partition metadata, data versions. One data version covers a whole
range run, so it is a digest over the objects of the range; each date's own digest stands in its metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

if TYPE_CHECKING:
    from rs_assets.lake.records import Record
    from rs_assets.lake.stage import Stage

Metadata: TypeAlias = Mapping[str, Any]  # Dagster's own union of what it takes is not public


def announce(context: dg.AssetExecutionContext, asset: str, dates: list[str]) -> Callable[[str], None]:
    """A callback that logs progress in the form the command line follows: `asset: date (3 of 14)`."""
    position = {log_date: n for n, log_date in enumerate(dates, 1)}

    def on_date(log_date: str) -> None:
        context.log.info(f"{asset}: {log_date} ({position[log_date]} of {len(dates)})")

    return on_date


def publish(context: dg.AssetExecutionContext, stage: Stage) -> dict[str, dict[str, Record]]:
    """Switch the lake to what the step made; the records of the run's objects, by asset and log date."""
    records: dict[str, dict[str, Record]] = {}
    for (asset, log_date), record in sorted(stage.publish().items()):
        records.setdefault(asset, {})[log_date] = record
    for asset, log_date in stage.differing:
        context.log.warning(
            f"{asset} of log date {log_date} came out of the same code and inputs with other bytes than before."
        )
    return records


def materialized(
    context: dg.AssetExecutionContext,
    asset: str,
    records: Mapping[str, Record],
    metadata: Metadata | None = None,
    by_date: Mapping[str, Metadata] | None = None,
) -> dg.MaterializeResult:
    """The result of a run over the given log dates.

    Args:
        records: of each date's object.
        metadata: what holds for every date of the run alike; Dagster shows it on each of them.
        by_date: what holds for one; numbers are plotted over partitions.
    """
    from rs_assets.lake.records import together

    key = dg.AssetKey(asset)
    for log_date, record in records.items():
        context.add_asset_metadata(
            {
                **((by_date or {}).get(log_date, {})),
                "dagster/partition_row_count": record.rows,
                "digest": record.digest,
            },
            asset_key=key,
            partition_key=log_date,
        )
    version = together({log_date: record.digest for log_date, record in records.items()})
    return dg.MaterializeResult(asset_key=key, data_version=dg.DataVersion(version), metadata=metadata)
