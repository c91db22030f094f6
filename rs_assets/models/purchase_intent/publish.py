"""purchase_intent in the lake: training set, model, evaluation and predictions, log date by log date.

Belongs here: which objects each step reads and writes. Does not belong here: what it does with them.

The dates of a week have one cut, so one training set and one model: each is made once and its bytes are
shared by the objects of the week's dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from rs_assets.lake.lineage import Read, Reads, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table
from rs_assets.models.cuts import cut_of, training_window
from rs_assets.models.drift import drift
from rs_assets.models.purchase_intent.artifact import dump, load
from rs_assets.models.purchase_intent.model import VALIDATION, NotTrained, Trained, train
from rs_assets.models.purchase_intent.predict import predict
from rs_assets.models.purchase_intent.training import INPUTS, RECENT, at_positions, training_set
from rs_assets.models.weekly import share, weeks, window

TRAINING, MODEL = "purchase_intent_training", "purchase_intent_model"
EVALUATION, PREDICTIONS = "purchase_intent_evaluation", "purchase_intent_predictions"
DRIFTED = "purchase_intent_drift"
ARTIFACT, VALIDATION_TABLE = "model.bin", "validation.parquet"

COMPARED = [name for name in INPUTS if name not in ("day_of_week", RECENT)]
"""The inputs whose drift says something: a log date has one day of the week, and the training set has all; and paths
of events are too many to be counted."""

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
    DRIFTED: reading(TRAINING, "session_features"),
    PREDICTIONS: reading("purchase_intent_promotion", "session_features"),
}


def publish_training(stage: Stage, log_dates: list[str], on_date: OnDate) -> None:
    """The training set in force on each date: snapshots of the sessions closed in the cut's window."""
    for cut, dates in weeks(stage.pending((TRAINING,), log_dates)):
        on_date(dates[0])
        write_table(_training_set(stage.lake, cut), stage.path(TRAINING, dates[0]))
        share(stage, TRAINING, dates)


def publish_model(stage: Stage, log_dates: list[str], on_date: OnDate, *, threads: int) -> Models:
    """The model in force on each date, as an artifact with a row of facts about it; never fails for want of data."""
    models: Models = {}
    for cut, dates in weeks(stage.pending((MODEL,), log_dates)):
        on_date(dates[0])
        (training,) = stage.lake.require(TRAINING, [dates[0]])
        model = train(pl.read_parquet(training), cut=cut, threads=threads)
        artifact = stage.path(MODEL, dates[0], ARTIFACT)
        with open(artifact, "wb") as file:
            file.write(dump(model))
        write_table(_facts(model, digest(artifact)), stage.path(MODEL, dates[0]))
        said = model.validation if isinstance(model, Trained) else pl.DataFrame(schema=VALIDATION)
        write_table(said, stage.path(MODEL, dates[0], VALIDATION_TABLE))
        share(stage, MODEL, dates, (ARTIFACT, VALIDATION_TABLE, "part.parquet"))
        models.update(dict.fromkeys(dates, model))
    return models


def publish_evaluation(stage: Stage, log_dates: list[str], on_date: OnDate) -> Models:
    """How the model in force on each date did on the last dates before its cut, beside its baselines."""
    models: Models = {}
    for _, dates in weeks(stage.pending((EVALUATION,), log_dates)):
        on_date(dates[0])
        model = load_model(stage.lake, dates[0])
        write_table(_metrics(model), stage.path(EVALUATION, dates[0]))
        share(stage, EVALUATION, dates)
        models.update(dict.fromkeys(dates, model))
    return models


def publish_predictions(
    stage: Stage,
    log_dates: list[str],
    on_date: OnDate,
    champion: Callable[[Lake, str], Trained | NotTrained],
    *,
    threads: int,
) -> None:
    """The probability that each snapshot's session buys later, by the champion on its log date."""
    for log_date in stage.pending((PREDICTIONS,), log_dates):
        on_date(log_date)
        (features,) = stage.lake.require("session_features", [log_date])
        frame = predict(champion(stage.lake, log_date), pl.read_parquet(features), threads=threads)
        write_table(frame, stage.path(PREDICTIONS, log_date))
        stage.finish(PREDICTIONS, log_date)


def publish_drift(stage: Stage, log_dates: list[str], on_date: OnDate) -> dict[str, pl.DataFrame]:
    """How far each log date's snapshots are from those that its challenger learned from."""
    found: dict[str, pl.DataFrame] = {}
    for _, dates in weeks(stage.pending((DRIFTED,), log_dates)):
        (training,) = stage.lake.require(TRAINING, [dates[0]])
        learned = pl.read_parquet(training)
        for log_date in dates:
            on_date(log_date)
            (features,) = stage.lake.require("session_features", [log_date])
            found[log_date] = drift(learned, at_positions(pl.read_parquet(features)), COMPARED)
            day = pl.lit(dt.date.fromisoformat(log_date)).alias("log_date")
            write_table(found[log_date].select(day, pl.all()), stage.path(DRIFTED, log_date))
            stage.finish(DRIFTED, log_date)
    return found


def load_model(lake: Lake, log_date: str) -> Trained | NotTrained:
    """The challenger on a log date.

    Raises:
        UserError: it is not published.
    """
    lake.require(MODEL, [log_date])
    with open(lake.object(MODEL, log_date, ARTIFACT), "rb") as file:
        return load(file.read())


def _training_set(lake: Lake, cut: dt.date) -> pl.DataFrame:
    features, labels = _training_reads(cut.isoformat())
    return training_set(window(lake, features).collect(), window(lake, labels).collect())


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
