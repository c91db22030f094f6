"""dbt projects: where each is, and where what is made of it ahead is kept.

Belongs here: the places, and reading them. Does not belong here: preparing them (`transform.manifest`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rs_assets.errors import UserError

Lineages: TypeAlias = dict[str, dict[str, list[tuple[str, str]]]]
"""Of each model each column: the tables and columns that it comes from."""


@dataclass(frozen=True)
class DbtFolder:
    """A dbt project.

    Attributes:
        folder: with `dbt_project.yml`; it may lie on a read-only disk.
        target: for what dbt and we make of it.
    """

    folder: Path
    target: Path

    @property
    def manifest(self) -> Path:
        """The project as dbt parsed it."""
        return self.target / "manifest.json"

    @property
    def lineage(self) -> Path:
        """`Lineages`, as JSON."""
        return self.target / "column_lineage.json"

    def read(self) -> Mapping[str, Any]:
        """The manifest.

        Raises:
            UserError: it has not been prepared; it is never parsed at load, which takes seconds.
        """
        if not self.manifest.exists():
            raise UserError(f"dbt's manifest is not prepared ({self.manifest}).", "Run `make manifest`.")
        found: Mapping[str, Any] = json.loads(self.manifest.read_bytes())
        return found

    def lineages(self) -> Lineages:
        """Where the columns of models come from; empty where dbt alone has made the manifest."""
        found: Lineages = json.loads(self.lineage.read_bytes()) if self.lineage.exists() else {}
        return found


def our_dbt(home: str) -> DbtFolder:
    """rs_assets' own."""
    return DbtFolder(Path(__file__).parents[2] / "dbt", Path(home) / "dbt")
