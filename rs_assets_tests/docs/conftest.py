"""What the documents' commands and cells run in: a home with a small log, replayed as the README says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("RS_", "DAGSTER_HOME", "MLFLOW_", "COLUMNS", "FORCE_COLOR")


def environment(home: Path) -> dict[str, str]:
    """Our own variables gone but for those of this home; our commands first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "RS_HOME": str(home),
        "RS_EXECUTOR": "in_process",
        "PATH": f"{scripts}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight log dates from 2024-01-01, with buyers in them, and all that is made of them. Tests take a copy."""
    home = tmp_path_factory.mktemp("docs") / "home"
    for arguments in (["generate", "--days", "8", "--events", "20000", "--start", "2024-01-01"], ["replay"]):
        done = subprocess.run(
            [sys.executable, "-m", "rs_assets.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment(home),
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture
def home(replayed: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of it that may be spoiled."""

    def copy() -> Path:
        return Path(shutil.copytree(replayed, tmp_path / "home", symlinks=True))

    return copy
