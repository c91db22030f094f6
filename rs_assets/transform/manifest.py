"""dbt's manifest, which the graph is made from: prepared ahead, since parsing takes seconds.

Belongs here: preparing it again when the project has changed. Does not belong here: reading it (`rs_assets.defs`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rs_assets.errors import UserError


def is_fresh(project: Path, target: Path) -> bool:
    """Whether the manifest in `target` is newer than every file of the project that it tells of."""
    manifest = target / "manifest.json"
    if not manifest.exists():
        return False
    made = manifest.stat().st_mtime_ns
    sources = (path for ending in ("*.sql", "*.yml") for path in project.rglob(ending))
    return all(path.stat().st_mtime_ns <= made for path in sources)


def prepare(project: Path, target: Path) -> None:
    """Have dbt parse the project.

    Raises:
        UserError: it cannot be parsed; what dbt says is told.
    """
    target.mkdir(parents=True, exist_ok=True)
    places = ["--project-dir", str(project), "--profiles-dir", str(project)]
    places += ["--target-path", str(target), "--log-path", str(target / "logs")]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dbt.cli.main",
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "parse",
            *places,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "DO_NOT_TRACK": "1"},
    )
    if done.returncode != 0:
        raise UserError(
            f"dbt cannot parse {project}:\n{(done.stdout + done.stderr).strip()}", "Mend it, and try again."
        )
    os.utime(target / "manifest.json")  # dbt leaves it as it was if nothing that matters to it has changed
