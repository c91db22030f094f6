"""How a published range is told to Dagster: one result for the run, numbers for each log date.

Dagster concepts: `MaterializeResult`, partition metadata, data versions. One data version covers a whole
range run, so it is a digest over the objects of the range; each date's own digest stands in its metadata.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

from rs_assets.defs.measuring import used

if TYPE_CHECKING:
    from rs_assets.lake.records import Record
    from rs_assets.lake.stage import Stage

SECONDS_A_LINE = 1.0
DIGITS = 5
ONE_BY_ONE = 31
"""Log dates of a run for which every check has a result for each of them."""

Metadata: TypeAlias = Mapping[str, Any]  # Dagster's own union of what it takes is not public


def announce(context: dg.AssetExecutionContext, asset: str, dates: list[str]) -> Callable[[str], None]:
    """A callback that logs progress in the form the command line follows: `asset: date (3 of 14)`.

    A line costs Dagster as much as a materialization, so there is one a second at most.
    """
    position = {log_date: n for n, log_date in enumerate(dates, 1)}
    last = float("-inf")

    def on_date(log_date: str) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_A_LINE:
            context.log.info(f"{asset}: {log_date} ({position[log_date]} of {len(dates)})")
            last = time.monotonic()

    return on_date


def told_one_by_one(dates: Sequence[str], failed: Sequence[str]) -> list[str]:
    """The log dates of a run that have a check result of their own: of a long run, those that failed.

    A result for every log date of years would take Dagster longer than making the tables takes us.
    """
    return list(dates) if len(dates) <= ONE_BY_ONE else list(failed)


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
        by_date: what holds for one; numbers are plotted over partitions. What the step used comes after it, since a
            page shows it in this order.
    """
    from rs_assets.lake.records import together

    key, usage = dg.AssetKey(asset), used()
    for log_date, record in records.items():
        context.add_asset_metadata(
            {
                "dagster/partition_row_count": record.rows,
                **{name: _shown(value) for name, value in (by_date or {}).get(log_date, {}).items()},
                "digest": record.digest,
                **(usage.metadata() if usage else {}),
            },
            asset_key=key,
            partition_key=log_date,
        )
    version = together({log_date: record.digest for log_date, record in records.items()})
    return dg.MaterializeResult(
        asset_key=key, data_version=dg.DataVersion(version), metadata={**(metadata or {})}
    )


def _shown(value: Any) -> Any:
    """A number with as many digits as anybody reads."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
