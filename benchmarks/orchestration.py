"""What Dagster itself takes of a long replay: seconds and share of wall time.

One run of `replay_job` over many log dates, in this process. Ours is the time inside the stage of each step, where
the work is done, and the drawing of its plots; what a step tells Dagster meanwhile (a log line a log date) is not.
Everything else of the run is Dagster's: events, checks, metadata, start and end of steps.

    make orchestration                366 log dates of 1,000 events
    python -m benchmarks.orchestration --dates 366 --events 100000      a log date
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FAULTS = "EVENT_UNKNOWN,FIELD_MISSING,TYPE_MISMATCH,DUPLICATE"


class Clock:
    """Adds up the time between `start` and `stop`, but for that between `pause` and `go_on`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since: float | None = None

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        if self._since is not None:
            self.seconds += time.perf_counter() - self._since
        self._since = None


def watched(clock: Clock) -> None:
    """Have the clock run inside of stages, and stand while Dagster is told something."""
    from rs_assets import drawing
    from rs_assets.contract.report import plot
    from rs_assets.defs import publishing
    from rs_assets.lake.stage import Stage
    from rs_assets.models import plots

    enter, leave = Stage.__enter__, Stage.__exit__

    def entering(stage: Stage) -> Stage:
        clock.start()
        return enter(stage)

    def leaving(stage: Stage, *error: Any) -> None:
        leave(stage, *error)
        clock.stop()

    Stage.__enter__, Stage.__exit__ = entering, leaving  # type: ignore[method-assign]
    drawn = drawing.figure

    @contextmanager
    def drawing_ours() -> Iterator[Any]:
        clock.start()
        with drawn() as axes:
            yield axes
        clock.stop()

    for module in (plot, plots):
        module.figure = drawing_ours  # type: ignore[attr-defined]
    announce = publishing.announce

    def announcing(context: Any, asset: str, dates: list[str]) -> Any:
        tell = announce(context, asset, dates)

        def told(log_date: str) -> None:
            clock.stop()
            tell(log_date)
            clock.start()

        return told

    for name in ("events", "dbt", "models", "alerts", "quarantine_report", "site_shapes"):
        sys.modules[f"rs_assets.defs.{name}"].announce = announcing  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dates", type=int, default=366)
    parser.add_argument("--events", type=int, default=1_000, help="a log date")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"RS_HOME": home, "RS_EXECUTOR": "in_process"}
        days, events = str(asked.dates), str(asked.dates * asked.events)
        generate = ["generate", "--days", days, "--events", events, "--faults", FAULTS]
        subprocess.run(
            [sys.executable, "-m", "rs_assets.cli", *generate], check=True, stdout=subprocess.DEVNULL
        )
        from rs_assets.extending.dbt import our_dbt
        from rs_assets.replay import plan
        from rs_assets.settings import Settings
        from rs_assets.transform.manifest import prepare

        prepare(our_dbt(home))
        settings = Settings.from_env()
        import datetime as dt

        from rs_assets.defs import launch
        from rs_assets.log import RawLog

        on = launch.instance(settings)
        runs = plan(RawLog(settings.raw_log), None, None, dt.datetime.now(dt.UTC).date())
        clock = Clock()
        job = launch.replay_job()
        watched(clock)
        wall = 0.0
        for dates in runs:
            start = time.perf_counter()
            tags = {launch.RANGE_START: dates[0], launch.RANGE_END: dates[-1]}
            done = job.execute_in_process(instance=on, tags=tags, run_config=launch.QUIET)
            assert done.success
            wall += time.perf_counter() - start
            own = wall - clock.seconds
            print(
                f"up to {dates[-1]}: {wall:.1f} s, of which Dagster {own:.1f} s, {own / wall:.1%}", flush=True
            )
        own = wall - clock.seconds
        print(
            f"{own / asked.dates * 1000:.0f} ms a log date of Dagster's own, {own / wall:.1%} of {wall:.0f} s"
        )


if __name__ == "__main__":
    main()
