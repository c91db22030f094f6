"""Rooms: what the modules of projects declare, and their source.

Belongs here: looking a kind of thing up in the rooms of all projects. Does not belong here: what the things are.

What is declared is what a module holds in a variable, alone or in a tuple: a new file in a room is all it takes.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal, TypeAlias, TypeVar

from rs_assets.errors import UserError
from rs_assets.extending.projects import OURS, Project, projects

T = TypeVar("T")
Room: TypeAlias = Literal["events", "importers", "repairs", "candidates", "tables", "graph"]

FRONTS = {
    "events": "rs_assets.contract.schemas",
    "importers": "rs_assets.log.importers",
    "repairs": "rs_assets.contract.repairs",
    "candidates": "rs_assets.models.purchase_intent.candidates",
}
"""The packages that look into the rooms when they are imported; a room imports its own first of all."""


def declared(room: Room, kind: type[T]) -> tuple[T, ...]:
    """All of a kind in the rooms of that name: project by project, module by module, in the order of the modules.

    Raises:
        UserError: a room of a company's project cannot be imported.
    """
    found: dict[int, T] = {}
    for project in projects():
        for module in _modules(project, room):
            for value in list(vars(module).values()):
                each = value if isinstance(value, tuple) else (value,)
                found.update({id(one): one for one in each if isinstance(one, kind)})
    return tuple(found.values())


def source(*rooms: Room) -> str:
    """A digest over the rooms of companies' projects; empty where there is nothing. Ours are digested by package.

    A room is to read nothing from outside of itself but rs_assets: what it reads elsewhere is not in the digest.
    """
    found = list(_files(rooms))
    sha = hashlib.sha256()
    for name, path in found:
        sha.update(f"{name}\n".encode() + path.read_bytes())
    return sha.hexdigest()[:12] if found else ""


def _files(rooms: tuple[Room, ...]) -> Iterator[tuple[str, Path]]:
    for project in projects():
        for room in rooms if project is not OURS else ():
            for place in _places(project, room):
                paths = sorted(place.rglob("*.py")) if place.is_dir() else [place]
                base = place if place.is_dir() else place.parent
                yield from ((f"{getattr(project, room)}/{path.relative_to(base)}", path) for path in paths)


def _places(project: Project, room: Room) -> list[Path]:
    """The folder of a room that is a package, the file of one that is a module."""
    name = getattr(project, room)
    if not name:
        return []
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        raise UserError(
            f"The project {project.name} has its {room} in {name}, which is not there.",
            f"Write that module, or leave `{room}=` out of the project.",
        )
    if spec.submodule_search_locations:
        return sorted(map(Path, spec.submodule_search_locations))
    return [Path(spec.origin)] if spec.origin else []


def _modules(project: Project, room: Room) -> Iterator[ModuleType]:
    for place in _places(project, room):
        name = getattr(project, room)
        below = pkgutil.iter_modules([str(place)], f"{name}.") if place.is_dir() else ()
        for each in (name, *sorted(module.name for module in below)):
            try:
                found = importlib.import_module(each)
            except Exception as problem:  # of a company's code: the person is told where
                if project is OURS or isinstance(problem, UserError):
                    raise
                raise UserError(f"{each} cannot be imported: {problem}", "Mend that module.") from problem
            if each != name and getattr(found.__spec__, "_initializing", False):
                # Somebody imports it before the package that looks for it: what it declares is not there yet.
                raise UserError(
                    f"{each} is imported before rs_assets knows of it.",
                    f"Begin {name}/__init__.py with `import {FRONTS.get(room, 'rs_assets.extending')}`.",
                )
            yield found
