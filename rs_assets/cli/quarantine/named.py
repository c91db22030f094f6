"""The repair that a person names: one in force, or one of their own that is not yet.

Belongs here: finding it, and saying what there is instead. Does not belong here: what a repair may be
(`rs_assets.contract.repairs.repair`, which refuses a wrong one while its module is loaded).
"""

from __future__ import annotations

import importlib
import os
import runpy
import traceback
from collections.abc import Callable, Mapping

import typer

from rs_assets.cli.output import visible
from rs_assets.contract import repairs
from rs_assets.contract.repairs.repair import Repair
from rs_assets.errors import UserError

HOW = "rs_assets/contract/repairs/__init__.py shows how to write one"
OWN = "my_repairs.py:FIX"


def named(name: str) -> Repair:
    """The repair of a name in `REPAIRS`, or at `module:attribute` or `file.py:attribute`.

    Raises:
        typer.BadParameter: there is none.
        UserError: what should have it cannot be loaded.
    """
    place, colon, attribute = name.rpartition(":")
    if not colon:
        return _listed(name)
    if not place or not attribute:
        raise _wrong(f"{name!r} names no repair; write module:attribute or {OWN}.")
    is_file = place.endswith(".py") or os.sep in place
    there = _of_file(place) if is_file else _of_module(place)
    if attribute not in there:
        raise _wrong(f"{place} has no {attribute}; {_those_in(there)}.")
    found = there[attribute]
    if not isinstance(found, Repair):
        raise _wrong(f"{name} is of type {type(found).__name__}, and no Repair; {_those_in(there)}.")
    return found


def _listed(name: str) -> Repair:
    for repair in repairs.REPAIRS:
        if repair.name == name:
            return repair
    if name.endswith(".py"):
        raise _wrong(f"{name!r} does not say which repair of the file; write {name}:FIX, for one called FIX.")
    listed = ", ".join(repair.name for repair in repairs.REPAIRS)
    there = f"there are {listed}" if listed else "none is listed in REPAIRS yet"
    raise _wrong(f"there is no repair {name!r}; {there}. {HOW}; one of your own is tried as {OWN}.")


def _of_file(path: str) -> Mapping[str, object]:
    if not os.path.isfile(path):
        raise _wrong(f"there is no file {path}.")
    # Not imported: no bytecode is left beside the file, and none of it stays for others to import.
    return _loaded(path, lambda: runpy.run_path(path, run_name="tried_repair"))


def _of_module(name: str) -> Mapping[str, object]:
    def load() -> Mapping[str, object]:
        try:
            return vars(importlib.import_module(name))
        except ModuleNotFoundError as problem:
            if not f"{name}.".startswith(f"{problem.name}."):  # it is there, and imports what is not
                raise
            raise _wrong(f"Python finds no module {name}; one of your own is tried as {OWN}.") from None

    return _loaded(name, load)


def _loaded(place: str, load: Callable[[], Mapping[str, object]]) -> Mapping[str, object]:
    """What a person's code defines. Whatever it raises is theirs to mend, so it is no traceback of ours."""
    try:
        return load()
    except (UserError, typer.BadParameter):  # a Repair that cannot be one says so itself
        raise
    except (Exception, SystemExit) as problem:
        raise UserError(
            f"{place} cannot be loaded: {type(problem).__name__}: {problem}",
            f"Correct it{_line(problem, place)}, and try again.",
        ) from None


def _line(problem: BaseException, place: str) -> str:
    """Where in the file it failed, if that can be told."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == place]
    if isinstance(problem, SyntaxError) and problem.filename == place:
        lines.append(problem.lineno)
    return f" at line {lines[-1]}" if lines else ""


def _those_in(there: Mapping[str, object]) -> str:
    found = [name for name, value in there.items() if isinstance(value, Repair)]
    return f"it has {', '.join(found)}" if found else f"it has no Repair at all: {HOW}"


def _wrong(what: str) -> typer.BadParameter:
    return typer.BadParameter(visible(what), param_hint="--try-repair")
