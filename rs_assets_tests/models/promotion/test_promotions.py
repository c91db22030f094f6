"""Promotions in a lake, with purchase_intent's own training: weeks of a shop whose buyers change their mind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.models.promotion import (
    Decision,
    Decisions,
    Outcome,
    Standing,
    publish_promotion,
    registry,
    standing_of,
)
from rs_assets.models.purchase_intent import NotTrained, Trained, training_set
from rs_assets.models.purchase_intent import publish as step
from rs_assets.models.purchase_intent.promotion import FAMILY, PROMOTION, champion
from rs_assets_tests.lakes import published, put, through

FIRST, SECOND, THIRD, FOURTH = (dt.date(2024, 1, 29) + dt.timedelta(weeks=n) for n in range(4))
AT = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)


def dates(first: dt.date, days: int) -> list[str]:
    return [(first + dt.timedelta(days=n)).isoformat() for n in range(days)]


EVERY = dates(FIRST, 28)


def moved(frame: pl.DataFrame, weeks: int) -> pl.DataFrame:
    later = pl.duration(weeks=weeks)
    return frame.with_columns(pl.col("log_date", "closed_on", "as_of") + later).with_columns(
        pl.col("log_date", "closed_on").cast(pl.Date)
    )


@pytest.fixture(scope="module")
def weeks(shop) -> dict[dt.date, pl.DataFrame]:
    """Training sets: the second week's teaches nothing but noise until its last days, on which all is as before."""
    sound = training_set(*shop(sessions=2500, signal=1.5))
    second = moved(sound, 1)
    noise = second["will_buy"].gather(np.random.default_rng(3).permutation(second.height))
    last = pl.col("log_date") >= dt.date(2024, 1, 29)
    second = second.with_columns(will_buy=pl.when(last).then("will_buy").otherwise(noise))
    return {FIRST: sound, SECOND: second, THIRD: moved(sound, 2), FOURTH: moved(sound, 3).head(30)}


@pytest.fixture(scope="module")
def trained(weeks, tmp_path_factory) -> Lake:
    """A lake with four weeks of training sets and models."""
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    for cut, frame in weeks.items():
        put(lake, step.TRAINING, dates(cut, 7), frame)
    through(lake, lambda stage: step.publish_model(stage, EVERY, lambda _: None, threads=1))
    return lake


@pytest.fixture
def lake(trained: Lake, tmp_path: Path) -> Lake:
    """The same, and nothing else in it."""
    import shutil

    shutil.copytree(trained.root, tmp_path / "lake", symlinks=True)
    return Lake(str(tmp_path / "lake"))


def promoted(lake: Lake, log_dates: list[str], *decisions: Decision) -> dict[str, Standing]:
    made = Decisions(decisions)
    return through(lake, lambda stage: publish_promotion(stage, log_dates, lambda _: None, FAMILY, made))


def decision(log_date: str, action: str, cut: dt.date) -> Decision:
    return Decision(
        log_date, "purchase_intent", action, cut.isoformat(), "anna", "because", "2024-03-01T00:00:00"
    )


def test_a_challenger_that_learned_noise_is_refused_and_the_champion_goes_on_serving(lake: Lake):
    found = promoted(lake, EVERY)
    assert [found[cut.isoformat()].outcome for cut in (FIRST, SECOND, THIRD, FOURTH)] == [
        Outcome.PROMOTED,
        Outcome.REFUSED,
        Outcome.PROMOTED,
        Outcome.NO_CHALLENGER,
    ]
    refused = found[SECOND.isoformat()]
    assert refused.champion == FIRST
    assert any("worse than the champion on all: pr_auc" in reason for reason in refused.reasons)
    for log_date in EVERY:
        serves = champion(lake, log_date)
        assert isinstance(serves, Trained)
        assert serves.cut == (FIRST if log_date < THIRD.isoformat() else THIRD)
        assert serves.cut <= dt.date.fromisoformat(log_date)
    against = registry.comparison(lake, FAMILY, SECOND.isoformat())
    assert against["slice"][0] == "all"
    assert {"site=shop-a", "site=shop-b", "site=shop-c", "position=3", "position=5"} <= {*against["slice"]}


def test_before_anything_could_be_trained_nobody_serves(lake: Lake):
    found = promoted(lake, dates(FOURTH, 3))
    assert found[FOURTH.isoformat()].champion is None
    serves = champion(lake, FOURTH.isoformat())
    assert isinstance(serves, NotTrained)
    assert "not trained yet, because" in serves.reason


