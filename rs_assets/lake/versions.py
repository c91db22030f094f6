"""An environment's versions: what it has published, switched from one to the next in one step.

Belongs here: the links that make an environment, reading and switching them. Does not belong here: the objects that
they lead to (`objects`), who switches and why (`stage`, `environments`).

    <lake>/<environment>                            a link to its current version
    <lake>/.versions/<environment>/<number>/        one version: a link for each asset, and version.json
    <lake>/.tables/<asset>/<id>/log_date=<D>        an asset as it is in some version: a link for each object
    <lake>/.objects/<asset>/log_date=<D>/<name>/    an object: part.parquet, record.json, …

Everything but the first is written once, under another name, and renamed: so a reader who has followed the first
link sees one version to its end, and whoever is killed while publishing has changed nothing. Links are relative: the
lake may be moved or mounted elsewhere. Any tool finds `<lake>/<environment>/<asset>/log_date=<D>/part.parquet`.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TypeAlias

from rs_assets.errors import UserError
from rs_assets.lake.locks import alone

VERSIONS, TABLES, OBJECTS, STAGING, LOCK = ".versions", ".tables", ".objects", ".staging", ".lock"
FACTS = "version.json"

Table: TypeAlias = Mapping[str, str]
"""An asset: the name of each log date's object."""


@dataclass(frozen=True)
class Version:
    """One state of an environment.

    Attributes:
        number: from 1 on.
        parent: the environment that is read where this one has nothing; None for none.
        cause: `create`, `replay`, `publish <environment>`, `undo`.
        previous: the number of the version before the switch; 0 for none.
    """

    environment: str
    number: int
    parent: str | None
    cause: str
    previous: int = 0


def home(root: str, environment: str) -> str:
    """The environment's place among the lake's."""
    return os.path.join(root, environment)


def current(root: str, environment: str) -> Version | None:
    """The version in force; None if the environment was never created.

    Raises:
        UserError: there is a folder of that name which is no environment.
    """
    place = home(root, environment)
    try:
        return read(root, environment, int(os.path.basename(os.readlink(place))))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise UserError(
            f"{place} is not an environment of the lake.",
            "An environment is a link to one of its versions; remove what is there, then replay the log.",
        ) from None


def read(root: str, environment: str, number: int) -> Version:
    """One version's facts.

    Raises:
        UserError: it is gone, or never was.
    """
    path = os.path.join(folder(root, environment, number), FACTS)
    try:
        with open(path, encoding="utf-8") as file:
            return Version(**json.load(file))
    except FileNotFoundError:
        there = ", ".join(map(str, numbers(root, environment))) or "none"
        raise UserError(
            f"The environment {environment} has no version {number}.", f"There are: {there}."
        ) from None


def folder(root: str, environment: str, number: int) -> str:
    """A version's folder."""
    return os.path.join(root, VERSIONS, environment, str(number))


def numbers(root: str, environment: str) -> list[int]:
    """The versions that are kept, in order."""
    place = os.path.join(root, VERSIONS, environment)
    names = os.listdir(place) if os.path.isdir(place) else []
    return sorted(int(name) for name in names if name.isdigit())


def kept(root: str, environment: str, *, undo: bool = True) -> set[int]:
    """The versions that must stay: the current one, and, for an undo, that before the last publication or undoing."""
    there = current(root, environment)
    if there is None:
        return set()
    if not undo:
        return {there.number}
    switches = [read(root, environment, number) for number in numbers(root, environment)]
    last = [version for version in switches if version.cause != "replay" and version.number <= there.number]
    return {there.number, *(version.previous for version in last[-1:])}


def tables(root: str, version: Version | None) -> dict[str, str]:
    """The folder name of each asset's table in a version."""
    if version is None:
        return {}
    place = folder(root, version.environment, version.number)
    links = (entry for entry in os.scandir(place) if entry.is_symlink())
    return {entry.name: os.path.basename(os.readlink(entry.path)) for entry in links}


