"""New files in the right rooms: an event, an importer, a feature, a model, or a company's whole project.

A feature is a dbt model where the project has a dbt folder, else a table in Python.

Belongs here: where files go, and writing them, all or none. Does not belong here: their text (`templates`), the
command (`cli.new`).
"""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rs_assets.errors import UserError
from rs_assets.extending.projects import GROUP, OURS

TEMPLATES = Path(__file__).parent / "templates"
PROJECT_YML = "dbt_project.yml"
KINDS: Mapping[str, str] = {
    "event": "events",
    "importer": "importers",
    "feature": "tables",
    "model": "candidates",
}
"""What can be added to a project, and the room that it goes to."""
IN_OURS: Mapping[str, tuple[str, str]] = {
    "event": ("rs_assets/contract/schemas/events", "rs_assets_tests/contract/events"),
    "importer": ("rs_assets/log/importers", "rs_assets_tests/log/importers"),
    "model": ("rs_assets/models/purchase_intent/candidates", "rs_assets_tests/models/candidates"),
}
"""Where they go in a checkout of rs_assets, with their tests."""
SQL_IN_OURS = ("dbt/models/clickstream", "rs_assets_tests/transform")
"""Where a feature goes there, which is always a dbt model."""


@dataclass(frozen=True)
class Place:
    """The project that a folder is in; `package` is `rs_assets` in a checkout of it."""

    root: Path
    package: str

    @property
    def dbt(self) -> Path:
        """Where its dbt project is, if it has one."""
        return self.root / "dbt" if self.package == OURS.name else self.root / self.package / "dbt"


def place_of(folder: Path) -> Place:
    """The project of a folder, by the nearest pyproject.toml above it.

    Raises:
        UserError: it is in none.
    """
    for root in (folder.absolute(), *folder.absolute().parents):
        if (root / "pyproject.toml").is_file():
            said = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
            named = list(said.get("entry-points", {}).get(GROUP, {}).values())
            if named:
                return Place(root, named[0].partition(":")[0])
            if said.get("name") == "rs_assets":
                return Place(root, "rs_assets")
    raise UserError(
        f"{folder} is in no project of rs_assets.",
        "Start one by `rs-assets new project DIR`, and call it there.",
    )


def add(kind: str, name: str, folder: Path, dbt: bool = False) -> list[Path]:
    """Write the files of an event, an importer, a feature or a model into the project of `folder`.

    Args:
        dbt: whether a feature is to be a dbt model even where there is no dbt folder yet; it is written, too.

    Returns:
        The files, first what is to be filled in.

    Raises:
        UserError: the name is none, or a file is there already.
    """
    _require_name(name)
    place = place_of(folder)
    if kind == "feature" and (dbt or (place.dbt / PROJECT_YML).is_file()):
        return _add_model(name, place)
    ours = place.package == OURS.name
    room, tests = IN_OURS[kind] if ours else (f"{place.package}/{KINDS[kind]}", "tests")
    words = {
        "name": name,
        "NAME": name.upper(),
        "site": name.replace("_", "-"),
        "columns": "rs_assets/lake/columns.toml" if ours else f"{place.package}/columns.toml",
        KINDS[kind]: room.replace("/", "."),
    }
    template = TEMPLATES / kind
    return _write(
        {
            place.root / room / f"{name}.py": _filled(template / "module.py.tmpl", words),
            place.root / tests / f"test_{name}.py": _filled(template / "test.py.tmpl", words),
        }
    )


def _add_model(name: str, place: Place) -> list[Path]:
    models, tests = place.dbt / "models", place.root / "tests"
    if place.package == OURS.name:
        models, tests = (place.root / part for part in SQL_IN_OURS)
    if there := next(iter(sorted(place.dbt.rglob(f"{name}.sql"))), None):
        raise UserError(
            f"{there} is there already; nothing was written.", "Choose another name, or remove it."
        )
    yml = models / f"{name}.yml"
    words = {"name": name, "yml": yml.relative_to(place.root).as_posix(), "package": place.package}
    files = {
        models / f"{name}.sql": _filled(TEMPLATES / "sql" / "model.sql.tmpl", words),
        yml: _filled(TEMPLATES / "sql" / "model.yml.tmpl", words),
        tests / f"test_{name}.py": _filled(TEMPLATES / "sql" / "test.py.tmpl", words),
    }
    if not (place.dbt / PROJECT_YML).is_file():
        own = _filled(TEMPLATES / "dbt" / f"{PROJECT_YML}.tmpl", words)
        files = {place.dbt / PROJECT_YML: own, **files}
    return _write(files)


def start(folder: Path, dbt: bool = False) -> list[Path]:
    """Write a company's own repository into `folder`; its name is that of the package.

    Args:
        dbt: whether it has a dbt project, so that features are SQL.

    Raises:
        UserError: the name is none, or a file is there already.
    """
    package = folder.absolute().name.replace("-", "_")
    _require_name(package)
    root = TEMPLATES / "project"
    files = {}
    for path in sorted(root.rglob("*.tmpl")):
        parts = [package if part == "package" else part for part in path.relative_to(root).parts]
        parts[-1] = {"init.py": "__init__.py", "gitignore": ".gitignore"}.get(path.stem, path.stem)
        words = {"dbt": '    dbt=HERE / "dbt",\n' if dbt else "", "package": package}
        files[folder.joinpath(*parts)] = _filled(path, words)
    if dbt:
        own = _filled(TEMPLATES / "dbt" / f"{PROJECT_YML}.tmpl", {"package": package})
        files[folder / package / "dbt" / PROJECT_YML] = own
    return _write(files)


def _require_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or keyword.iskeyword(name):
        raise UserError(
            f"{name!r} cannot be a module.",
            "Use small letters, digits and underscores, a letter first, 40 at most.",
        )


def _filled(template: Path, words: Mapping[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _write(files: Mapping[Path, str]) -> list[Path]:
    if there := [path for path in files if path.exists()]:
        raise UserError(
            f"{there[0]} is there already; nothing was written.", "Choose another name, or remove it."
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)
