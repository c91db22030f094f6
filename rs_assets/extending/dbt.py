"""dbt projects, ours and companies': where each is, and where what is made of it ahead is kept.

Belongs here: the places, and reading them. Does not belong here: preparing them (`transform.manifest`).

rs_assets' dbt project is a package of a company's: its models, sources and macros are there as those of any package
(`ref('sessions')`, `source('lake', 'valid_events')`), and so is its profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from rs_assets.errors import UserError
from rs_assets.extending.projects import OURS, projects

Node: TypeAlias = Mapping[str, Any]
"""What dbt's manifest says of a model."""
Lineages: TypeAlias = dict[str, dict[str, list[tuple[str, str]]]]
"""Of each model each column: the tables and columns that it comes from."""


@dataclass(frozen=True)
class DbtFolder:
    """A dbt project.

    Attributes:
        project: whose it is.
        folder: with `dbt_project.yml`; it may lie on a read-only disk.
        target: for what dbt and we make of it.
        base: our dbt project, of a company's.
    """

    project: str
    folder: Path
    target: Path
    base: Path | None = None

    @property
    def manifest(self) -> Path:
        """The project as dbt parsed it."""
        return self.target / "manifest.json"

    @property
    def lineage(self) -> Path:
        """`Lineages`, as JSON."""
        return self.target / "column_lineage.json"

    @property
    def profiles(self) -> Path:
        """The folder with `profiles.yml`."""
        return self.base or self.folder

    @property
    def packages(self) -> Path:
        """The folder with links to the packages of the project (RS_DBT_PACKAGES in its `dbt_project.yml`)."""
        return self.target / "packages"

    def files(self, ending: str) -> Iterator[Path]:
        """The project's own files of a kind, as `sql`, those of packages left out."""
        for path in sorted(self.folder.rglob(f"*.{ending}")):
            if "dbt_packages" not in path.relative_to(self.folder).parts:
                yield path

    def read(self) -> Node:
        """The manifest.

        Raises:
            UserError: it has not been prepared; it is never parsed at load, which takes seconds.
        """
        if not self.manifest.exists():
            raise UserError(
                f"dbt's manifest is not prepared ({self.manifest}).",
                "Run `make manifest`; `rs-assets replay` does so as well.",
            )
        return _read(self.manifest, self.manifest.stat().st_mtime_ns)

    def models(self) -> Iterator[Node]:
        """The project's own models, by name; those of packages are none.

        Raises:
            UserError: see `read`.
        """
        manifest = self.read()
        own = manifest["metadata"]["project_name"]
        found = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
        yield from sorted(
            (node for node in found if node["package_name"] == own), key=lambda n: str(n["name"])
        )

    def lineages(self) -> Lineages:
        """Where the columns of models come from; empty where dbt alone has made the manifest."""
        found: Lineages = json.loads(self.lineage.read_bytes()) if self.lineage.exists() else {}
        return found


def our_dbt(home: str) -> DbtFolder:
    """rs_assets' own."""
    assert OURS.dbt is not None
    return DbtFolder(OURS.name, OURS.dbt, Path(home) / "dbt")


def dbt_folders(home: str) -> tuple[DbtFolder, ...]:
    """Ours, then those of companies' projects; what is made of them is kept in `home`.

    Raises:
        UserError: a folder is no dbt project.
    """
    ours = our_dbt(home)
    found = [ours]
    for project in projects():
        if project.dbt is None or project is OURS:
            continue
        if not (project.dbt / "dbt_project.yml").is_file():
            raise UserError(
                f"The project {project.name} has its dbt project in {project.dbt}, where no dbt_project.yml is.",
                "Write one (`rs-assets new feature NAME --dbt` does), or leave `dbt=` out of the project.",
            )
        found.append(DbtFolder(project.name, project.dbt, Path(home) / f"dbt-{project.name}", ours.folder))
    return tuple(found)


def meta_of(node: Node) -> dict[str, Any]:
    """A model's `meta`."""
    return dict(node.get("config", {}).get("meta") or node.get("meta") or {})


def key_of_model(model: str) -> tuple[str, ...] | None:
    """The `meta.key` of a dbt model of any project, as its YAML says; None where there is none."""
    return _keys().get(model)


@lru_cache(maxsize=1)
def _keys() -> Mapping[str, tuple[str, ...]]:
    import yaml

    found: dict[str, tuple[str, ...]] = {}
    for folder in dbt_folders(""):  # what is made of them is not looked at
        for path in folder.files("yml"):
            said = yaml.safe_load(path.read_text(encoding="utf-8"))
            for model in (said.get("models") if isinstance(said, dict) else None) or ():
                if isinstance(model, dict) and (key := meta_of(model).get("key")):
                    found[str(model["name"])] = tuple(key)
    return found


@lru_cache(maxsize=8)
def _read(path: Path, made: int) -> Node:
    found: Node = json.loads(path.read_bytes())
    return found