def table(root: str, asset: str, name: str) -> dict[str, str]:
    """A table's objects, by log date."""
    place = os.path.join(root, TABLES, asset, name)
    return {
        entry.name.removeprefix("log_date="): os.path.basename(os.readlink(entry.path))
        for entry in os.scandir(place)
    }


@contextmanager
def switching(root: str, environment: str) -> Iterator[None]:
    """Hold the right to switch an environment."""
    os.makedirs(os.path.join(root, VERSIONS), exist_ok=True)
    with alone(os.path.join(root, VERSIONS, f"{environment}.lock")):
        yield


def switch(
    root: str, environment: str, changed: Mapping[str, Table | None], cause: str, parent: str | None
) -> Version:
    """Put tables into an environment, in one step; the caller is `switching`.

    Args:
        root: the lake's.
        environment: made if it is not there.
        changed: assets and all of their objects as they shall be; None takes the asset away.
        cause: for `Version`.
        parent: of an environment that is made by this.
    """
    before = current(root, environment)
    after = tables(root, before)
    for asset, objects in changed.items():
        after.pop(asset, None)
        if objects:
            after[asset] = _write_table(root, asset, objects)
    if before is not None and after == tables(root, before) and cause == "replay":
        return before
    number = 1 + max([*numbers(root, environment), 0])
    version = Version(
        environment,
        number,
        parent if before is None else before.parent,
        cause,
        before.number if before else 0,
    )
    _write_version(root, version, after)
    return version


def _write_table(root: str, asset: str, objects: Table) -> str:
    lines = "".join(f"{log_date} {objects[log_date]}\n" for log_date in sorted(objects))
    name = hashlib.sha256(lines.encode()).hexdigest()[:16]
    place = os.path.join(root, TABLES, asset, name)
    if os.path.isdir(place):
        os.utime(place)  # in use again, so not to be collected
        return name
    fresh = _fresh(os.path.join(root, TABLES, asset))
    for log_date, target in objects.items():
        link = os.path.join("..", "..", "..", OBJECTS, asset, f"log_date={log_date}", target)
        os.symlink(link, os.path.join(fresh, f"log_date={log_date}"))
    _rename(fresh, place)
    return name


def _write_version(root: str, version: Version, names: Mapping[str, str]) -> None:
    fresh = _fresh(os.path.join(root, VERSIONS, version.environment))
    for asset, name in names.items():
        os.symlink(os.path.join("..", "..", "..", TABLES, asset, name), os.path.join(fresh, asset))
    with open(os.path.join(fresh, FACTS), "w", encoding="utf-8") as file:
        json.dump(asdict(version), file, sort_keys=True, indent=1)
    _rename(fresh, folder(root, version.environment, version.number))
    point(root, version)


def point(root: str, version: Version) -> None:
    """Make a version the current one."""
    link = os.path.join(root, VERSIONS, version.environment, f"{uuid.uuid4().hex}.link")
    os.symlink(os.path.join(VERSIONS, version.environment, str(version.number)), link)
    os.replace(link, home(root, version.environment))


def _fresh(beside: str) -> str:
    """A new folder under a name that no reader follows."""
    place = os.path.join(beside, f"{uuid.uuid4().hex}.new")
    os.makedirs(place)
    return place


def _rename(fresh: str, place: str) -> None:
    try:
        os.rename(fresh, place)
    except OSError:
        if not os.path.isdir(place):
            raise
        # Somebody else wrote the same: two environments may publish the same table at once.
        for name in os.listdir(fresh):
            os.unlink(os.path.join(fresh, name))
        os.rmdir(fresh)


def environments(root: str) -> list[str]:
    """The environments of a lake, sorted."""
    if not os.path.isdir(root):
        return []
    links = (entry for entry in os.scandir(root) if entry.is_symlink() and not entry.name.startswith("."))
    return sorted(entry.name for entry in links)
