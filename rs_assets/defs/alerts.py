"""alerts: what fires on each log date, as a table and as checks. Dagster concepts: asset, asset checks.

Belongs here: the declaration. Does not belong here: rules, what is said, delivery (`rs_assets.alerts`), how it shows
(`alert_checks`), sensors (`alert_sensors`). URLs hold secrets, so settings come by the closure and not by a resource,
whose configuration the UI shows.

Nothing here can fail a run: trouble with alerts is a failed check.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.defs import alert_checks
from rs_assets.defs.code_version import code_version
from rs_assets.defs.lineage import stage
from rs_assets.defs.partitions import SINGLE_RUN
from rs_assets.defs.previews import columns
from rs_assets.defs.publishing import announce, materialized, publish
from rs_assets.defs.resources import LakeResource, LogResource
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.alerts import Delivered, Desk, Published, Rules
    from rs_assets.lake.records import Record

BOX = Box(cpu=1, memory_gib=2)


def alerts(partitions: dg.PartitionsDefinition, settings: Settings) -> dg.AssetsDefinition:
    """The asset `alerts`, with a check a rule."""

    @dg.asset(
        name="alerts",
        deps=["valid_events", "quarantined_events"],
        partitions_def=partitions,
        backfill_policy=SINGLE_RUN,
        group_name="events",
        code_version=code_version(
            "alerts",
            "alerts/defaults.toml",
            "log/seals",
            "contract/report/scrub.py",
            "visible.py",
            "lake/tables.py",
            libraries=("polars",),
            more=_text(settings.alert_rules),
        ),
        kinds={"polars", "parquet"},
        op_tags=BOX.op_tags(),
        output_required=False,  # of a failure to evaluate, checks remain
        check_specs=alert_checks.specs(),
    )
    def evaluate(context: dg.AssetExecutionContext, log: LogResource, lake: LakeResource) -> Iterator[Any]:
        """What fires on the log date: too much in quarantine, or new there; a site that fell silent."""
        dates = list(context.partition_keys)
        found: Published | None = None
        delivered: Delivered | None = None
        records: dict[str, Record] = {}
        try:
            from rs_assets.alerts import ASSET, load_rules_or_defaults, publish_alerts

            rules, trouble = load_rules_or_defaults(settings.alert_rules)
            with stage(context, lake) as staged:
                found = publish_alerts(staged, log.open(), rules, dates, announce(context, ASSET, dates))
                records = publish(context, staged)[ASSET]
            desk = desk_of(settings, rules)
            for notice in desk.settle(found.evaluations.values(), found.newest):
                context.log.warning(f"{notice.title} {notice.alert.place} {notice.alert.command}")
            delivered = desk.deliver()
        except Exception as problem:  # alerts never stop data, whatever happens to them
            context.log.exception("Alerts could not be evaluated, or noted.")
            trouble = f"{type(problem).__name__}: {problem}"
        if found is not None:
            schema = columns("alerts", lake.open().object("alerts", dates[-1]))
            yield materialized(context, "alerts", records, schema, _by_date(found))
        yield from alert_checks.results(found, delivered, trouble, dates)

    return evaluate


def desk_of(settings: Settings, rules: "Rules") -> "Desk":
    """The desk of the environment."""
    from rs_assets.alerts import Desk, Ledger

    ledger = Ledger(f"{settings.home}/alerts", settings.environment)
    return Desk(ledger, rules, settings.environment, settings.alert_urls)


def _by_date(found: "Published") -> dict[str, dict[str, object]]:
    return {
        log_date: {
            "firing": len(done.alerts),
            **({"alerts": alert_checks.alerts_table(done.alerts)} if done.alerts else {}),
        }
        for log_date, done in found.evaluations.items()
    }


def _text(rules: str | None) -> str:
    """The file of rules; one that cannot be read is reported where it is used."""
    try:
        return Path(rules).read_text(errors="replace") if rules else ""
    except OSError:
        return ""
