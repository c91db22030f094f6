"""The history of what steps used, out of Dagster's event log. Dagster concepts: instance, event records.

Belongs here: reading it, and which declaration is which step's. Does not belong here: what follows from it
(`compute.report`). There is no store beside Dagster's own, so what is deleted there is forgotten here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import dagster as dg
from dagster import DagsterEventType

from rs_assets.compute.box import Box
from rs_assets.compute.declarations import Declaration, in_python, in_yaml
from rs_assets.compute.report import Step, Use
from rs_assets.compute.usage import PREFIX
from rs_assets.errors import UserError
from rs_assets.extending import Table, declared
from rs_assets.extending.dbt import dbt_folders

MATERIALIZATIONS = 400
"""The newest of an asset that are looked at: a run over many log dates has one for each."""
RUNS = 200
"""The newest that are looked at for kills."""
ENDINGS = {DagsterEventType.STEP_FAILURE, DagsterEventType.STEP_UP_FOR_RETRY}

KILLED = re.compile(r"OutOfMemory|exit code 137")
"""How a container that was killed at its limit is told of: by our executor for Docker, and by ECS's. Kubernetes' says
only that a job failed, and a child process that somebody kills has no limit of its own, so neither counts."""
TOLD = re.compile(r"needs more than its ([\d.]+) GiB")


def steps(assets: Iterable[dg.AssetsDefinition], on: dg.DagsterInstance) -> list[Step]:
    """Every step that makes assets, with what is known of its runs, in the order of their names."""
    kills = _kills(on)
    return [
        Step(
            name=made.op.name,
            assets=tuple(sorted(key.to_user_string() for key in made.keys)),
            box=(box := Box.of_tags(made.op.tags)),
            uses=_uses(on, min(made.keys)),
            kills=tuple(limit or box.memory_mib for limit in kills.get(made.op.name, ())),
        )
        for made in _made(assets)
    ]


def declarations(assets: Iterable[dg.AssetsDefinition]) -> Iterator[tuple[str, Declaration]]:
    """Each step's name, and where its box is declared; a company's table says its own by `@table(box=…)`.

    Raises:
        UserError: one is declared in a form that cannot be changed.
    """
    tables = {table.name for table in declared("tables", Table)}
    for made in _made(assets):
        name = made.op.name
        if name.startswith("dbt_"):
            yield name, _of_model(name.removeprefix("dbt_"))
            continue
        if name in tables:
            continue
        function = inspect.unwrap(made.op.compute_fn.decorated_fn)  # type: ignore[union-attr]
        path = inspect.getsourcefile(function)
        assert path is not None  # every asset is declared in a file of this package
        yield name, in_python(Path(path), function.__code__.co_firstlineno)


def _of_model(model: str) -> Declaration:
    """Where a dbt model's box is, in whichever file of whichever project."""
    for folder in dbt_folders(""):  # what is made of them is not looked at
        for path in folder.files("yml"):
            with suppress(UserError):
                return in_yaml(path, model)
    raise UserError(
        f"The dbt model {model} has no box in its meta.", "Write one: `meta: {box: {cpu: 1, memory_gib: 2}}`."
    )


def _made(assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    found = (one for one in assets if one.keys and one.is_materializable and one.is_executable)
    return sorted(found, key=lambda made: made.op.name)


def _uses(on: dg.DagsterInstance, key: dg.AssetKey) -> tuple[Use, ...]:
    runs: dict[str, Use] = {}
    for record in on.fetch_materializations(key, limit=MATERIALIZATIONS).records:
        said = record.asset_materialization
        if record.run_id in runs or said is None:
            continue
        figures = {
            name.removeprefix(PREFIX): value.value
            for name, value in said.metadata.items()
            if name.startswith(PREFIX)
        }
        memory, cpu, wall = (figures.get(name) for name in ("memory_mib", "cpu_seconds", "wall_seconds"))
        if isinstance(memory, float) and isinstance(cpu, float) and isinstance(wall, float):
            runs[record.run_id] = Use(record.run_id, memory, cpu, wall)
    return tuple(runs.values())


def _kills(on: dg.DagsterInstance) -> dict[str, Sequence[int | None]]:
    """Steps that were killed for memory, and at which limits in MiB where that was told."""
    found: dict[str, list[int | None]] = {}
    for run in on.get_runs(limit=RUNS):
        for record in on.get_records_for_run(run.run_id, of_type=ENDINGS).records:
            entry = record.event_log_entry
            said = f"{entry.user_message}\n{entry.dagster_event.event_specific_data if entry.dagster_event else ''}"
            if entry.step_key and KILLED.search(said):
                told = TOLD.search(said)
                found.setdefault(entry.step_key, []).append(round(float(told[1]) * 1024) if told else None)
    return dict(found)
