"""site_shapes: what each site sends, and a check of who has changed it. Dagster concepts: asset, asset check.

Belongs here: the declaration, and what the UI shows of a drift. Does not belong here: counting and comparing
(`contract/drift`). The check reads the log dates before its own as well; the asset's dependencies are on the same
date (`partitions` says why). The check has a result for each log date and one for a run, as `alert_checks` says.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview
from rs_assets.defs.publishing import announce, materialized, publish, told_one_by_one
from rs_assets.defs.resources import LakeResource, LogResource
from rs_assets.extending import source

if TYPE_CHECKING:
    from rs_assets.contract.drift import ShapesPublished

KEY, DRIFT = dg.AssetKey("site_shapes"), "drift"
BOX = Box(cpu=1, memory_gib=1)
WARN = dg.AssetCheckSeverity.WARN


def site_shapes(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset `site_shapes`, with its check."""

    @dg.asset(
        name="site_shapes",
        deps=["raw_events", "valid_events"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name="events",
        code_version=code_version(
            "contract/drift",
            "contract/schemas",
            "log/blocks.py",
            "lake/tables.py",
            libraries=("duckdb", "polars"),
            more=source("events"),
        ),
        kinds={"polars", "duckdb", "parquet"},
        op_tags=BOX.op_tags(),
        check_specs=[
            dg.AssetCheckSpec(
                DRIFT,
                asset=KEY,
                description=(
                    "No site has stopped or begun to send a parameter, sends another JSON type than on the seven "
                    "log dates before, or is newly unlike all other sites."
                ),
            )
        ],
    )
    def shapes(
        context: dg.AssetExecutionContext, log: LogResource, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckEvaluation | dg.AssetCheckResult]:
        """What each site sends: how often each parameter of each event, and in which JSON types before casting."""
        from rs_assets.contract.drift import ASSET, publish_site_shapes

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, ASSET, dates)
            published = publish_site_shapes(log.open(), staged, dates, threads=BOX.cpu, on_date=told)
            records = publish(context, staged)
        last = lake.open().object(ASSET, dates[-1])
        yield materialized(context, ASSET, records[ASSET], columns(ASSET, last), {dates[-1]: preview(last)})
        yield from drift_results(published)

    return shapes


def drift_results(
    published: "dict[str, ShapesPublished]",
) -> Iterator[dg.AssetCheckEvaluation | dg.AssetCheckResult]:
    """The check of each log date, and of the run."""
    drifted = [log_date for log_date, done in published.items() if done.drifts.height]
    for log_date in told_one_by_one(list(published), drifted):
        done = published[log_date]
        drifting = {"drifts": _table(done)} if done.drifts.height else {}
        yield dg.AssetCheckEvaluation(
            asset_key=KEY,
            check_name=DRIFT,
            passed=not drifting,
            partition=log_date,
            severity=WARN,
            metadata={"drifting": done.drifts.height, "log_dates_before": done.before, **drifting},
        )
    yield dg.AssetCheckResult(
        asset_key=KEY,
        check_name=DRIFT,
        passed=not drifted,
        severity=WARN,
        metadata={"log_dates": len(published), "drifting_on": ", ".join(drifted) or "none"},
    )


def _table(done: "ShapesPublished") -> dg.TableMetadataValue:
    """The drifts as a table of a page, uncut: the command is there to be copied."""
    from rs_assets.contract.drift import told

    return dg.MetadataValue.table([dg.TableRecord(asdict(drift)) for drift in told(done.drifts)])
