"""Pages whose commands are all run, one after the other, in a home with a small log that was replayed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("concepts", "models", "erasure", "production", "when-it-breaks")


def rs_assets(home: Path, line: str) -> subprocess.CompletedProcess[str]:
    program, *args = shlex.split(line, comments=True)
    assert program == "rs-assets", line
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RS_", "DAGSTER_HOME"))}
    env |= {"RS_HOME": str(home), "RS_EXECUTOR": "in_process", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "rs_assets.cli", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=home)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    for line in ("rs-assets generate --days 9 --events 6000", "rs-assets replay"):
        done = rs_assets(made, line)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_does_its_work(home: Path, page: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert lines
    for line in lines:
        done = rs_assets(home, line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
