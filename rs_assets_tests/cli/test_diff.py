"""rs-assets diff, as a person and a CI job call it."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.testing import Result

from rs_assets.lake import Lake
from rs_assets_tests.cli.conftest import ROOT
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.lakes import put

Call = Callable[..., Result]
DATE = "2024-01-01"


@pytest.fixture
def place(home: Home, tmp_path: Path) -> Home:
    """A home with an environment in which a quarantined event is gone."""
    shutil.copytree(home.path, tmp_path / "home", symlinks=True)
    made = Home(tmp_path / "home", home.plan, home.summary)
    bad = pl.read_parquet(made.lake.object("quarantined_events", DATE))
    put(Lake(made.lake.root, "dev"), "quarantined_events", [DATE], bad.tail(-1))
    return made


@pytest.mark.parametrize("args", [("prod", "dev"), ("dev",)])
def test_the_table_says_what_differs(call: Call, place: Home, args: tuple[str, ...]) -> None:
    done = call("diff", *args, home=place)
    assert done.exit_code == 0
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("quarantined_events")]
    assert row.split()[1:6] == ["different", "1", "0", "1", "0"]
    assert "1 other assets do not differ" in done.stdout


def test_formats_are_written_to_a_file_or_the_screen(call: Call, place: Home, tmp_path: Path) -> None:
    found = json.loads(call("diff", "prod", "dev", "--format", "json", home=place).stdout)
    assert (found["equal"], found["before"], found["after"]) == (False, "prod", "dev")
    assert call("diff", "dev", "--format", "markdown", home=place).stdout.startswith(
        "### `dev` against `prod`"
    )
    call("diff", "dev", "--format", "html", "--output", tmp_path / "page.html", home=place)
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_a_script_can_tell_by_the_exit_code(call: Call, place: Home) -> None:
    assert call("diff", "dev", "--exit-code", home=place).exit_code == 1
    assert call("diff", "dev", "--exit-code", "--only", "valid_events", home=place).exit_code == 0


def test_what_is_no_environment_is_said(call: Call, place: Home) -> None:
    done = call("diff", "prod", "nowhere", home=place)
    assert done.exit_code == 1 and "neither an environment nor the file of a receipt" in " ".join(
        done.stderr.split()
    )
    done = call("diff", "prod", home=place)
    assert done.exit_code == 1 and "prod has no parent" in " ".join(done.stderr.split())


def test_every_call_in_the_ci_workflow_is_one_that_the_command_line_takes(call: Call) -> None:
    from rs_assets.cli import COMMANDS

    workflow: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "ci" / "replay-diff.yml").read_text())
    steps = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    calls = [
        line for step in steps for line in step.replace("\\\n", " ").splitlines() if "rs-assets " in line
    ]
    assert len(calls) >= 4
    known = {command.name for command in COMMANDS}
    for line in calls:
        words = shlex.split(line.partition("rs-assets ")[2].partition(">")[0])
        assert words[0] in known
        said = call(words[0], "--help").stdout
        for option in (word for word in words if word.startswith("--")):
            assert option in said, line
