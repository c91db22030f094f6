"""Sealing by the clock: yesterday's log date, once no collector writes to it any more. Dagster concepts: op, job.

Belongs here: the job and its schedule. Does not belong here: what a seal is, or when a log date is closed
(`rs_assets.log.seals`).

It calls the command line as a process of its own, as a person would: no module of the graph can write the raw log,
and this one neither.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from rs_assets.settings import Settings


@dataclass(frozen=True)
class Sealing:
    """The job and its schedule."""

    job: dg.JobDefinition
    schedule: dg.ScheduleDefinition


def sealing(settings: Settings) -> Sealing:
    """`seal_job`, at 00:20 UTC where it is switched on: a seal is for good, so nobody gets one unasked."""

    @dg.op(name="seal", description="`rs-assets seal`: every closed log date that has no seal yet.")
    def seal(context: dg.OpExecutionContext) -> None:
        env = {**os.environ, "RS_HOME": settings.home, "RS_RAW_LOG": settings.raw_log}
        command = [str(Path(sys.executable).with_name("rs-assets")), "seal", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        said: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
        for one in said.get("sealed", ()):
            context.log.info(f"sealed {one['log_date']}: {one['segments']} segments, {one['lines']} lines")
        context.add_output_metadata(
            {
                "sealed": [one["log_date"] for one in said.get("sealed", ())],
                "head": (said.get("head") or {}).get("digest", "none"),
            }
        )
        if waiting := said.get("waiting"):
            raise dg.Failure(
                f"Not sealed from {waiting[0]['log_date']} on: {waiting[0]['place']} holds lines that are in no "
                "segment yet. Start a collector, which takes it up, and run this job again."
            )
        if done.returncode:
            raise dg.Failure(done.stderr.strip())

    # In the process of the run, whatever RS_EXECUTOR says: a step's container cannot write the raw log.
    @dg.job(
        name="seal_job",
        description="Seal every closed log date that has no seal yet.",
        executor_def=dg.in_process_executor,
    )
    def seal_job() -> None:
        seal()

    schedule = dg.ScheduleDefinition(
        name="seal",
        job=seal_job,
        cron_schedule="20 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="At 00:20 UTC, when no request of yesterday is under way any more, and before the daily run.",
    )
    return Sealing(seal_job, schedule)
