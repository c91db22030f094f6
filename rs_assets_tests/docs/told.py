"""Pages whose commands are run as they stand, in a copy of the code with a home that was replayed.

Belongs here: from a page to a script, and where it runs. Does not belong here: what a page promises.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
COPIED = ("rs_assets", "dbt", "deploy", "pyproject.toml", "Makefile", ".gitignore")


def script(page: str) -> str:
    """The page's commands in their order, and its changes of code applied where they stand."""
    made = ["set -euo pipefail"]
    for indent, language, block in FENCE.findall((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")):
        text = re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
        if language == "sh":
            made += [f": '{language} ---'", text]
        elif language == "diff":
            made.append(f"git apply <<'DIFF'\n{text}DIFF")
    return "\n".join(made)


def checkout(place: Path, home: Path | None = None) -> Path:
    """A copy of the code in a repository of its own, with a copy of a home in it, as `make demo` leaves one."""
    place.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__", "target"))
        else:
            shutil.copy(source, place / name)
    if home:
        shutil.copytree(home, place / ".rs", symlinks=True)
    activate = place / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text("")  # what it would do, `run` has done
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "as it is"],
    ):
        subprocess.run(["git", *command], cwd=place, env=_environ(place), check=True)
    return place


def run(place: Path, commands: str) -> str:
    """What the commands say; each must do its work."""
    done = subprocess.run(
        ["bash", "-c", commands], cwd=place, env=_environ(place), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _environ(place: Path) -> dict[str, str]:
    kept = {
        n: v for n, v in os.environ.items() if not n.startswith(("RS_", "DAGSTER_", "GIT_", "FORCE_COLOR"))
    }
    who = {
        f"GIT_{role}_{what}": f"a@{what}.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {
        **kept,
        **who,
        "PATH": path,
        "PYTHONPATH": str(place),
        "RS_EXECUTOR": "in_process",
        "COLUMNS": "200",
    }
