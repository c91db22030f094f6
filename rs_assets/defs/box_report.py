"""box_report: what each step asks for, uses and should ask for. Dagster concepts: unpartitioned asset, instance.

Belongs here: the asset, its job and its schedule. Does not belong here: the report (`compute.report`), where its
figures come from (`uses`).

It is made of the history of runs, not of the log, so a replay neither makes it nor has it in its receipt: it has a
job of its own, and its page lies beside Dagster's storage, not in the lake.
"""

import os
from pathlib import Path

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.settings import Settings

BOX = Box(cpu=1, memory_gib=0.5)
NAME = "box_report"


def box_report(settings: Settings) -> dg.AssetsDefinition:
    """The asset `box_report`."""

    @dg.asset(
        name=NAME,
        group_name="reports",
        op_tags=BOX.op_tags(),
        code_version=code_version(
            "compute/page.py", "compute/prices.py", "compute/report.py", "defs/uses.py", "pages"
        ),
        kinds={"html"},
    )
    def report_on_boxes(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Memory asked for and used by each step over its last runs, kills, a proposed size, and what both cost."""
        from rs_assets.compute.page import markdown, page
        from rs_assets.compute.prices import Prices
        from rs_assets.compute.report import report
        from rs_assets.definitions import build_defs
        from rs_assets.defs.measuring import used
        from rs_assets.defs.uses import steps

        prices = Prices.read(settings.prices)
        assets = build_defs(settings).resolve_asset_graph().assets_defs
        rows = report(steps(assets, context.instance), prices)
        place = Path(context.instance.root_directory) / "reports" / "box_report.html"
        shown = {}
        try:
            place.parent.mkdir(exist_ok=True)
            aside = place.with_name(".box_report.new")
            aside.write_text(page(rows, prices), encoding="utf-8")
            os.replace(aside, place)
            shown["page"] = dg.MetadataValue.path(str(place))
        except OSError as problem:  # a container may have no place of its own; the table says the same
            context.log.warning(f"The page is not written: {problem}")
        measured = used()
        return dg.MaterializeResult(
            metadata={
                **shown,
                "boxes": dg.MetadataValue.md(markdown(rows)),
                "asked_gib": sum(row.asked.memory_gib for row in rows),
                "saved_gib": sum(row.saved_gib for row in rows),
                "kills": sum(row.kills for row in rows),
                **(measured.metadata() if measured else {}),
            }
        )

    return report_on_boxes


def reporting() -> "tuple[dg.UnresolvedAssetJobDefinition, dg.ScheduleDefinition]":
    """`box_report_job`, and its schedule: as often as its page says it is to be fresh."""
    job = dg.define_asset_job(
        "box_report_job",
        selection=dg.AssetSelection.assets(NAME),
        description="What each step asks for, uses and should ask for, by the history of runs.",
    )
    schedule = dg.ScheduleDefinition(
        name="box_report",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="At 03:00 UTC, when the daily run is over as a rule.",
    )
    return job, schedule
