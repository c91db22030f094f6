"""next_item in the lake: training set, model, evaluation and recommendations, log date by log date.

Belongs here: which objects each step reads and writes. Does not belong here: what it does with them, or who is the
champion (`promotion`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from rs_assets.lake.lineage import Read, Reads, days_before, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import digest, write_table
from rs_assets.models.cuts import cut_of, training_window
from rs_assets.models.next_item.artifact import dump
from rs_assets.models.next_item.events import LOOKED_AT, ORDER, item_events
from rs_assets.models.next_item.model import NextItem
from rs_assets.models.next_item.rehearsal import Rehearsal, rehearse
from rs_assets.models.next_item.training import train
from rs_assets.models.weekly import share, weeks, window

TRAINING, MODEL = "next_item_training", "next_item_model"
EVALUATION, RECOMMENDED = "next_item_evaluation", "recommendations"
ARTIFACT, REHEARSAL, VERDICTS_TABLE = "model.bin", "rehearsal.bin", "verdicts.parquet"

OnDate = Callable[[str], None]


def _training_reads(log_date: str) -> tuple[Read, ...]:
    """A session that closed on the window's first date may have begun on the one before."""
    first, last = training_window(cut_of(dt.date.fromisoformat(log_date)))
    before = (first - dt.timedelta(days=1)).isoformat()
    return (
        Read("session_events", before, last.isoformat()),
        Read("sessions", first.isoformat(), last.isoformat()),
    )


READS: dict[str, Reads] = {
    TRAINING: _training_reads,
    MODEL: reading(TRAINING),
    EVALUATION: reading(TRAINING),
    RECOMMENDED: reading("next_item_promotion", days_before("session_events", 1)),
}

FACTS = {
    "cut": pl.Date,
    "site": pl.String,
    "chosen": pl.String,
    "reason": pl.String,
    "sessions": pl.Int64,
    "steps": pl.Int64,
    "items": pl.Int64,
    "artifact_digest": pl.String,
}
"""A row a site that the model knows; `reason` says why it is recommended what is popular, where it is."""
LISTS = ("session_id", "position", "site", "item_ids", "scores", "model", "cut")
"""`position` is how many items the session has met; `item_ids` the likeliest first, each with its score."""


def publish_training(stage: Stage, log_dates: list[str], on_date: OnDate) -> None:
    """The training set in force on each date: what the sessions met that closed in the cut's window."""
    for cut, dates in weeks(stage.pending((TRAINING,), log_dates)):
        on_date(dates[0])
        write_table(training_set(stage.lake, cut), stage.path(TRAINING, dates[0]))
        share(stage, TRAINING, dates)


def publish_model(stage: Stage, log_dates: list[str], on_date: OnDate) -> dict[str, NextItem]:
    """The challenger on each date, as an artifact with a row of facts a site; never fails for want of data."""
    models: dict[str, NextItem] = {}
    for cut, dates in weeks(stage.pending((MODEL,), log_dates)):
        on_date(dates[0])
        model = train(_training(stage.lake, dates[0]), cut=cut)
        artifact = stage.path(MODEL, dates[0], ARTIFACT)
        with open(artifact, "wb") as file:
            file.write(dump(model))
        write_table(_facts(model, digest(artifact)), stage.path(MODEL, dates[0]))
        share(stage, MODEL, dates, (ARTIFACT, "part.parquet"))
        models.update(dict.fromkeys(dates, model))
    return models


def publish_evaluation(stage: Stage, log_dates: list[str], on_date: OnDate) -> dict[str, Rehearsal]:
    """How a model trained without the window's last dates does on them: metrics, and the verdict of every gate."""
    found: dict[str, Rehearsal] = {}
    for cut, dates in weeks(stage.pending((EVALUATION,), log_dates)):
        on_date(dates[0])
        rehearsal = rehearse(_training(stage.lake, dates[0]), cut)
        with open(stage.path(EVALUATION, dates[0], REHEARSAL), "wb") as file:
            file.write(dump(rehearsal.model))
        label = pl.lit(cut).alias("cut")
        evaluation = rehearsal.evaluation
        write_table(evaluation.metrics.select(label, pl.all()), stage.path(EVALUATION, dates[0]))
        write_table(
            evaluation.verdicts.select(label, pl.all()), stage.path(EVALUATION, dates[0], VERDICTS_TABLE)
        )
        share(stage, EVALUATION, dates, (REHEARSAL, VERDICTS_TABLE, "part.parquet"))
        found.update(dict.fromkeys(dates, rehearsal))
    return found


def publish_recommendations(
    stage: Stage,
    log_dates: list[str],
    on_date: OnDate,
    champion: Callable[[Lake, str], NextItem],
    threads: int,
) -> None:
    """What the champion recommends to each session of a log date after its last event there."""
    for log_date in stage.pending((RECOMMENDED,), log_dates):
        on_date(log_date)
        model = champion(stage.lake, log_date)
        met = _sessions_so_far(stage.lake, log_date)
        lists = recommended(met, model.recommend_many(met, threads=threads), model.cut)
        day = pl.lit(dt.date.fromisoformat(log_date)).alias("log_date")
        write_table(lists.select(day, pl.all()), stage.path(RECOMMENDED, log_date))
        stage.finish(RECOMMENDED, log_date)


def recommended(met: pl.DataFrame, shown: pl.DataFrame, cut: dt.date) -> pl.DataFrame:
    """A row a session, as LISTS, in the order of its key.

    Args:
        met: ITEM_EVENTS of sessions so far.
        shown: RECOMMENDATIONS to them.
        cut: of the model.
    """
    keys = ["site", "session_id"]
    positions = met.group_by(keys).agg(pl.col("position").max())
    lists = shown.sort(*keys, "rank").group_by(keys, maintain_order=True)
    return (
        lists.agg(item_ids="item_id", scores="score", model=pl.col("model").first())
        .join(positions, on=keys, how="left")
        .with_columns(cut=pl.lit(cut, pl.Date))
        .select(*LISTS)
        .sort("session_id", "position")
    )


def training_set(lake: Lake, cut: dt.date) -> pl.DataFrame:
    """ITEM_EVENTS of the sessions that closed in the window of `cut`, and the log date on which (`closed_on`)."""
    events, sessions = (window(lake, read) for read in _training_reads(cut.isoformat()))
    closed = sessions.select("session_id", closed_on="log_date")
    met = events.select(*LOOKED_AT).join(closed.select("session_id"), on="session_id", how="semi")
    return item_events(met.collect()).join(closed.collect(), on="session_id", how="left").sort(ORDER)


def _training(lake: Lake, log_date: str) -> pl.DataFrame:
    (path,) = lake.require(TRAINING, [log_date])
    return pl.read_parquet(path)


def _sessions_so_far(lake: Lake, log_date: str) -> pl.DataFrame:
    """ITEM_EVENTS of the sessions that met an item on the log date, from the one before on."""
    lake.require("session_events", [log_date])
    (read,) = (days_before("session_events", 1)(log_date),)
    met = item_events(window(lake, read).select("log_date", *LOOKED_AT).collect())
    day = pl.lit(dt.date.fromisoformat(log_date))
    return met.filter((pl.col("event_time").dt.date() == day).any().over("site", "session_id"))


def _facts(model: NextItem, artifact: str) -> pl.DataFrame:
    rows = [
        (model.cut, name, card.chosen, card.reason, card.sessions, card.steps, card.items, artifact)
        for name, card in ((name, site.card) for name, site in model.sites.items())
    ]
    return pl.DataFrame(rows, schema=FACTS, orient="row")
