"""purchase_intent in the lake: training set, model, evaluation and predictions, log date by log date.

Belongs here: which objects each step reads and writes. Does not belong here: what it does with them.

The dates of a week have one cut, so one training set and one model: each is made once and its bytes are
shared by the objects of the week's dates.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table
from rs_assets.models.cuts import cut_of, training_window
from rs_assets.models.purchase_intent.artifact import dump, load
from rs_assets.models.purchase_intent.model import NotTrained, Trained, train
from rs_assets.models.purchase_intent.predict import predict
from rs_assets.models.purchase_intent.training import training_set

TRAINING, MODEL = "purchase_intent_training", "purchase_intent_model"
EVALUATION, PREDICTIONS = "purchase_intent_evaluation", "purchase_intent_predictions"
ARTIFACT = "model.bin"

OnDate = Callable[[str], None]


@dataclass(frozen=True)
class Published:
    """What a step published: digest, rows and the model in force by log date."""

    digests: dict[str, str]
    rows: dict[str, int]
    models: dict[str, Trained | NotTrained] = field(default_factory=dict)


def publish_training(lake: Lake, log_dates: list[str], on_date: OnDate) -> Published:
    """The training set in force on each date: snapshots of the sessions closed in the cut's window."""
    rows = {}
    with Stage(lake) as stage:
        for cut, dates in _weeks(log_dates):
            on_date(dates[0])
            frame = _training_set(lake, cut)
            write_table(frame, stage.path(TRAINING, dates[0]))
            _share(stage, TRAINING, dates)
            rows.update(dict.fromkeys(dates, frame.height))
        return _published(stage, rows)


def publish_model(lake: Lake, log_dates: list[str], on_date: OnDate, *, threads: int) -> Published:
    """The model in force on each date, as an artifact with a row of facts about it; never fails for want of data."""
    rows: dict[str, int] = {}
    models: dict[str, Trained | NotTrained] = {}
    with Stage(lake) as stage:
        for cut, dates in _weeks(log_dates):
            on_date(dates[0])
            (training,) = lake.require(TRAINING, [dates[0]])
            model = train(pl.read_parquet(training), cut=cut, threads=threads)
            artifact = stage.path(MODEL, dates[0], ARTIFACT)
            with open(artifact, "wb") as file:
                file.write(dump(model))
            write_table(_facts(model, digest(artifact)), stage.path(MODEL, dates[0]))
            _share(stage, MODEL, dates, (ARTIFACT, "part.parquet"))
            rows.update(dict.fromkeys(dates, 1))
            models.update(dict.fromkeys(dates, model))
        return _published(stage, rows, models)


def publish_evaluation(lake: Lake, log_dates: list[str], on_date: OnDate) -> Published:
    """How the model in force on each date did on the last dates before its cut, beside its baselines."""
    rows: dict[str, int] = {}
    models: dict[str, Trained | NotTrained] = {}
    with Stage(lake) as stage:
        for _, dates in _weeks(log_dates):
            on_date(dates[0])
            model = load_model(lake, dates[0])
            metrics = _metrics(model)
            write_table(metrics, stage.path(EVALUATION, dates[0]))
            _share(stage, EVALUATION, dates)
            rows.update(dict.fromkeys(dates, metrics.height))
            models.update(dict.fromkeys(dates, model))
        return _published(stage, rows, models)


def publish_predictions(lake: Lake, log_dates: list[str], on_date: OnDate, *, threads: int) -> Published:
    """The probability that each snapshot's session buys later, by the model in force on its log date."""
    rows = {}
    with Stage(lake) as stage:
        for _, dates in _weeks(log_dates):
            model = load_model(lake, dates[0])
            for log_date in dates:
                on_date(log_date)
                (features,) = lake.require("session_features", [log_date])
                frame = predict(model, pl.read_parquet(features), threads=threads)
                write_table(frame, stage.path(PREDICTIONS, log_date))
                rows[log_date] = frame.height
        return _published(stage, rows)


def load_model(lake: Lake, log_date: str) -> Trained | NotTrained:
    """The model in force on a log date.

    Raises:
        UserError: it is not published.
    """
    lake.require(MODEL, [log_date])
    with open(lake.object(MODEL, log_date, ARTIFACT), "rb") as file:
        return load(file.read())


def _weeks(log_dates: list[str]) -> Iterator[tuple[dt.date, list[str]]]:
    for cut, dates in itertools.groupby(log_dates, lambda day: cut_of(dt.date.fromisoformat(day))):
        yield cut, list(dates)


def _training_set(lake: Lake, cut: dt.date) -> pl.DataFrame:
    first, last = training_window(cut)
    window = [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    # A session that closed on the window's first date may have begun on the one before.
    before = (first - dt.timedelta(days=1)).isoformat()
    return training_set(
        _read(lake, "session_features", [before, *window]), _read(lake, "session_labels", window)
    )


def _read(lake: Lake, asset: str, log_dates: list[str]) -> pl.DataFrame:
    objects = lake.objects(asset, log_dates)
    if objects:
        return pl.concat(pl.read_parquet(path) for path in objects)
    # No date of the window was ever replayed (it lies before the log begins): an empty table of its shape.
    return pl.read_parquet(lake.objects(asset, lake.log_dates(asset)[:1])[0]).clear()


FACTS = {
    "cut": pl.Date,
    "model": pl.String,
    "reason": pl.String,
    "rows": pl.Int64,
    "positives": pl.Int64,
    "pr_auc": pl.Float64,
    "artifact_digest": pl.String,
}
METRICS = {"candidate": pl.String, "slice": pl.String, "metric": pl.String, "value": pl.Float64}


def _facts(model: Trained | NotTrained, artifact: str) -> pl.DataFrame:
    """One row: what is in force, or why nothing is."""
    if isinstance(model, Trained):
        card = model.card
        row = (
            model.cut,
            card.chosen,
            None,
            card.rows,
            card.positives,
            card.evaluation.value("pr_auc"),
            artifact,
        )
        return pl.DataFrame([row], schema=FACTS, orient="row")
    row_without = (model.cut, None, model.reason, model.rows, model.positives, None, artifact)
    return pl.DataFrame([row_without], schema=FACTS, orient="row")


def _metrics(model: Trained | NotTrained) -> pl.DataFrame:
    if isinstance(model, Trained):
        frame, chosen = model.card.evaluation.to_frame(), model.card.chosen
    else:
        frame, chosen = pl.DataFrame(schema=METRICS), None
    columns = [pl.col(name).cast(dtype) for name, dtype in METRICS.items()]
    return frame.select(pl.lit(model.cut).alias("cut"), pl.lit(chosen, pl.String).alias("model"), *columns)


def _share(stage: Stage, asset: str, dates: list[str], names: tuple[str, ...] = ("part.parquet",)) -> None:
    """Give the first date's objects to the others: the same bytes, stored once."""
    for name, log_date in itertools.product(names, dates[1:]):
        os.link(stage.path(asset, dates[0], name), stage.path(asset, log_date, name))


def _published(
    stage: Stage, rows: dict[str, int], models: dict[str, Trained | NotTrained] | None = None
) -> Published:
    digests = {log_date: found for (_, log_date), found in stage.publish().items()}
    return Published(digests, rows, models or {})
