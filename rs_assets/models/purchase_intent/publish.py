"""purchase_intent in the lake: training set, model, evaluation and predictions, log date by log date.

Belongs here: which objects each step reads and writes. Does not belong here: what it does with them.

The dates of a week have one cut, so one training set and one model: each is made once and its bytes are
shared by the objects of the week's dates.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterable, Iterator

import polars as pl

from rs_assets.lake.lineage import Read, Reads, reading
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
Models = dict[str, Trained | NotTrained]
"""The model in force by log date, of the log dates that were made; the stage may keep others."""


def _training_reads(log_date: str) -> tuple[Read, ...]:
    """A session that closed on the window's first date may have begun on the one before."""
    first, last = training_window(cut_of(dt.date.fromisoformat(log_date)))
    before = (first - dt.timedelta(days=1)).isoformat()
    return (
        Read("session_features", before, last.isoformat()),
        Read("session_labels", first.isoformat(), last.isoformat()),
    )


READS: dict[str, Reads] = {
    TRAINING: _training_reads,
    MODEL: reading(TRAINING),
    EVALUATION: reading(MODEL),
    PREDICTIONS: reading(MODEL, "session_features"),
}


def publish_training(stage: Stage, log_dates: list[str], on_date: OnDate) -> None:
    """The training set in force on each date: snapshots of the sessions closed in the cut's window."""
    for cut, dates in _weeks(stage.pending((TRAINING,), log_dates)):
        on_date(dates[0])
        write_table(_training_set(stage.lake, cut), stage.path(TRAINING, dates[0]))
        _share(stage, TRAINING, dates)


def publish_model(stage: Stage, log_dates: list[str], on_date: OnDate, *, threads: int) -> Models:
    """The model in force on each date, as an artifact with a row of facts about it; never fails for want of data."""
    models: Models = {}
    for cut, dates in _weeks(stage.pending((MODEL,), log_dates)):
        on_date(dates[0])
        (training,) = stage.lake.require(TRAINING, [dates[0]])
        model = train(pl.read_parquet(training), cut=cut, threads=threads)
        artifact = stage.path(MODEL, dates[0], ARTIFACT)
        with open(artifact, "wb") as file:
            file.write(dump(model))
        write_table(_facts(model, digest(artifact)), stage.path(MODEL, dates[0]))
        _share(stage, MODEL, dates, (ARTIFACT, "part.parquet"))
        models.update(dict.fromkeys(dates, model))
    return models


def publish_evaluation(stage: Stage, log_dates: list[str], on_date: OnDate) -> Models:
    """How the model in force on each date did on the last dates before its cut, beside its baselines."""
    models: Models = {}
    for _, dates in _weeks(stage.pending((EVALUATION,), log_dates)):
        on_date(dates[0])
        model = load_model(stage.lake, dates[0])
        write_table(_metrics(model), stage.path(EVALUATION, dates[0]))
        _share(stage, EVALUATION, dates)
        models.update(dict.fromkeys(dates, model))
    return models


def publish_predictions(stage: Stage, log_dates: list[str], on_date: OnDate, *, threads: int) -> None:
    """The probability that each snapshot's session buys later, by the model in force on its log date."""
    for _, dates in _weeks(stage.pending((PREDICTIONS,), log_dates)):
        model = load_model(stage.lake, dates[0])
        for log_date in dates:
            on_date(log_date)
            (features,) = stage.lake.require("session_features", [log_date])
            frame = predict(model, pl.read_parquet(features), threads=threads)
            write_table(frame, stage.path(PREDICTIONS, log_date))
            stage.finish(PREDICTIONS, log_date)


def load_model(lake: Lake, log_date: str) -> Trained | NotTrained:
    """The model in force on a log date.

    Raises:
        UserError: it is not published.
    """
    lake.require(MODEL, [log_date])
    with open(lake.object(MODEL, log_date, ARTIFACT), "rb") as file:
        return load(file.read())


def _weeks(log_dates: Iterable[str]) -> Iterator[tuple[dt.date, list[str]]]:
    for cut, dates in itertools.groupby(log_dates, lambda day: cut_of(dt.date.fromisoformat(day))):
        yield cut, list(dates)


def _training_set(lake: Lake, cut: dt.date) -> pl.DataFrame:
    features, labels = _training_reads(cut.isoformat())
    return training_set(_read(lake, features), _read(lake, labels))


def _read(lake: Lake, read: Read) -> pl.DataFrame:
    published = lake.log_dates(read.asset)
    objects = lake.objects(read.asset, [d for d in published if read.first <= d <= read.last])
    if objects:
        return pl.concat(pl.read_parquet(path) for path in objects)
    # No date of the window was ever replayed (it lies before the log begins): an empty table of its shape.
    return pl.read_parquet(lake.objects(read.asset, published[:1])[0]).clear()


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
    """Give the first date's files to the others: the same bytes, stored once."""
    for name, log_date in itertools.product(names, dates[1:]):
        os.link(stage.path(asset, dates[0], name), stage.path(asset, log_date, name))
    for log_date in dates:
        stage.finish(asset, log_date)
