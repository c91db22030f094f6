"""Projects: what rs_assets is made of, and what a company adds to it.

Belongs here: `Project`, ours, and finding those installed. Does not belong here: what they declare (`rooms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from rs_assets.errors import UserError

GROUP = "rs_assets.projects"
PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Project:
    """What a package adds. Its rooms are modules, or packages of modules, named and not imported until needed.

    Attributes:
        name: the package's.
        sites: those that may send, where RS_SITES names none; all may if there are none.
        events: a room of event types (`rs_assets.contract.schemas.event_type.event_type`).
        importers: a room of importers (`rs_assets.log.importers.importer.Importer`).
        repairs: a room of repairs (`rs_assets.contract.repairs.repair.Repair`).
        candidates: a room of candidates of purchase_intent (`models.purchase_intent.candidate.Candidate`).
        tables: a room of tables, each an asset (`rs_assets.extending.table`). It is imported with the graph: import
            polars and the like inside of functions there.
        dbt: the folder of a dbt project, whose models are assets beside ours and may read them. rs_assets' own is a
            package of it.
        graph: a module with `definitions(partitions)`, which gives any other Dagster definitions.
        columns: a TOML file that says what columns mean, as `rs_assets/lake/columns.toml` does.
        alert_rules: a TOML file of thresholds, where RS_ALERT_RULES names none.
        notifiers: of schemes of RS_ALERT_URLS, what sends there (`rs_assets.alerts.notifier.Notifier`): a name, as
            `acme_assets.pager:send`.
        executors: of names for RS_EXECUTOR, a Dagster executor, named in the same way.
    """

    name: str
    sites: tuple[str, ...] = ()
    events: str = ""
    importers: str = ""
    repairs: str = ""
    candidates: str = ""
    tables: str = ""
    dbt: Path | None = None
    graph: str = ""
    columns: Path | None = None
    alert_rules: Path | None = None
    notifiers: Mapping[str, str] = field(default_factory=dict)
    executors: Mapping[str, str] = field(default_factory=dict)


OURS = Project(
    "rs_assets",
    events="rs_assets.contract.schemas.events",
    importers="rs_assets.log.importers",
    candidates="rs_assets.models.purchase_intent.candidates",
    dbt=PACKAGE.parent / "dbt",
    columns=PACKAGE / "lake" / "columns.toml",
)


@lru_cache(maxsize=1)
def projects() -> tuple[Project, ...]:
    """Ours, then those that are installed, by name.

    Raises:
        UserError: one cannot be loaded, or is no Project.
    """
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return (OURS, *(_load(point) for point in dict.fromkeys(found)))


def _load(point: EntryPoint) -> Project:
    where = f"The project {point.name} ({point.value})"
    hint = "Mend it, or uninstall its package."
    try:
        found = point.load()
    except Exception as problem:  # whatever a company's module raises, the person is told which one it was
        raise UserError(f"{where} cannot be loaded: {problem}", hint) from problem
    if not isinstance(found, Project):
        raise UserError(f"{where} is a {type(found).__name__}, no rs_assets.extending.Project.", hint)
    return found


def named(kind: Literal["notifiers", "executors"], name: str) -> object | None:
    """What a project names so; None if none does. It is imported now.

    Raises:
        UserError: it is not where the project says.
    """
    for project in projects():
        if place := getattr(project, kind).get(name):
            module, _, attribute = place.partition(":")
            try:
                found: object = getattr(import_module(module), attribute)
            except Exception as problem:  # of a company's code: the person is told where
                raise UserError(
                    f"The project {project.name} has {name} of its {kind} in {place}, which cannot be had: {problem}",
                    "Write it as `package.module:name`, and mend that module.",
                ) from problem
            return found
    return None
