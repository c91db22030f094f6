"""What the documents' commands and cells run in: a home with a small log, replayed as the README says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rs_assets_tests.docs.told import ROOT, environ


def environment(home: Path) -> dict[str, str]:
    """That of this home, whatever is set here."""
    return environ(ROOT) | {"RS_HOME": str(home)}


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
