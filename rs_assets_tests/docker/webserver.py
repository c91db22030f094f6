"""What a person does in the UI, in a launcher's container: launch a run, see its step at work, terminate it.

It prints the run's last status and what containers it had while it ran and has after it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import docker
from dagster_graphql import DagsterGraphQLClient

YAML = """
telemetry: {enabled: false}
run_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}
"""
PORT = 3999
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def until(what: Callable[[], object], seconds: float = 90) -> None:
    """Wait for something to be so; what is not there yet may refuse."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return
        except Exception as problem:
            print(f"not yet: {problem}", file=sys.stderr)
        time.sleep(0.5)
    raise TimeoutError


def main() -> None:
    Path(os.environ["DAGSTER_HOME"], "dagster.yaml").write_text(YAML)
    command = ["dagster-webserver", "-m", "rs_assets_tests.docker.location", "-p", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    on, engine = dg.DagsterInstance.get(), docker.from_env()
    until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{PORT}/server_info", timeout=2))
    ui = DagsterGraphQLClient("127.0.0.1", port_number=PORT)
    run = ui.submit_job_execution("sleeper_job")

    def containers() -> list[str]:
        return [
            one.name for one in engine.containers.list(all=True, filters={"label": f"rs_assets.run={run}"})
        ]

    until(lambda: any(e.dagster_event and e.dagster_event.is_step_start for e in on.all_logs(run)))
    before = containers()
    ui.terminate_run(run)
    until(lambda: ui.get_run_status(run) in OVER)
    until(lambda: not containers(), 30)
    print(json.dumps({"status": ui.get_run_status(run).value, "before": before, "after": containers()}))
    server.terminate()


if __name__ == "__main__":
    main()
