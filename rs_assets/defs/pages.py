"""What an asset's page says of it besides its data: who answers for it, how fresh it is to be, where its code, its
documentation and its objects are, whether it tells of persons.

Belongs here: what holds for all assets alike. Does not belong here: metadata of a materialization (`previews`).
"""

import datetime as dt
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import dagster as dg

from rs_assets.defs.jobs import DAILY_HOURS
from rs_assets.extending import Table, declared, projects
from rs_assets.settings import Settings

Asset: TypeAlias = dg.AssetsDefinition | dg.SourceAsset | dg.AssetSpec

ROOT = Path(__file__).parents[2]
OURS = (ROOT / "rs_assets", ROOT / "dbt")
DOCS = ROOT / "docs"
COMPANYS_DOCS = "extending.md"
"""That of what a company's project adds."""
GROUP_DOCS = {
    "log": "your-own-logs.md",
    "events": "new-event.md",
    "sessions": "new-feature.md",
    "features": "new-feature.md",
    "purchase_intent": "models.md",
    "next_item": "models.md",
    "models": "models.md",
}
"""The page of the documentation that goes with each group of ours."""
ASSET_DOCS = {
    "decisions": "models.md",
    "quarantine_report": "when-it-breaks.md",
    "alerts": "alerts.md",
    "site_shapes": "alerts.md",
    "funnel_daily": "new-feature.md",
    "item_stats": "new-feature.md",
    "box_report": "boxes.md",
}
"""Those of assets whose own goes before their group's."""
PERSONAL = {"rs_assets/personal_data": "true"}
"""The tag of what tells of persons: what an erasure reaches."""
OF_PERSONS = (
    "raw_events",
    "valid_events",
    "quarantined_events",
    "session_events",
    "sessions",
    "session_labels",
)
"""Assets with ids of clients or of users, or with what was sent."""
NOT_IN_THE_LAKE = ("box_report",)


def described(assets: Iterable[Asset], settings: Settings) -> list[Asset]:
    """The assets with owners, where they lie, links to source and documentation; and those made here are to be fresh.

    The raw log's own page is made where it is declared: Dagster gives an observed source no owners.
    """
    owners, fresh = list(settings.owners), _fresh(*settings.daily_at)
    found: list[Asset] = []
    for one in assets:
        if isinstance(one, dg.AssetSpec):
            place = {"dagster/uri": settings.decisions, **references(None, one.key.path[-1], one.group_name)}
            one = one.replace_attributes(owners=owners, metadata={**one.metadata, **place})
        elif isinstance(one, dg.AssetsDefinition):
            lake = f"{settings.lake}/{settings.environment}"
            one = _with_pages(one, owners, fresh, lake)
        found.append(one)
    return found


def references(
    source: dg.LocalFileCodeReference | None, asset: str, group: str | None
) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Links to the source of an asset and to the page that tells of it, where each of them is."""
    ours = source is None or any(Path(source.file_path).is_relative_to(folder) for folder in OURS)
    told = DOCS / (ASSET_DOCS.get(asset) or GROUP_DOCS.get(group or "", "") if ours else COMPANYS_DOCS)
    docs = dg.LocalFileCodeReference(file_path=str(told), line_number=1, label=f"docs/{told.name}")
    there = told.is_file()  # an installed wheel has no docs
    found: list[dg.LocalFileCodeReference | dg.UrlCodeReference] = []
    found += [one for one in (source, docs if there else None) if one]
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=found)} if found else {}


def _fresh(hour: int, minute: int) -> dg.FreshnessPolicy:
    # A partition is a log date, and what is looked at is the time of any materialization: a replay of old dates
    # makes an asset fresh, too. That a log date is missing is a rule of the alerts.
    deadline = f"{minute} {(hour + DAILY_HOURS) % 24} * * *"
    return dg.FreshnessPolicy.cron(deadline, lower_bound_delta=dt.timedelta(hours=DAILY_HOURS))


def _with_pages(
    assets: dg.AssetsDefinition, owners: list[str], fresh: dg.FreshnessPolicy, lake: str
) -> dg.AssetsDefinition:
    def with_page(spec: dg.AssetSpec) -> dg.AssetSpec:
        name = spec.key.path[-1]
        place = {} if name in NOT_IN_THE_LAKE else {"dagster/uri": f"{lake}/{name}"}
        return spec.replace_attributes(
            owners=owners,
            freshness_policy=fresh,
            metadata={**spec.metadata, **place, **references(_source(spec, assets), name, spec.group_name)},
            tags={**spec.tags, **(PERSONAL if name in OF_PERSONS else {})},
        )

    return assets.map_asset_specs(with_page)


def _source(spec: dg.AssetSpec, assets: dg.AssetsDefinition) -> dg.LocalFileCodeReference | None:
    """A model's SQL, else the function that makes the asset: of a company's table, the company's."""
    name = spec.key.path[-1]
    folders = (project.dbt for project in projects() if project.dbt)
    sql = next((path for folder in folders for path in folder.glob(f"models/**/{name}.sql")), None)
    if sql is not None:
        return dg.LocalFileCodeReference(file_path=str(sql), line_number=1, label=f"{name}.sql")
    built = next((table.build for table in declared("tables", Table) if table.name == name), None)
    function = built or getattr(assets.op.compute_fn, "decorated_fn", None)
    path = inspect.getsourcefile(function) if function else None
    if function is None or path is None:
        return None
    line = function.__code__.co_firstlineno
    return dg.LocalFileCodeReference(file_path=path, line_number=line, label=Path(path).name)
