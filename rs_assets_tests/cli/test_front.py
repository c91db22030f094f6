from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rs_assets.cli import COMMANDS, front
from rs_assets.errors import UserError

Call = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]

LONG = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 3"


def test_the_help_names_every_command_and_says_what_it_does(call: Call) -> None:
    result = call("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        line = next(line for line in result.stdout.splitlines() if line.startswith(f"│ {command.name} "))
        assert len(line.strip("│ ").removeprefix(command.name).strip()) > 20


def test_the_help_waits_for_none_of_the_heavy_packages(environ: pytest.MonkeyPatch) -> None:
    heavy = {"dagster", "polars", "pandera", "duckdb", "sklearn", "pyarrow", "numpy"}
    code = (
        "import sys\nfrom rs_assets.cli import main\nsys.argv = ['rs-assets', '--help']\n"
        f"try: main()\nexcept SystemExit: pass\nprint('loaded:', sorted({heavy!r} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.splitlines()[-1] == "loaded: []", done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_each_command_shows_an_example(call: Call, command: front.Command) -> None:
    result = call(command.name, "--help", COLUMNS="200")
    assert result.exit_code == 0
    assert command.example in result.stdout
    assert command.example.startswith(f"rs-assets {command.name}")


# A replay takes the whole graph, a seal is for good, environments are made, a server does not end, the doctor's exit
# code is what it finds, graph and boxes need dbt's manifest, what is new goes into a project: their own tests run
# these examples.
@pytest.mark.parametrize(
    "command",
    [
        c
        for c in COMMANDS
        if c.name
        not in (
            "generate",
            "seal",
            "replay",
            "environment",
            "diff",
            "publish",
            "score",
            "collect",
            "doctor",
            "graph",
            "new",
            "boxes",
        )
    ],
    ids=lambda command: command.name,
)
def test_each_example_runs(call: Call, home: object, command: front.Command) -> None:
    result = call(*shlex.split(command.example)[1:], home=home)
    assert result.exit_code == 0, result.output
    assert result.stdout


def test_the_example_of_generate_runs(call: Call) -> None:
    (command,) = (c for c in COMMANDS if c.name == "generate")
    assert call(*shlex.split(command.example)[1:]).exit_code == 0
    assert Path(".rs/raw/site=shop-a").is_dir()


@pytest.mark.parametrize("args", [[], ["nope"], ["status", "--nope"], ["quarantine", "--samples", "many"]])
def test_a_wrong_call_exits_2_and_says_what_is_wrong(call: Call, args: list[str]) -> None:
    result = call(*args)
    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_the_version_is_the_packages(call: Call) -> None:
    assert call("--version").stdout == "rs-assets 0.1.0\n"


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    scripts = tmp_path / "bin"
    scripts.mkdir()
    program = scripts / "rs-assets"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m rs_assets.cli "$@"\n')
    program.chmod(0o755)
    asking = """
eval "$(rs-assets --show-completion)"
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rs_assets_completion rs-assets; echo "${COMPREPLY[@]}"; }
complete -p rs-assets
ask rs-assets stat
ask rs-assets replay --res
ask rs-assets model ""
"""
    env = {
        **os.environ,
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run(["bash", "-c", asking], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    registered, command, option, argument = done.stdout.splitlines()
    assert registered.startswith("complete") and registered.endswith("rs-assets")
    assert (command, option) == ("status", "--resume") and "promote" in argument.split()


def _ending(error: BaseException, **env: str) -> Result:
    def fail() -> None:
        raise error

    app = front.assemble([front.Command("fail", fail, "rs-assets fail")])
    return CliRunner().invoke(app, ["fail"], env=env)


def test_a_user_error_is_a_sentence_and_a_hint_on_standard_error(environ: pytest.MonkeyPatch) -> None:
    result = _ending(UserError("There is [red]no log[/] at x.", "Write one."))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "There is [red]no log[/] at x.\nWrite one.\n"


def test_a_user_error_is_red_on_a_terminal(environ: pytest.MonkeyPatch) -> None:
    result = _ending(UserError("No.", "Yes."), FORCE_COLOR="1", TERM="xterm")
    assert result.stderr == "\x1b[31mNo.\x1b[0m\nYes.\n"


def test_data_in_an_error_cannot_reach_the_terminal(environ: pytest.MonkeyPatch) -> None:
    assert _ending(UserError("a\x1b[2Jb\nc")).stderr == "a\\x1b[2Jb\nc\n"


def test_a_full_disk_is_a_sentence(environ: pytest.MonkeyPatch) -> None:
    result = _ending(OSError(errno.ENOSPC, "No space left on device", "raw/x"))
    assert (result.exit_code, result.stderr) == (1, "raw/x: No space left on device.\n")


def test_a_fault_of_ours_keeps_its_traceback(environ: pytest.MonkeyPatch) -> None:
    assert isinstance(_ending(ZeroDivisionError()).exception, ZeroDivisionError)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs Linux's /proc to see that it is at work"
)
def test_ctrl_c_ends_a_long_query_at_once_and_quietly(start: Start, home: object) -> None:
    process = start("query", LONG, "--format", "csv", home=home)
    while _cpu_seconds(process.pid) < 4:  # starting takes one; by now it is in the query, which takes hours
        time.sleep(0.1)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - asked < 10
    assert (process.returncode, err) == (130, b"Stopped.\n")


def test_a_reader_that_goes_away_is_no_error(start: Start, home: object) -> None:
    process = start("query", "SELECT * FROM range(100000000)", "--format", "csv", home=home)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == b"range\n"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) == 1


def test_python_m_is_the_same_program(start: Start, home: object) -> None:
    out, err = start("query", "SELECT 1 AS x", "--format", "json", home=home).communicate(timeout=60)
    assert (out, err) == (b'[\n{"x":1}\n]\n', b"")
