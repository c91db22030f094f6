"""The start page after runs that no person waits for: those of the schedules, and of the UI. Dagster concept: sensor.

Belongs here: seeing that a run has ended. Does not belong here: the page, or looking at what it tells (`cli.pages`).

It is no step of a run: it tells of the moment, so it is no object of the lake, and no run can fail of it. It calls
the command line as a process of its own, as a person would: nothing of what it reads stays in the sensors' process.
"""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from rs_assets.settings import Settings

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
PATIENCE = 45
"""Seconds for one page; Dagster gives a tick 60."""
HERE = ("in_process", "multiprocess")
"""Executors whose home is a folder that a person opens; that of a container goes with it."""


def start_page(settings: Settings) -> dg.SensorDefinition:
    """The sensor `start_page`: one page for however many runs have ended since it last looked."""

    @dg.sensor(
        name="start_page",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING
        if settings.executor in HERE
        else dg.DefaultSensorStatus.STOPPED,
        description="Writes the start page anew when a run has ended: `pages/<environment>/index.html` of RS_HOME.",
    )
    def renew(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        last = context.instance.get_run_records(
            dg.RunsFilter(statuses=ENDED), limit=1, order_by="update_timestamp"
        )
        if not last:
            return dg.SkipReason("No run has ended yet.")
        ended = last[0].end_time or last[0].update_timestamp.timestamp()
        path = Path(settings.start_page)
        if path.exists() and path.stat().st_mtime >= ended:
            return dg.SkipReason(f"{path} is newer than every run.")
        if context.cursor == str(ended):
            return dg.SkipReason("It could not be written after the last run; `rs-assets pages` says why.")
        try:
            problem = _written(settings)
        except subprocess.TimeoutExpired:
            return dg.SkipReason(
                f"The machine is busy: not written in {PATIENCE} s; the next tick tries again."
            )
        if problem:
            context.log.warning(f"The start page is not renewed: {problem}")
        said = "It could not be written." if problem else f"Written: {path}"
        return dg.SensorResult(skip_reason=dg.SkipReason(said), cursor=str(ended))

    return renew


def _written(settings: Settings) -> str | None:
    """Write it; what went wrong if something did."""
    env = {
        **os.environ,
        "RS_HOME": settings.home,
        "RS_RAW_LOG": settings.raw_log,
        "RS_LAKE": settings.lake,
        "RS_ENVIRONMENT": settings.environment,
        "DAGSTER_HOME": settings.dagster_home,
    }
    command = [sys.executable, "-m", "rs_assets.cli", "pages", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=PATIENCE)
    except OSError as problem:
        return str(problem)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else None
