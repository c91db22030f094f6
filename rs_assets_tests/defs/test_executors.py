"""RS_EXECUTOR says who runs the steps."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from rs_assets.errors import UserError
from rs_assets.settings import EXECUTORS, Settings


@pytest.mark.parametrize("name", EXECUTORS)
def test_each_executor_is_the_graphs_when_it_is_named(name: str) -> None:
    from rs_assets.compute.executors import executor

    assert executor(name).name == name


def test_another_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="RS_EXECUTOR='dask' is not known") as refused:
        Settings.from_env({"RS_EXECUTOR": "dask"})
    assert all(name in refused.value.hint for name in EXECUTORS)


def test_settings_hold_what_was_named() -> None:
    assert dataclasses.asdict(Settings.from_env({"RS_EXECUTOR": "docker"}))["executor"] == "docker"


def test_loading_the_executor_loads_nothing_of_docker() -> None:
    code = "import sys, rs_assets.compute.docker.executor; print([n for n in sys.modules if n.startswith('docker')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
