"""quarantine_report: what is in quarantine, a page a log date. Dagster concepts: asset, Markdown metadata.

Belongs here: the declaration, and what the UI shows of a report. Does not belong here: the report
(`contract/report`). It reads the log dates before its own as well; its dependencies are on the same date
(`partitions` says why).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource

if TYPE_CHECKING:
    from rs_assets.contract.report.dated import Dated

BOX = Box(cpu=1, memory_gib=1)


def quarantine_report(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset `quarantine_report`."""

    @dg.asset(
        name="quarantine_report",
        deps=["quarantined_events", "valid_events"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name="events",
        code_version=code_version(
            "contract/report",
            "pages",
            "contract/codes.py",
            "drawing.py",
            "lake/tables.py",
            libraries=("duckdb", "matplotlib", "polars"),
        ),
        kinds={"duckdb", "html"},
        op_tags=BOX.op_tags(),
    )
    def report(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult:
        """What is in quarantine, why, and where: a table and an HTML page, against the seven log dates before."""
        from rs_assets.contract.report.publish import PAGE, REPORT, publish_report

        dates = list(context.partition_keys)
        with stage(context, lake) as staged:
            told = announce(context, REPORT, dates)
            published = publish_report(staged, dates, settings=BOX.duckdb_settings, on_date=told)
            records = publish(context, staged)
        place = lake.open()
        by_date = {d: _shown(done.dated, place.place(REPORT, d, PAGE)) for d, done in published.items()}
        if last := published.get(dates[-1]):
            by_date[dates[-1]] |= _plot(last.dated)
        return materialized(
            context, REPORT, records[REPORT], columns(REPORT, place.object(REPORT, dates[-1])), by_date
        )

    return report


def _shown(dated: "Dated", page: str) -> dict[str, object]:
    """A log date's numbers and tables."""
    from rs_assets.contract.report.markdown import by_event_name, by_reason, by_site

    rates: Mapping[str, float | None] = {
        "quarantine_rate": dated.day.rate,
        "quarantine_rate_before": dated.rate_before,
    }
    return {
        "page": dg.MetadataValue.path(page),
        "events": dated.day.events,
        "quarantined": dated.day.quarantined,
        **{name: value for name, value in rates.items() if value is not None},
        "by_reason": dg.MetadataValue.md(by_reason(dated)),
        "by_site": dg.MetadataValue.md(by_site(dated)),
        "by_event_name": dg.MetadataValue.md(by_event_name(dated)),
    }


def _plot(dated: "Dated") -> dict[str, object]:
    """Counts by log date; for the last date of a run, since the event store holds it."""
    from rs_assets.contract.report.plot import by_log_date
    from rs_assets.drawing import as_markdown

    shown = as_markdown(by_log_date(dated.week.by_log_date), "Quarantined events by log date")
    return {"by_log_date": dg.MetadataValue.md(shown)}
