"""Sensors that see to alerts: what waits is sent again; what only the clock or a run's end can tell is said.

Dagster concepts: sensor, run failure sensor. Belongs here: looking at runs and at the clock. Does not belong here:
the asset and its checks (`alerts`), what is said (`rs_assets.alerts`).
"""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.defs.alert_checks import fired, redelivered
from rs_assets.defs.alerts import desk_of
from rs_assets.defs.jobs import RANGE_END, RANGE_START
from rs_assets.defs.launch import failure_message
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.alerts import Alert, Desk, Rules


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Delivery of what waits, and of what only the clock or a run's end can tell."""

    @dg.sensor(
        name="alert_delivery",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends alerts that could not be delivered again, and says when a log date is late.",
    )
    def deliver(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from rs_assets.alerts import load_rules_or_defaults

        rules, _ = load_rules_or_defaults(settings.alert_rules)
        desk = desk_of(settings, rules)
        events = [fired("log_date_missing", [a], a.log_date) for a in _late(desk, settings, rules)]
        _end_failures(desk, context.instance)
        done = desk.deliver()
        if done.sent or done.waiting != int(context.cursor or 0):
            events += redelivered(done)
        if not events:
            return dg.SkipReason(f"{done.waiting} alerts wait." if done.waiting else "No alert waits.")
        return dg.SensorResult(asset_events=events, cursor=str(done.waiting))

    @dg.run_failure_sensor(
        name="alert_run_failures",
        monitor_all_code_locations=True,  # a run of `rs-assets replay` tells no location, and would not be seen
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Alerts when a run fails, and when what failed is conservation.",
    )
    def run_failures(context: dg.RunFailureSensorContext) -> None:
        from rs_assets.alerts import load_rules_or_defaults

        rules, _ = load_rules_or_defaults(settings.alert_rules)
        desk = desk_of(settings, rules)
        for notice in [said for alert in _failed(context) for said in desk.tell(alert)]:
            context.log.warning(f"{notice.title} {notice.alert.sample}")
        desk.deliver()

    return [deliver, run_failures]


def _late(desk: "Desk", settings: Settings, rules: "Rules") -> "list[Alert]":
    """The newest log date that should be there, if it is not and that was not said yet. Here is the clock."""
    from rs_assets.alerts import late
    from rs_assets.lake import Lake

    due = dt.datetime.now(dt.UTC) - dt.timedelta(days=1, hours=rules.log_date_missing.late_after_hours)
    published = Lake(settings.lake, settings.environment).log_dates("valid_events")
    alert = late(rules, published, due.date().isoformat())
    return [notice.alert for notice in desk.tell(alert)] if alert else []


def _end_failures(desk: "Desk", instance: dg.DagsterInstance) -> None:
    """Say of jobs whose last run succeeded that their failure is over."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    for fingerprint, since in desk.firing().items():
        rule, _, job = fingerprint.partition("/")
        if rule == "run_failed":
            last = instance.get_runs(dg.RunsFilter(job_name=job, statuses=ended), limit=1)
            if last and last[0].status == dg.DagsterRunStatus.SUCCESS:
                desk.end(fingerprint, since)


def _failed(context: dg.RunFailureSensorContext) -> "Iterator[Alert]":
    from rs_assets.alerts import conservation_broken, run_failed

    run = context.dagster_run
    first, last = run.tags.get(RANGE_START), run.tags.get(RANGE_END)
    one = run.tags.get("dagster/partition") or _began(context)
    log_dates = f"{first}..{last}" if first and last and first != last else first or one
    failures = {str(event.step_key): failure_message(event) for event in context.get_step_failure_events()}
    yield run_failed(
        run.job_name, log_dates, run.run_id, failures or {"": context.failure_event.message or ""}
    )
    for event in context.get_step_failure_events():
        error = event.step_failure_data.error
        while error is not None and error.cls_name != "ConservationError":
            error = error.cause
        if error is not None:
            yield conservation_broken(failure_message(event), log_dates)


def _began(context: dg.RunFailureSensorContext) -> str:
    """The UTC day on which a run of no log date began."""
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    return record.create_timestamp.date().isoformat() if record else "no log date"
