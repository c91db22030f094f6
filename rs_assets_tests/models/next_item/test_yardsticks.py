"""The yardsticks: what is known of plain recommenders on a public split comes out, and the champion beats it.

YOOCHOOSE clicks as the session-rec benchmark splits them: train, then test, a day later; every position of each test
session is a question, and what training has not seen is a miss.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest

from rs_assets.models.next_item import evaluate, train
from rs_assets.models.next_item.measuring import measure
from rs_assets.models.next_item.popularity import Popularity
from rs_assets.models.next_item.questions import questions, ranks
from rs_assets.models.next_item.rules import AssociationRules, SequentialRules
from rs_assets.models.next_item.session_knn import SessionKnn, VectorSessionKnn

DATASETS = os.environ.get("RS_DATASETS", "")
pytestmark = pytest.mark.skipif(not DATASETS, reason="RS_DATASETS names no folder of public data sets")

WITHIN = 0.015
YARDSTICKS = [
    (Popularity(), 0.089, 0.026),
    (AssociationRules(), 0.399, 0.172),
    (SequentialRules(), 0.383, 0.184),
    (SessionKnn(candidates=500, neighbours=100), 0.645, 0.321),
    (VectorSessionKnn(candidates=500, neighbours=100), 0.677, 0.359),
]


def read(part: str) -> pl.DataFrame:
    """ITEM_EVENTS of one side; lines of a session at one time stay in the file's order."""
    path = Path(DATASETS, "yoochoose", f"yoochoose-clicks-100k_{part}.txt")
    lines = pl.read_csv(path, separator="\t", schema_overrides={"SessionId": pl.String, "ItemId": pl.String})
    time = (pl.col("Time") * 1_000_000).round().cast(pl.Int64).cast(pl.Datetime("us"))
    return lines.sort("SessionId", "Time", maintain_order=True).select(
        site=pl.lit("yoochoose"),
        session_id="SessionId",
        position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("SessionId"),
        item_id="ItemId",
        event_name=pl.lit("view_item"),
        event_time=time,
        price=pl.lit(None, pl.Float64),
    )


@pytest.fixture(scope="module")
def sides() -> tuple[pl.DataFrame, pl.DataFrame]:
    return read("train_full"), read("test")


@pytest.fixture(scope="module")
def champion(sides):
    return train(sides[0], cut=dt.date(2014, 4, 7))


@pytest.mark.parametrize(
    ("recommender", "hit_rate", "mrr"), YARDSTICKS, ids=lambda value: type(value).__name__
)
def test_a_plain_recommender_does_as_well_as_is_known(sides, recommender, hit_rate, mrr):
    training, test = sides
    asked = questions(recommender.fit(training).catalog, test)
    assert len(asked) == 10_152
    found = measure(asked.rows, {"it": ranks(recommender, asked)}).row(0, named=True)
    assert found["hit_rate"] == pytest.approx(hit_rate, abs=WITHIN)
    assert found["mrr"] == pytest.approx(mrr, abs=WITHIN)


def test_the_champion_beats_the_best_of_them_by_a_margin_worth_shipping(sides, champion):
    evaluation = evaluate(champion, *sides)
    whole = evaluation.metrics.filter((pl.col("slice") == "all") & (pl.col("candidate") == "blend"))
    assert whole["hit_rate"].item() >= 0.70
    assert whole["mrr"].item() >= 0.37
    assert whole["hit_rate_low"].item() > YARDSTICKS[-1][1], "not by luck of these sessions"
    assert evaluation.passed


def test_it_was_chosen_and_weighed_on_a_cut_of_training_alone(sides, champion):
    card = champion.sites["yoochoose"].card
    assert card.chosen == "blend"
    assert card.learned_until == sides[0]["event_time"].max() < sides[1]["event_time"].min()
    assert card.boundary < card.learned_until
