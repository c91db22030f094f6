"""Running dbt on one model, in this process.

Belongs here: the call and what it found. Does not belong here: what the model reads (`run`), how its result
is published (`publish`).

dbt's own runner takes 0.3 s with the project parsed ahead; a `dbt` process takes 3 s to start, for each model.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field

from rs_assets.extending.dbt import DbtFolder

PARSED = "partial_parse.msgpack"
SILENT = ("--quiet", "--no-use-colors", "--no-send-anonymous-usage-stats", "--no-write-json")


@dataclass(frozen=True)
class Tested:
    """A dbt test on the staged rows: how many failed it, and dbt's message if it could not run."""

    name: str
    passed: bool
    failures: int
    message: str


@dataclass(frozen=True)
class Built:
    """What one invocation found. `error` is dbt's reason why there is nothing staged."""

    tests: list[Tested] = field(default_factory=list)
    error: str | None = None


def build(model: str, project: DbtFolder, run_file: str, scratch: str) -> Built:
    """`dbt build` on one model and its tests.

    Args:
        project: dbt's project, prepared (`manifest.prepare`).
        run_file: what the model reads and writes (`ModelRun.write`).
        scratch: a folder for what dbt itself writes.
    """
    from dbt.cli.main import dbtRunner

    os.makedirs(scratch, exist_ok=True)
    if (project.target / PARSED).exists():
        shutil.copy(project.target / PARSED, scratch)
    os.environ |= {"RS_DBT_RUN": run_file, "RS_DBT_PACKAGES": str(project.packages)}
    places = ["--project-dir", str(project.folder), "--profiles-dir", str(project.profiles)]
    places += ["--target-path", scratch, "--log-path", scratch]
    # By its file: a name alone stands for a folder's or a package's models as well.
    # "buildable": a test that compares with a child runs with the child, not before it exists.
    chosen = ["--select", f"file:{model}.sql", "--indirect-selection", "buildable"]
    try:
        done = dbtRunner().invoke([*SILENT, "build", *chosen, *places])
    finally:
        _forget_database()
    results = list(getattr(done.result, "results", []))
    tests = [
        Tested(
            name=str(each.node.name),
            passed=each.status.value in ("pass", "warn"),
            failures=int(each.failures or 0),
            message=str(each.message or ""),
        )
        for each in results
        if each.node.resource_type.value == "test"
    ]
    broken = [
        each for each in results if each.status.value == "error" and each.node.resource_type.value != "test"
    ]
    if broken:
        return Built(tests, str(broken[0].message).strip())
    if not done.success and not tests:
        return Built(tests, str(done.exception or "dbt gave no reason"))
    return Built(tests)


def _forget_database() -> None:
    """Close dbt's DuckDB, which would live on in this process: one that has spilled takes no other spill folder."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
