"""dbt's manifest, which the graph is made from: prepared ahead, since parsing takes seconds.

Belongs here: preparing it again when the project has changed, and beside it where each model's columns come from.
Does not belong here: where they are kept (`extending.dbt`), tracing a query (`columns`).

`python -m rs_assets.transform.manifest` prepares those of all projects in RS_HOME.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from rs_assets.errors import UserError
from rs_assets.extending.dbt import DbtFolder, Lineages, dbt_folders


def is_fresh(project: DbtFolder) -> bool:
    """Whether the manifest is newer than every file of the project that it tells of, and the lineage is there."""
    if not project.manifest.exists() or not project.lineage.exists():
        return False
    made = project.manifest.stat().st_mtime_ns
    folders = filter(None, (project.folder, project.base))
    sources = (path for folder in folders for ending in ("*.sql", "*.yml") for path in folder.rglob(ending))
    return all(path.stat().st_mtime_ns <= made for path in sources)


def prepare(project: DbtFolder) -> None:
    """Have dbt parse and compile the project, and trace its models' columns.

    Raises:
        UserError: dbt cannot do it; what it says is told.
    """
    folder, target = project.folder, project.target
    target.mkdir(parents=True, exist_ok=True)
    nothing = target / "nothing.ndjson"  # what a model reads, while nothing is to be read
    nothing.write_text("")
    _link(project)
    places = ["--project-dir", str(folder), "--profiles-dir", str(project.profiles)]
    places += ["--target-path", str(target), "--log-path", str(target / "logs")]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dbt.cli.main",
            "--quiet",
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "compile",
            "--select",
            "resource_type:model",
            *places,
        ],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "DO_NOT_TRACK": "1",
            "RS_DBT_RUN": str(nothing),
            "RS_DBT_PACKAGES": str(project.packages),
        },
    )
    if done.returncode != 0:
        raise UserError(
            f"dbt cannot compile {folder}:\n{(done.stdout + done.stderr).strip()}", "Mend it, and try again."
        )
    own = {str(node["name"]) for node in project.models()}
    found = {name: columns for name, columns in traced(project.read()).items() if name in own}
    project.lineage.write_text(json.dumps(found), encoding="utf-8")
    os.utime(project.manifest)  # dbt leaves it as it was if nothing that matters to it has changed


def _link(project: DbtFolder) -> None:
    """Put together the project's packages: ours, and those that `dbt deps` has installed."""
    if project.base is None:
        return
    project.packages.mkdir(exist_ok=True)
    installed = project.folder / "dbt_packages"
    found = {path.name: path for path in installed.iterdir() if path.is_dir()} if installed.is_dir() else {}
    found["rs_assets"] = project.base
    for link in project.packages.iterdir():
        if link.name not in found or link.resolve() != found[link.name].resolve():
            link.unlink()
    for name, path in found.items():
        if not (project.packages / name).exists():
            (project.packages / name).symlink_to(path)


def traced(manifest: Mapping[str, Any]) -> Lineages:
    """Where the columns of all models come from, each after what it reads; one that cannot be read has none."""
    from rs_assets.contract.typed import VALID_EVENTS
    from rs_assets.transform.columns import trace

    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    known: dict[str, Sequence[str]] = {"valid_events": list(VALID_EVENTS)}
    found: Lineages = {}
    order = TopologicalSorter({key: set(node["depends_on"]["nodes"]) - {key} for key, node in models.items()})
    for node in (models[key] for key in order.static_order() if key in models):
        name = str(node["name"])
        found[name] = trace(str(node.get("compiled_code") or ""), known)
        if found[name]:
            known[name] = list(found[name])
    return dict(sorted(found.items()))


if __name__ == "__main__":
    from rs_assets.settings import Settings

    for one in dbt_folders(Settings.from_env().home):
        prepare(one)
