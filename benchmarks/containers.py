"""What containers cost: a run of three steps in containers, against the same run in processes.

Both runs are started in one launcher's container, of the image that steps run in too, and take turns. What counts is
a run's own time, from its start to its end in the event log. The steps come one after another:

- trivial: three assets that do nothing, by Dagster's `multiprocess_executor` as it comes;
- graph: `split`, `session_events` and `sessions` over one log date, by this project's, whose steps are forked from
  a server that has loaded everything.

    python -m benchmarks.containers --runs 3        needs Docker, see docs/containers.md
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Callable

from rs_assets_tests.docker.engine import engine, image
from rs_assets_tests.docker.place import Place, place

EXECUTORS = ("multiprocess", "docker")
DATE = "2024-01-06"
ASSETS = ("valid_events", "quarantined_events", "session_events", "sessions")
LAST_RUN = """
import dagster as dg
run = dg.DagsterInstance.get().get_run_records(limit=1)[0]
assert run.dagster_run.status is dg.DagsterRunStatus.SUCCESS, run
print(run.end_time - run.start_time)
"""


def trivial(home: Place, executor: str) -> None:
    _done(home.run("python", "-m", "rs_assets_tests.docker.location", "three", RS_EXECUTOR=executor))


def graph(home: Place, executor: str) -> None:
    only = [word for asset in ASSETS for word in ("--only", asset)]
    _done(home.run("rs-assets", "replay", "--from", DATE, "--to", DATE, "--executor", executor, *only))


def measure(home: Place, run: Callable[[Place, str], None], runs: int) -> dict[str, float]:
    """Seconds of the median run, by executor."""
    seconds: dict[str, list[float]] = {executor: [] for executor in EXECUTORS}
    for _ in range(runs):
        for executor in EXECUTORS:
            run(home, executor)
            seconds[executor].append(float(_done(home.run("python", "-c", LAST_RUN)).splitlines()[-1]))
    return {executor: statistics.median(taken) for executor, taken in seconds.items()}


def _done(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="of each kind")
    parser.add_argument("--events", type=int, default=200_000, help="of the log date")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {}
    with engine(), place(image()) as home:
        size = ["--start", DATE, "--days", "1", "--events", str(asked.events)]
        _done(home.run("rs-assets", "generate", *size))
        for what in (trivial, graph):
            taken = measure(home, what, asked.runs)
            found[what.__name__] = {**taken, "ratio": taken["docker"] / taken["multiprocess"]}
    if asked.json:
        print(json.dumps(found))
        return
    print(f"Three steps, one after another, the median of {asked.runs} runs; {os.cpu_count()} cores")
    for name, one in found.items():
        print(
            f"{name:8} multiprocess {one['multiprocess']:5.1f} s   docker {one['docker']:5.1f} s   "
            f"ratio {one['ratio']:.2f}"
        )


if __name__ == "__main__":
    main()
