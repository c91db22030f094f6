"""A mirror of champions in an MLflow registry, for those who look there.

Belongs here: telling MLflow what the lake says. Does not belong here: deciding anything; the lake is the registry,
and what MLflow says is never read back, but for what it has already.

A champion is one version of the registered model `<environment>.<model>`: its artifact and card, its metrics, where
it comes from. The alias `champion` points at who serves. Telling the same twice changes nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from rs_assets.lake.paths import Lake
from rs_assets.models.promotion import CHAMPION, Standing
from rs_assets.models.promotion.publish import Family
from rs_assets.models.promotion.registry import turns

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRACKING = "MLFLOW_TRACKING_URI"
ALIAS = "champion"
DIGEST = "rs_assets.artifact"
"""The tag by which a version that is there is known again."""
UNREACHED_AFTER = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Seconds and tries, where nobody has said otherwise: MLflow's own would hold a run up for minutes."""


@dataclass(frozen=True)
class Mirrored:
    """What was told: the registered model, the version that serves, and how many versions are new."""

    model: str
    version: str
    new: int


def mirror(lake: Lake, family: Family, uri: str) -> Mirrored | None:
    """Tell MLflow of every champion that it has not yet, and which one serves; None while nobody does.

    Raises:
        mlflow.exceptions.MlflowException: it does not answer, or refuses.
    """
    champions = list(_champions(lake, family))
    if not champions:
        return None
    for name, value in UNREACHED_AFTER.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    client = MlflowClient(uri, uri)
    model = f"{lake.environment}.{family.name}"
    known = _known(client, model)
    new = [one for one in champions if str(one[1].artifact) not in known]
    for log_date, standing in new:
        known[str(standing.artifact)] = _told(client, model, lake, family, log_date, standing)
    serving = known[str(champions[-1][1].artifact)]
    client.set_registered_model_alias(model, ALIAS, serving)
    return Mirrored(model, serving, len(new))


def _champions(lake: Lake, family: Family) -> Iterator[tuple[str, Standing]]:
    """The first log date of each champion, and its standing, in order; the last one serves."""
    before = None
    for turn in turns(lake, family):
        if turn.standing.champion is not None and turn.standing.artifact != before:
            before = turn.standing.artifact
            yield turn.first, turn.standing


def _known(client: MlflowClient, model: str) -> dict[str, str]:
    """The versions that are there, by their artifacts' digests."""
    if not client.search_registered_models(f"name = '{model}'"):
        client.create_registered_model(model, description="Mirrored from the lake of rs_assets.")
    found = client.search_model_versions(f"name = '{model}'")
    return {version.tags[DIGEST]: str(version.version) for version in found if DIGEST in version.tags}


def _told(
    client: MlflowClient, model: str, lake: Lake, family: Family, log_date: str, standing: Standing
) -> str:
    """A run with the champion's artifact, and a version of it; returns the version."""
    experiment = client.get_experiment_by_name(model)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(model)
    run = client.create_run(experiment_id, run_name=f"{family.name} of {standing.champion}")
    run_id = run.info.run_id
    for name, value in _params(standing).items():
        client.log_param(run_id, name, value)
    for name, number in _metrics(lake, family, log_date).items():
        client.log_metric(run_id, name, number)
    client.log_artifact(run_id, lake.object(family.promotion, log_date, CHAMPION))
    with tempfile.TemporaryDirectory() as folder:
        for page in (Path(lake.object("model_card", log_date, f"{family.name}.html")),):
            if page.exists():
                copy = Path(folder) / "model_card.html"
                copy.write_bytes(page.read_bytes())
                client.log_artifact(run_id, str(copy))
    client.set_terminated(run_id)
    version = client.create_model_version(
        model,
        source=f"{run.info.artifact_uri}/{CHAMPION}",
        run_id=run_id,
        tags={DIGEST: str(standing.artifact), "cut": str(standing.champion), "by": standing.by},
        description="; ".join(standing.reasons),
    )
    return str(version.version)


def _params(standing: Standing) -> dict[str, str]:
    return {
        "cut": str(standing.champion),
        "training": standing.training or "-",
        "code": standing.code or "-",
        "artifact": standing.artifact or "-",
    }


def _metrics(lake: Lake, family: Family, log_date: str) -> Mapping[str, float]:
    """Of the evaluation of the log date on which it took over: the numbers over all, by candidate and site."""
    evaluation = f"{family.name}_evaluation"
    if not lake.has(evaluation, log_date):
        return {}
    found = pl.read_parquet(lake.object(evaluation, log_date), glob=False).filter(pl.col("slice") == "all")
    if "metric" not in found.columns:
        found = found.unpivot(
            ["hit_rate", "mrr"], index=["site", "candidate"], variable_name="metric", value_name="value"
        )
    by = [name for name in ("site", "candidate", "metric") if name in found.columns]
    rows = found.drop_nulls("value").select(pl.concat_str(by, separator="/").alias("name"), "value")
    return dict(rows.iter_rows())
