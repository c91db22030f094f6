"""The machine: Python, the packages, the disk, the folders.

Belongs here: what is so before there is any data. Does not belong here: dbt and Dagster (`project`).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rs_assets.cli.doctor.findings import Finding, examined
from rs_assets.cli.output import place, plural, size
from rs_assets.settings import Settings

PYTHON = (3, 11)
LITTLE, SCANT = 10**9, 5 * 10**9
"""Bytes of free disk below which a replay may fail, and below which to think of it."""
LOCK = Path(__file__).parents[3] / "requirements.lock"
INSTALL = "Run `make setup`, which installs what requirements.lock says."
NAMED = 5
"""Packages that are named; the rest is counted."""


def examine(settings: Settings) -> list[Finding]:
    """Everything of this module."""
    folders = {
        "home folder": settings.home,
        "lake folder": settings.lake,
        "Dagster folder": settings.dagster_home,
    }
    return [
        *examined("Python", lambda: python(sys.version_info[:3])),
        *examined("packages", lambda: packages(LOCK)),
        *examined("disk", lambda: disk(settings.lake)),
        *(one for name, folder in folders.items() for one in examined(name, partial(writable, name, folder))),
    ]


def python(version: tuple[int, ...]) -> Finding:
    """Whether Python is new enough."""
    text = ".".join(map(str, version))
    if version >= PYTHON:
        return Finding("Python", "fine", text)
    wanted = ".".join(map(str, PYTHON))
    mend = f"Set up with PYTHON=… to a Python of {wanted} or newer."
    return Finding("Python", "problem", f"{text} is too old.", mend)


def packages(lock: Path) -> Finding:
    """Whether what is installed is what was pinned; a pin that only tests need may be missing."""
    if not lock.exists():
        none = "There is no requirements.lock beside the package."
        return Finding("packages", "note", none, "Work in a clone for one.")
    lines = (line.partition("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = [pin for line in lines if line for pin in [Requirement(line)] if _here(pin)]
    there = {pin.name: _version(pin.name) for pin in pins}
    wrong = [
        f"{pin.name} {has} for {pin.specifier}"
        for pin in pins
        if (has := there[pin.name]) and not pin.specifier.contains(has, prereleases=True)
    ]
    missing = sorted(name for name, has in there.items() if has is None)
    if wrong := [*wrong, *(f"{name} is missing" for name in missing if canonicalize_name(name) in _needed())]:
        return Finding("packages", "problem", f"Not as pinned: {_few(wrong)}.", INSTALL)
    if missing:
        found = f"Not installed, of requirements.lock: {_few(missing)}."
        return Finding("packages", "note", found, f"Well in production; for tests: {INSTALL}")
    return Finding("packages", "fine", f"{plural(len(pins), 'package')} as pinned")


def disk(folder: str, little: int = LITTLE, scant: int = SCANT) -> Finding:
    """Whether the disk of a folder has room for a replay's staged objects."""
    free = shutil.disk_usage(_existing(folder)).free
    found = f"{size(free)} free at {place(folder)}"
    if free >= scant:
        return Finding("disk", "fine", found)
    state = "problem" if free < little else "note"
    mend = "Free some: `rs-assets environment list` shows what each holds; `environment drop` lets one go."
    return Finding("disk", state, f"{found}.", mend)  # type: ignore[arg-type]  # one of two literals


def writable(thing: str, folder: str) -> Finding:
    """Whether a folder, or the nearest one above it where it is not made yet, takes a file."""
    there = _existing(folder)
    name = place(folder)
    if not os.path.isdir(there):
        return Finding(
            thing, "problem", f"{there} is a file where a folder should be.", "Move it away, or set RS_HOME."
        )
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as problem:
        found = f"{there} takes no file: {problem.strerror}."
        return Finding(thing, "problem", found, "Mend its permissions, or set RS_HOME to a folder of yours.")
    return Finding(thing, "fine", name if there == folder else f"{name}, made on first use")


def _existing(folder: str) -> str:
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    return folder


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _needed() -> set[str]:
    """Names that the package itself asks for, its extras apart; empty where it is not installed."""
    try:
        asked = metadata.requires("rs_assets") or []
    except metadata.PackageNotFoundError:
        return set()
    return {canonicalize_name(one.name) for one in map(Requirement, asked) if _here(one)}


def _here(asked: Requirement) -> bool:
    """Whether it is asked of this Python, on this machine, without an extra."""
    return asked.marker is None or asked.marker.evaluate({"extra": ""})


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
