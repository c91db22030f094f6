"""The split: valid_events and quarantined_events. Dagster concepts: multi-asset, asset checks."""

from collections.abc import Iterable, Iterator

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import WRITING, code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns, preview, split_metadata
from rs_assets.defs.publishing import announce, materialized, publish, told_one_by_one
from rs_assets.defs.resources import LakeResource, LogResource
from rs_assets.extending import source

VALID, QUARANTINED = dg.AssetKey("valid_events"), dg.AssetKey("quarantined_events")
BOX = Box(cpu=2, memory_gib=2)


def split(partitions: dg.PartitionsDefinition, sites: Iterable[str] = ()) -> dg.AssetsDefinition:
    """The multi-asset `split`; `sites` are those that may send, all if there are none."""
    version = code_version(
        "contract",
        "log/blocks.py",
        "log/erasure",
        "lake/tables.py",
        without=("contract/report", "contract/drift", *WRITING),
        libraries=("duckdb", "orjson", "pandera", "polars"),
        more=" ".join((*sites, source("events", "repairs"))),
    )
    conserved = dg.AssetCheckSpec(
        "conservation",
        asset=VALID,
        description="Events in = valid + quarantined + erased. The code refuses to publish otherwise; this says so.",
    )

    @dg.multi_asset(
        name="split",
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        op_tags=BOX.op_tags(),
        can_subset=False,
        specs=[
            dg.AssetSpec(
                VALID,
                deps=["raw_events"],
                group_name="events",
                code_version=version,
                kinds={"pandera", "polars", "parquet"},
                description="Events that keep the contract: typed, one structure whichever site sent them.",
            ),
            dg.AssetSpec(
                QUARANTINED,
                deps=["raw_events"],
                group_name="events",
                code_version=version,
                kinds={"pandera", "polars", "parquet"},
                description=(
                    "Events that break the contract: whole, where they stood, with every reason. Nothing is "
                    "dropped; change the contract, replay, and what was wrongly held moves to valid_events."
                ),
            ),
        ],
        check_specs=[conserved],
    )
    def split_events(
        context: dg.AssetExecutionContext, log: LogResource, lake: LakeResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult | dg.AssetCheckEvaluation]:
        from rs_assets.contract.publish import publish_split

        dates, last = list(context.partition_keys), context.partition_keys[-1]
        with stage(context, lake) as staged:
            on_date = announce(context, "split", dates)
            reports = publish_split(log.open(), staged, dates, threads=BOX.cpu, on_date=on_date)
            records = publish(context, staged)
        by_date = {r.log_date: split_metadata(r) for r in reports}
        for asset, hidden in (("valid_events", ()), ("quarantined_events", ("raw",))):
            path = lake.open().object(asset, last)
            shown = {**by_date, last: {**by_date.get(last, {}), **preview(path, hidden)}}
            yield materialized(context, asset, records[asset], columns(asset, path), shown)
        lost = [report.log_date for report in reports if not report.conserved]
        one_by_one = told_one_by_one([report.log_date for report in reports], lost)
        for report in (report for report in reports if report.log_date in one_by_one):
            yield dg.AssetCheckEvaluation(
                asset_key=VALID,
                check_name="conservation",
                passed=report.conserved,
                partition=report.log_date,
                metadata=report.counts(),
            )
        yield dg.AssetCheckResult(
            asset_key=VALID,
            check_name="conservation",
            passed=all(r.conserved for r in reports),
            metadata={"events": sum(r.events for r in reports), "log_dates": len(reports)},
        )

    return split_events
