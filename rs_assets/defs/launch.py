"""Running jobs from the command line, with their progress. Dagster concepts: instance, run, event log.

Belongs here: launching and watching. Does not belong here: what a job does, how progress is drawn.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from rs_assets.defs.jobs import RANGE_END, RANGE_START
from rs_assets.defs.lineage import REUSE
from rs_assets.errors import UserError
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.lake.lineage import Lineage
    from rs_assets.lake.records import Record

INSTANCE_YAML = Path(__file__).parents[2] / "deploy" / "dagster.yaml"
TOKEN = "rs_assets/launch"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
POLL_SECONDS = 0.3


@dataclass
class RunProgress:
    """How far a run is.

    Attributes:
        steps: all of them; an asset is one, but for the split.
        done: steps finished.
        doing: what the steps under way last said, `sessions: 2024-01-03 (3 of 14)`.
        failures: what went wrong, a message each.
    """

    steps: int = 0
    done: int = 0
    doing: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def instance(settings: Settings) -> dg.DagsterInstance:
    """Dagster's instance, made ready on first use."""
    home = Path(settings.dagster_home)
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(INSTANCE_YAML, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()


def replay_job() -> dg.JobDefinition:
    """`replay_job`, as step processes load it."""
    from rs_assets.definitions import defs  # built from the environment, which step processes inherit

    return defs.resolve_job_def("replay_job")


def assets() -> frozenset[str]:
    """The names of all that `replay_job` makes."""
    return frozenset(key.to_user_string() for key in replay_job().asset_layer.executable_asset_keys)


def observe(settings: Settings, on: dg.DagsterInstance) -> None:
    """Record which log dates the raw log has, and their digests."""
    from rs_assets.definitions import build_defs

    defs = build_defs(settings)
    job = defs.resolve_job_def("observe_job")
    result = job.execute_in_process(instance=on, run_config=QUIET, raise_on_error=False)
    if not result.success:
        failed = [event for event in result.all_events if event.is_step_failure]
        raise UserError("The raw log could not be observed.", failure_message(failed[0]) if failed else "")


def replay(
    on: dg.DagsterInstance,
    log_dates: Sequence[str],
    only: Sequence[str],
    follow: Callable[[RunProgress], None],
    *,
    reuse: bool = False,
) -> RunProgress:
    """One range-tagged run of `replay_job`, followed to its end.

    Args:
        on: the instance.
        log_dates: consecutive.
        only: assets to materialize; all by default.
        follow: called as the run goes on.
        reuse: whether steps keep objects that follow from what they would follow from now.

    Raises:
        UserError: an asset of `only` is not in the graph.
    """
    known = assets()
    if unknown := sorted(set(only) - known):
        raise UserError(f"There is no asset {unknown[0]!r}.", f"The graph has {', '.join(sorted(known))}.")
    token = uuid.uuid4().hex
    watcher = _Watcher(on, token, follow)
    with watcher:
        result = dg.execute_job(
            dg.reconstructable(replay_job),
            instance=on,
            run_config=QUIET,
            tags={
                RANGE_START: log_dates[0],
                RANGE_END: log_dates[-1],
                TOKEN: token,
                **({REUSE: "true"} if reuse else {}),
            },
            asset_selection=[dg.AssetKey(name) for name in only] or None,
            raise_on_error=False,
        )
    if not result.success and not watcher.progress.failures:
        watcher.progress.failures.append("The run failed; `make ui` shows its log.")
    return watcher.progress


def lineage(settings: Settings) -> Lineage:
    """Where every object of the graph comes from, by its code as it is now; to judge by, not to make any."""
    from rs_assets.definitions import build_defs
    from rs_assets.defs.lineage import code_versions
    from rs_assets.defs.lineage import lineage as gather
    from rs_assets.defs.resources import lake_of

    found = gather(code_versions(build_defs(settings)), lake_of(settings))
    found.lenient = True
    return found


def tell_published(on: dg.DagsterInstance, records: Iterable[Record], by: str) -> Iterator[Record]:
    """Record objects that no run of this instance made as materializations, so that the UI shows them.

    Args:
        on: the instance of the environment that has them now.
        records: of the objects.
        by: what put them there.
    """
    for record in records:
        on.report_runless_asset_event(
            dg.AssetMaterialization(
                record.asset,
                description=by,
                partition=record.log_date,
                metadata={"digest": record.digest, "dagster/partition_row_count": record.rows},
                tags={"dagster/data_version": record.digest, "dagster/code_version": record.origin.code},
            )
        )
        yield record


class _Watcher:
    """Reads the event log of the run with a given tag, in a thread beside it."""

    def __init__(self, on: dg.DagsterInstance, token: str, follow: Callable[[RunProgress], None]) -> None:
        self.progress = RunProgress()
        self._on, self._token, self._follow = on, token, follow
        self._cursor: str | None = None
        self._run_id: str | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        if self._run_id is None:
            runs = self._on.get_runs(filters=dg.RunsFilter(tags={TOKEN: self._token}), limit=1)
            if not runs:
                return
            self._run_id = runs[0].run_id
            self.progress.steps = len(runs[0].step_keys_to_execute or ())
        found = self._on.get_records_for_run(self._run_id, cursor=self._cursor)
        self._cursor = found.cursor
        for record in found.records:
            self._take(record.event_log_entry)
        if found.records:
            self._follow(self.progress)

    def _take(self, entry: dg.EventLogEntry) -> None:
        event, step = entry.dagster_event, entry.step_key
        if event is None:
            if step and ": " in entry.user_message and entry.user_message.endswith(")"):
                self.progress.doing[step] = entry.user_message
        elif event.is_step_start and step:
            self.progress.doing[step] = step.removeprefix("dbt_")
        elif event.is_step_success or event.is_step_failure:
            self.progress.done += 1
            self.progress.doing.pop(step or "", None)
            if event.is_step_failure:
                self.progress.failures.append(f"{step}: {failure_message(event)}")


def failure_message(event: dg.DagsterEvent) -> str:
    """What a failed step says to a person: the innermost message, without the stack."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip().partition(": ")[2] or error.message.strip() if error else "no message"