@pytest.mark.parametrize(
    "chunks",
    [
        [[log_date] for log_date in EVERY],
        [EVERY[:10], EVERY[10:11], EVERY[11:]],
    ],
    ids=["day by day", "in chunks"],
)
def test_promotions_are_the_same_bytes_however_the_log_dates_are_replayed(
    lake: Lake, trained: Lake, tmp_path: Path, chunks: list[list[str]]
):
    import shutil

    back = decision("2024-02-20", "rollback", FIRST)
    shutil.copytree(trained.root, tmp_path / "other", symlinks=True)
    other = Lake(str(tmp_path / "other"))
    promoted(lake, EVERY, back)
    for chunk in chunks:
        promoted(other, chunk, back)
    ours = {name: data for name, data in published(lake).items() if name.startswith(PROMOTION)}
    assert ours
    assert ours == {name: data for name, data in published(other).items() if name.startswith(PROMOTION)}


def test_a_persons_decision_holds_from_its_log_date_until_the_gate_promotes_another(lake: Lake):
    promoted(lake, EVERY, decision("2024-02-07", "promote", SECOND))
    serving = {log_date: champion(lake, log_date).cut for log_date in EVERY}
    assert serving["2024-02-06"] == FIRST
    assert {serving[log_date] for log_date in EVERY if "2024-02-07" <= log_date < "2024-02-12"} == {SECOND}
    assert serving["2024-02-12"] == THIRD
    turns = registry.turns(lake, FAMILY)
    assert [turn.first for turn in turns] == [
        "2024-01-29",
        "2024-02-05",
        "2024-02-07",
        "2024-02-12",
        "2024-02-19",
    ]
    assert turns[2].standing.by == "anna"


def test_a_rollback_goes_to_the_champion_before(lake: Lake):
    promoted(lake, EVERY[:21])
    made = registry.rollback(lake, FAMILY, log_date=None, by="anna", why="returns went up", at=AT)
    assert (made.action, made.cut, made.log_date) == ("rollback", FIRST.isoformat(), "2024-02-19")
    promoted(lake, EVERY[21:], made)
    assert champion(lake, "2024-02-19").cut == FIRST


def test_nobody_is_rolled_back_to_where_nobody_served(lake: Lake):
    promoted(lake, EVERY[:7])
    with pytest.raises(UserError, match="no champion of purchase_intent to roll back to"):
        registry.rollback(lake, FAMILY, log_date=None, by="anna", why="why not", at=AT)


@pytest.mark.parametrize(
    ("cut", "log_date", "problem"),
    [
        ("2024-03-04", None, "There is no purchase_intent of cut '2024-03-04'"),
        (FOURTH.isoformat(), None, "cannot serve: not trained yet, because"),
        (THIRD.isoformat(), "2024-02-01", "it has seen it"),
    ],
)
def test_what_cannot_serve_is_not_promoted(lake: Lake, cut: str, log_date: str | None, problem: str):
    promoted(lake, EVERY)
    with pytest.raises(UserError, match=problem):
        registry.promote(lake, FAMILY, cut, log_date=log_date, by="anna", why="why not", at=AT)


def test_a_feature_that_knows_the_label_keeps_its_model_out(lake: Lake, weeks: dict[dt.date, pl.DataFrame]):
    leak: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame.with_columns(  # noqa: E731
        cart_value=pl.col("will_buy").cast(pl.Float64) * 100
    )
    put(lake, step.TRAINING, EVERY[:7], leak(weeks[FIRST]))
    through(lake, lambda stage: step.publish_model(stage, EVERY[:7], lambda _: None, threads=1))
    found = promoted(lake, EVERY[:7])[EVERY[0]]
    assert found.outcome == Outcome.REFUSED
    assert any("cart_value alone has a ROC-AUC of 1.000" in reason for reason in found.reasons)


@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_a_shuffled_label_teaches_nothing_and_nothing_of_it_serves(
    lake: Lake, weeks: dict[dt.date, pl.DataFrame], seed: int
):
    rows = weeks[FIRST]
    turned = rows["will_buy"].gather(np.random.default_rng(seed).permutation(rows.height))
    put(lake, step.TRAINING, EVERY[:7], rows.with_columns(will_buy=turned))
    through(lake, lambda stage: step.publish_model(stage, EVERY[:7], lambda _: None, threads=1))
    found = promoted(lake, EVERY[:7])[EVERY[0]]
    assert found.champion is None
    assert any("better than a constant" in reason for reason in found.reasons)


def test_a_standing_that_is_not_published_is_none(lake: Lake):
    assert standing_of(lake, FAMILY, "2024-01-01") is None
