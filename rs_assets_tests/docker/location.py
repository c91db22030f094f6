"""A code location of tests only: assets that misbehave in their containers.

`python -m rs_assets_tests.docker.location JOB` runs a job and prints its events.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg

from rs_assets.compute import Box
from rs_assets.compute.docker import docker_executor

MIB = 2**20
SMALL = Box(cpu=1, memory_gib=0.25)


def take(mib: int) -> int:
    """Take memory, and use it."""
    return len(bytearray(os.urandom(MIB)) * mib)


@dg.asset(op_tags=SMALL.op_tags())
def modest() -> None:
    """Needs little."""


@dg.asset(op_tags=SMALL.op_tags())
def greedy() -> dg.MaterializeResult:
    """Needs more than it asked for."""
    return dg.MaterializeResult(metadata={"mib": take(256) // MIB})


@dg.asset(op_tags=Box(memory_gib=0.25, retry_memory_factor=1).op_tags())
def insatiable() -> None:
    """Needs more than it asked for, and is not to get it."""
    take(256)


@dg.asset(op_tags=SMALL.op_tags())
def parent() -> dg.MaterializeResult:
    """Has a process that needs more than it asked for."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(1) as pool:
        return dg.MaterializeResult(metadata={"mib": pool.submit(take, 256).result() // MIB})


@dg.asset(op_tags=SMALL.op_tags())
def wrong() -> None:
    """Fails for a reason of its own."""
    raise ValueError("two and two are five")


@dg.asset(op_tags=Box(cpu=2, memory_gib=0.5).op_tags())
def sleeper() -> None:
    """Goes on until somebody stops it."""
    time.sleep(600)


@dg.asset(op_tags=SMALL.op_tags())
def intruder() -> dg.MaterializeResult:
    """Tries what a step must not do, and tells what came of it."""
    raw, lake = Path(os.environ["RS_RAW_LOG"]), Path(os.environ["RS_LAKE"])
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return dg.MaterializeResult(
        metadata={
            "append to the raw log": _tried(lambda: next(raw.rglob("*.ndjson")).open("a").write("{}")),
            "add to the raw log": _tried(lambda: (raw / "new").write_text("x")),
            "remove from the raw log": _tried(lambda: next(raw.rglob("*.ndjson")).unlink()),
            "read the raw log": _tried(lambda: next(raw.rglob("*.ndjson")).read_text()),
            "write the root": _tried(lambda: Path("/opt/x").write_text("x")),
            "write the lake": _tried(lambda: (lake / "x").write_text("x")),
            "write /tmp": _tried(lambda: Path("/tmp/x").write_text("x")),
            "talk to Docker": _tried(lambda: Path("/var/run/docker.sock").stat()),
            "reach the network": _tried(lambda: socket.create_connection(("192.0.2.1", 80), timeout=2)),
            "uid": status["Uid"].split()[1],
            "gid": status["Gid"].split()[1],
            "groups": status["Groups"].strip(),
            "capabilities": status["CapBnd"],
            "no new privileges": status["NoNewPrivs"],
            "interfaces": ",".join(name for _, name in socket.if_nameindex()),
            "secret": os.environ.get("SECRET", "none"),
        }
    )


def _tried(what: Any) -> str:
    try:
        what()
    except OSError as refused:
        return type(refused).__name__
    return "done"


@dg.asset(deps=[modest], op_tags=SMALL.op_tags())
def second() -> None:
    """Comes after `modest`."""


@dg.asset(deps=[second], op_tags=SMALL.op_tags())
def third() -> None:
    """Comes after `second`."""


ASSETS = [modest, greedy, insatiable, parent, wrong, sleeper, intruder, second, third]
EXECUTORS = {"docker": docker_executor, "multiprocess": dg.multiprocess_executor}
JOBS = {asset.op.name: [asset.key] for asset in ASSETS} | {"three": [modest.key, second.key, third.key]}

defs = dg.Definitions(
    assets=ASSETS,
    jobs=[dg.define_asset_job(f"{name}_job", keys) for name, keys in JOBS.items()],
    executor=EXECUTORS[os.environ.get("RS_EXECUTOR", "docker")],
)


def job() -> dg.JobDefinition:
    """The job that LOCATION_JOB names."""
    return defs.resolve_job_def(f"{os.environ['LOCATION_JOB']}_job")


def main() -> None:
    """Run one job, and print what happened."""
    from rs_assets_tests.docker import location  # not __main__: steps import it by its name

    os.environ["LOCATION_JOB"] = sys.argv[1]
    os.environ["RS_DOCKER_ENV"] = os.environ.get("RS_DOCKER_ENV", "") + ",LOCATION_JOB"
    config = Path(os.environ["DAGSTER_HOME"], "dagster.yaml")
    if not config.exists():
        config.write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.get() as on:
        done = dg.execute_job(dg.reconstructable(location.job), instance=on, raise_on_error=False)
        print(json.dumps([told(event) for event in done.all_events]))


def told(event: dg.DagsterEvent) -> dict[str, Any]:
    """An event as tests look at it."""
    data: Any = event.event_specific_data
    said = {"type": event.event_type_value, "step": event.step_key, "message": event.message}
    if event.is_step_failure and data.user_failure_data:
        said["told"] = data.user_failure_data.description
    if event.is_step_failure or event.is_step_up_for_retry:
        said["error"] = data.error.message
    if event.is_step_materialization:
        metadata = data.materialization.metadata
        said["metadata"] = {name: value.value for name, value in metadata.items()}
    return said


if __name__ == "__main__":
    main()
