"""Nothing of the graph can write the raw log: not what assets are given, not what they import, not a replay."""

from __future__ import annotations

import ast
import datetime as dt
import importlib.util
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_assets.defs.resources import LogResource
from rs_assets.log import RawLog, Segment
from rs_assets.log.files import Files, OpenFile
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.defs import replays

PACKAGE = Path(__file__).parents[2] / "rs_assets"
WRITERS = ("writer", "whole", "seals.sealing", "generator", "importers")
ROOMS = ("rs_assets.extending.rooms", "rs_assets.extending.projects")
"""They name the rooms of a project, importers among them, of which each is imported by whoever asks for it."""
STARTED = ("rs_assets.defs.start_page", "rs_assets.cli")
"""The sensor names the command line to start it as a process of its own, with a command that writes no log."""
DATES = ["2024-01-06", "2024-01-07"]

SURFACE = {
    RawLog: "declared files log_dates reading require root segments segments_by_date sites",
    Files: "below exists has inside open path read refresh",
    OpenFile: "read seek",
    Segment: "codec declared log_date name path place site size",
}
"""All that an asset can get at from the resource. Whoever adds to it says here that it does not write."""


@pytest.fixture
def log(tmp_path: Path) -> RawLog:
    folder = tmp_path / "site=shop-a" / f"log_date={DATES[0]}"
    folder.mkdir(parents=True)
    (folder / "000001.ndjson").write_bytes(b"{}\n")
    return LogResource(root=str(tmp_path)).open()


def test_the_log_that_assets_are_given_has_no_way_to_write(log: RawLog) -> None:
    [segment] = log.segments(DATES[0])
    with log.reading(segment) as file:
        reached = {type(thing): thing for thing in (log, log.files, file, segment)}
    assert {kind: " ".join(public(thing)) for kind, thing in reached.items()} == SURFACE
    assert {name for name in vars(LogResource) if not name.startswith(("_", "model_"))} == {"open"}
    assert set(LogResource.model_fields) == {"root", "sites"}


def public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def test_no_module_of_the_graph_imports_one_that_writes_the_log() -> None:
    reached = imported({"rs_assets.definitions", *modules_below("rs_assets.defs")})
    assert {"rs_assets.log.files", "rs_assets.log.seals.verify", "rs_assets.contract.split"} <= reached
    written = [f"rs_assets.log.{name}" for name in WRITERS]
    assert all(importlib.util.find_spec(name) for name in written), "they are called that"
    assert [name for name in reached if name.startswith(tuple(written))] == []
    assert set(written) < imported({"rs_assets.cli"}), "the command line does, so this would be seen"


def test_loading_the_graph_loads_nothing_that_writes_the_log(home) -> None:
    home("loaded")
    script = "import sys, rs_assets.definitions; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "rs_assets.extending.rooms" in loaded
    written = tuple(f"rs_assets.log.{name}" for name in WRITERS)
    assert [name for name in loaded if name.startswith(written)] == []


def imported(start: set[str]) -> set[str]:
    """All modules of ours that these import, wherever in them, and so on; packages with what is above them."""
    todo, seen = set(start), set[str]()
    while todo:
        name = todo.pop()
        if name in seen or not (path := source(name)):
            continue
        seen.add(name)
        todo |= set(names(ast.parse(path.read_text()), name)) - seen
        if parent := name.rpartition(".")[0]:
            todo.add(parent)
    return seen


def names(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=found):
                yield from (one.name for one in found)
            case ast.ImportFrom(module=str(whence), level=0, names=found):
                yield whence
                yield from (f"{whence}.{one.name}" for one in found)
            case ast.ImportFrom():
                raise AssertionError(f"{module} has an import that is not followed")
            case ast.Constant(value=str(text)) if text.startswith("rs_assets.") and module not in ROOMS:
                if (module, text) != STARTED:
                    yield text  # of `importlib.import_module`


def source(name: str) -> Path | None:
    """Where a module of ours lies; None if it is another's, or a function's name."""
    root, *rest = name.split(".")
    at = PACKAGE.joinpath(*rest)
    places = [at / "__init__.py", at.with_suffix(".py")] if rest or root == "rs_assets" else []
    return next((path for path in places if root == "rs_assets" and path.is_file()), None)


def modules_below(package: str) -> set[str]:
    folder = PACKAGE.joinpath(*package.split(".")[1:])
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in folder.rglob("*.py")]
    return {".".join(path.parts).removesuffix(".__init__") for path in paths}


def test_a_replay_of_everything_leaves_the_log_as_it_was(home) -> None:
    place = home("read_only")
    raw = place / "raw"
    generate(Plan(start=dt.date(2024, 1, 6), days=2, events=600), str(raw), str(place / "truth.csv"))
    assert replays.run(place, "seal").returncode == 0
    everything = [raw, *raw.rglob("*")]
    for path in everything:  # whoever is not root is refused by the disk as well
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)
    before = state(raw)
    try:
        replays.replay(place, *DATES)
    finally:
        for path in everything:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert before == state(raw)


def state(raw: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and folder: which one it is, when it was written, and its bytes."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [raw, *raw.rglob("*")]
    }
