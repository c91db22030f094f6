"""What an asset's page says of it besides its data: who answers for it, how fresh it is to be, where its code is.

Belongs here: what holds for all assets alike. Does not belong here: metadata of a materialization (`previews`).
"""

import datetime as dt
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import dagster as dg

from rs_assets.defs.jobs import DAILY_HOURS
from rs_assets.extending import projects

Asset: TypeAlias = dg.AssetsDefinition | dg.SourceAsset | dg.AssetSpec


def described(assets: Iterable[Asset], owners: Iterable[str], daily_at: tuple[int, int]) -> list[Asset]:
    """The assets, those that are made here with owners, a freshness policy and a link to their source.

    Args:
        owners: e-mail addresses, or `team:` and a name.
        daily_at: hour and minute, UTC, when the daily run starts.
    """
    owners, fresh = list(owners), _fresh(*daily_at)
    return [
        _with_pages(one, owners, fresh) if isinstance(one, dg.AssetsDefinition) else one for one in assets
    ]


def _fresh(hour: int, minute: int) -> dg.FreshnessPolicy:
    # A partition is a log date, and what is looked at is the time of any materialization: a replay of old dates
    # makes an asset fresh, too. That a log date is missing is a rule of the alerts.
    deadline = f"{minute} {(hour + DAILY_HOURS) % 24} * * *"
    return dg.FreshnessPolicy.cron(deadline, lower_bound_delta=dt.timedelta(hours=DAILY_HOURS))


def _with_pages(
    assets: dg.AssetsDefinition, owners: list[str], fresh: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    return assets.map_asset_specs(lambda spec: _described(spec, _source(spec, assets), owners, fresh))


def _described(
    spec: dg.AssetSpec,
    source: dg.LocalFileCodeReference | None,
    owners: list[str],
    fresh: dg.FreshnessPolicy,
) -> dg.AssetSpec:
    code = (
        {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[source])}
        if source
        else {}
    )
    return spec.replace_attributes(owners=owners, freshness_policy=fresh, metadata={**spec.metadata, **code})


def _source(spec: dg.AssetSpec, assets: dg.AssetsDefinition) -> dg.LocalFileCodeReference | None:
    """A model's SQL, else the function that makes the asset."""
    name = spec.key.path[-1]
    folders = (project.dbt for project in projects() if project.dbt)
    sql = next((path for folder in folders for path in folder.glob(f"models/**/{name}.sql")), None)
    if sql is not None:
        return dg.LocalFileCodeReference(file_path=str(sql), line_number=1, label=f"{name}.sql")
    function = getattr(assets.op.compute_fn, "decorated_fn", None)
    path = inspect.getsourcefile(function) if function else None
    if function is None or path is None:
        return None
    line = function.__code__.co_firstlineno
    return dg.LocalFileCodeReference(file_path=path, line_number=line, label=Path(path).name)
