"""A home with a raw log and a lake for the command line to look at, and ways to call it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rs_assets.cli import app
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.cli.homes import Home
from rs_assets_tests.lakes import put_split

ROOT = Path(__file__).parents[2]
OURS = ("RS_", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "DAGSTER_HOME", "TERM")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four log dates of two shops, of which the first three are published. Tests look and do not touch."""
    path = tmp_path_factory.mktemp("home")
    plan = Plan(days=4, events=6_000, sites=("shop-a", "shop-b"), broken=0.05)
    summary = generate(plan, str(path / "raw"), str(path / "truth.csv"))
    made = Home(path, plan, summary)
    put_split(made.lake, made.log, made.log.log_dates()[:3])
    return made


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A process without our variables, in an empty folder, at a width of 100."""
    for name in list(os.environ):
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def call(environ: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`call("status", home=path)`: the command line in this process, piped."""

    def run(*args: object, home: Home | Path | None = None, **env: str) -> Result:
        if home is not None:
            environ.setenv("RS_HOME", str(home.path if isinstance(home, Home) else home))
        result = CliRunner().invoke(app, [str(arg) for arg in args], env=env)
        assert "\x1b" not in result.output, "a colour, or another escape, in a pipe"
        assert "Traceback" not in result.output and not isinstance(result.exception, ValueError)
        assert isinstance(result.exception, SystemExit | None), result.exception
        return result

    return run


@pytest.fixture
def call_json(call: Callable[..., Result]) -> Callable[..., Any]:
    """The same, done well, and what it printed as JSON."""

    def run(*args: object, home: Home | Path | None = None, **env: str) -> Any:
        result = call(*args, home=home, **env)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture
def start(environ: pytest.MonkeyPatch) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`start("query", …, home=home)`: a process of its own, which does not outlive the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*args: str, home: Home, **env: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rs_assets.cli", *args],
            env={**os.environ, "PYTHONPATH": str(ROOT), "RS_HOME": str(home.path), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Whoever started the tests may ignore Ctrl-C, and a process would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
