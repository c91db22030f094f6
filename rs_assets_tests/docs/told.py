"""Pages whose blocks are run as they stand, in a copy of the code with a home that was replayed.

Belongs here: from a page to what is run, and where. Does not belong here: what a page promises.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
COPIED = (
    "rs_assets",
    "dbt",
    "deploy",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "workspace.yaml",
    ".gitignore",
)
OURS = ("RS_", "DAGSTER_", "GIT_", "MAKE", "MLFLOW_", "FORCE_COLOR")
PATIENCE = 300


@dataclass(frozen=True)
class Block:
    """What stands between two fences: in which line it begins, of which language, and its text."""

    line: int
    language: str
    text: str


def blocks(path: str) -> list[Block]:
    """The blocks of a page, by its path below the root."""
    page = (ROOT / path).read_text(encoding="utf-8")
    return [
        Block(
            page[: found.start()].count("\n") + 1, found[2], re.sub(f"^{found[1]}", "", found[3], flags=re.M)
        )
        for found in FENCE.finditer(page)
    ]


class page:
    """A page, or those of its blocks that are of some languages; each is taken before it is left.

    `test_every_block.py` reads the calls of it: what nobody calls it for is run by nobody.
    """

    def __init__(self, path: str, *languages: str) -> None:
        self.path = path
        self.left = [one for one in blocks(path) if not languages or one.language in languages]

    def __enter__(self) -> page:
        return self

    def __exit__(self, failed: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        if failed is None:
            assert not self.left, (
                f"{self.path}: nothing runs the blocks of lines {[b.line for b in self.left]}"
            )

    def take(self, language: str) -> str:
        """The next block of a language."""
        one = next(block for block in self.left if block.language == language)
        self.left.remove(one)
        return one.text

    def rest(self) -> str:
        """What is left, as one script: commands in their order, changes of code applied where they stand."""
        made = ["set -euo pipefail"]
        for one in [block for block in self.left if block.language in ("sh", "diff")]:
            self.left.remove(one)
            if one.language == "diff":
                made.append(f"git apply <<'DIFF'\n{one.text}DIFF")
            else:
                made += [f": '{self.path}:{one.line}'", one.text]
        return "\n".join(made)


def checkout(place: Path, home: Path | None = None) -> Path:
    """A copy of the code in a repository of its own, with a copy of a home in it, as `make demo` leaves one."""
    place.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__", "target"))
        else:
            shutil.copy2(source, place / name)
    if home:
        shutil.copytree(home, place / ".rs", symlinks=True)
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "as it is"],
    ):
        subprocess.run(["git", *command], cwd=place, env=environ(place), check=True)
    (place / ".venv").symlink_to(sys.prefix)
    return place


def run(place: Path, commands: str, **env: str) -> str:
    """What the commands say; each must do its work."""
    done = subprocess.run(
        ["bash", "-c", commands], cwd=place, env=environ(place) | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(place: Path, command: str, asked: str | None, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on, once what is asked of it is answered; it is ended as by Ctrl-C.

    Args:
        place: where it runs.
        command: a line.
        asked: a URL, if it has one.
        env: further variables.
    """
    words = re.sub(r"\s+#.*", "", command)
    log = place / f"{words.split()[0]}.log"
    with log.open("w") as out:
        started = subprocess.Popen(
            ["bash", "-c", f"exec {words}"],
            cwd=place,
            env=environ(place) | env,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        until(lambda: started.poll() is not None or not asked or _answers(asked), f"{asked} does not answer")
        assert started.poll() is None, log.read_text()
        yield started
        assert started.poll() is None, log.read_text()
    finally:
        _end(started)


def until(so: Callable[[], bool], otherwise: str) -> None:
    """Return once it is so; fail if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, otherwise
        time.sleep(0.3)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(started: subprocess.Popen[str]) -> None:
    for how, seconds in ((signal.SIGINT, 60), (signal.SIGKILL, 60)):
        if started.poll() is None:
            os.killpg(started.pid, how)
            try:
                started.wait(seconds)
            except subprocess.TimeoutExpired:
                continue


def environ(place: Path) -> dict[str, str]:
    """Our own variables gone, our commands first on the path, and the code of that place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
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
