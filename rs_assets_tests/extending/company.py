"""A company's project beside rs_assets: made by the command, installed into a folder, used in processes of its own.

Belongs here: what several tests call. Does not belong here: expectations.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
RS_ASSETS = ("-m", "rs_assets.cli")
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider")


def run(
    *command: str, cwd: Path, site: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command with rs_assets, and the packages of `site`, on Python's path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RS_", "DAGSTER_"))}
    path = os.pathsep.join(str(place) for place in (site, ROOT) if place)
    whole = {**kept, "PYTHONPATH": path, "RS_EXECUTOR": "in_process", "COLUMNS": "200", **(env or {})}
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, env=whole)


def done(*command: str, cwd: Path, site: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """What a command that has to succeed prints."""
    found = run(*command, cwd=cwd, site=site, env=env)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def install(project: Path, site: Path) -> None:
    """Install a project into a folder."""
    uv = Path(sys.executable).with_name("uv")
    how = ["--no-deps", "--python", sys.executable, "--target", str(site)]
    subprocess.run([uv, "pip", "install", "-q", *how, "-e", str(project)], check=True, cwd=project)
    # An editable install is a .pth file, which Python reads in site folders alone.
    (site / project.name).symlink_to(project / project.name)


def query(home: Path, sql: str, **how: Path) -> list[dict[str, object]]:
    """Rows of the lake of a home."""
    shown = done(*RS_ASSETS, "query", sql, "--format", "json", env={"RS_HOME": str(home)}, **how)
    found: list[dict[str, object]] = json.loads(shown)
    return found


def fill(path: Path, old: str, new: str) -> None:
    """Put something else into a file, once."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
