"""next_item in a lake: training sets, models, rehearsals, promotions, recommendations."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rs_assets.lake import Lake
from rs_assets.models.next_item import item_events
from rs_assets.models.next_item import publish as step
from rs_assets.models.next_item.promotion import FAMILY, champion, compare
from rs_assets.models.next_item.rehearsal import held_back, rehearse
from rs_assets.models.promotion import Decisions, Outcome, publish_promotion
from rs_assets_tests.lakes import published, put, through

FIRST = dt.date(2024, 1, 1)
DAYS = 35
EVERY = [(FIRST + dt.timedelta(days=n)).isoformat() for n in range(DAYS)]
CUTS = EVERY[::7]


def looked_at(events: pl.DataFrame) -> pl.DataFrame:
    """`session_events` of which these are the ITEM_EVENTS."""
    return events.select(
        "site",
        "session_id",
        "event_name",
        "event_time",
        log_date=pl.col("event_time").dt.date(),
        session_position="position",
        item_ids=pl.concat_list("item_id"),
        price_viewed="price",
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    """Five weeks of a shop, replayed through all of next_item."""
    from rs_assets_tests.models.next_item.conftest import make_events

    made = Lake(str(tmp_path_factory.mktemp("lake")))
    met = looked_at(make_events(sessions=1800, days=DAYS))
    closed = met.group_by("session_id").agg(pl.col("log_date").max())
    for log_date in EVERY:
        day = pl.col("log_date") == dt.date.fromisoformat(log_date)
        put(made, "session_events", [log_date], met.filter(day))
        put(made, "sessions", [log_date], closed.filter(day))
    replay(made, EVERY)
    return made


def replay(lake: Lake, log_dates: list[str]) -> None:
    def quiet(_: str) -> None:
        pass

    through(lake, lambda stage: step.publish_training(stage, log_dates, quiet))
    through(lake, lambda stage: step.publish_model(stage, log_dates, quiet))
    through(lake, lambda stage: step.publish_evaluation(stage, log_dates, quiet))
    through(lake, lambda stage: publish_promotion(stage, log_dates, quiet, FAMILY, Decisions()))
    through(lake, lambda stage: step.publish_recommendations(stage, log_dates, quiet, champion, 2))


def table(lake: Lake, asset: str, log_date: str, name: str = "part.parquet") -> pl.DataFrame:
    return pl.read_parquet(lake.object(asset, log_date, name), glob=False)


def test_a_training_set_holds_the_sessions_that_closed_before_its_monday_and_no_others(lake: Lake):
    for cut in CUTS[1:]:
        rows = table(lake, step.TRAINING, cut)
        assert not rows.is_empty()
        assert rows["closed_on"].max() < dt.date.fromisoformat(cut)
        assert rows["closed_on"].min() >= dt.date.fromisoformat(cut) - dt.timedelta(days=28)
        assert rows["event_time"].max() < dt.datetime.fromisoformat(cut)


def test_before_anybody_looked_at_anything_nobody_serves_and_nothing_is_recommended(lake: Lake):
    standing = table(lake, "next_item_promotion", EVERY[0]).row(0, named=True)
    assert (standing["champion"], standing["outcome"]) == (None, Outcome.NO_CHALLENGER)
    assert table(lake, step.RECOMMENDED, EVERY[0]).is_empty()


def test_the_champion_never_comes_from_a_week_that_it_serves(lake: Lake):
    for log_date in EVERY[7:]:
        serves = champion(lake, log_date)
        assert serves.cut <= dt.date.fromisoformat(log_date)
        until = max(site.card.learned_until for site in serves.sites.values())
        assert until < dt.datetime.fromisoformat(log_date)


def test_what_is_recommended_is_what_the_champion_says_of_each_session_alone(lake: Lake):
    log_date = EVERY[-1]
    shown = table(lake, step.RECOMMENDED, log_date)
    assert shown.height > 20
    serves = champion(lake, log_date)
    events = pl.concat(table(lake, "session_events", day) for day in EVERY[-2:])
    met = item_events(events.select(*step.LOOKED_AT))
    for row in shown.head(25).iter_rows(named=True):
        own = met.filter(pl.col("session_id") == row["session_id"])
        assert row["position"] == own["position"].max()
        alone = step.recommended(own, serves.recommend_many(own), serves.cut)
        assert alone["item_ids"].to_list() == [row["item_ids"]]
        assert alone["scores"].to_list() == [row["scores"]]
        assert len(set(row["item_ids"])) == len(row["item_ids"]) == 20


def test_every_session_that_met_an_item_on_the_log_date_is_recommended_to_once(lake: Lake):
    log_date = EVERY[-1]
    today = table(lake, "session_events", log_date)["session_id"].unique().sort()
    assert table(lake, step.RECOMMENDED, log_date)["session_id"].to_list() == today.to_list()


def test_replayed_day_by_day_the_same_bytes_come_out(lake: Lake, tmp_path: Path):
    other = Lake(str(tmp_path / "other"))
    for asset in ("session_events", "sessions"):
        for log_date in EVERY[:10]:
            put(other, asset, [log_date], table(lake, asset, log_date))
    for log_date in EVERY[:10]:
        replay(other, [log_date])
    theirs = published(other)
    ours = published(lake)
    assert len(theirs) > 10 * 7
    assert theirs == {name: ours[name] for name in theirs}


def test_a_rehearsal_has_not_seen_what_it_is_measured_on(lake: Lake):
    rows = table(lake, step.TRAINING, CUTS[-1])
    early, later, boundary = held_back(rows)
    assert boundary == dt.date.fromisoformat(CUTS[-1]) - dt.timedelta(days=7)
    assert early["closed_on"].max() < boundary <= later["closed_on"].min()
    rehearsal = rehearse(rows, dt.date.fromisoformat(CUTS[-1]))
    assert rehearsal.evaluation.passed
    metrics = rehearsal.evaluation.metrics.filter(slice="all")
    hit = dict(metrics.select("candidate", "hit_rate").iter_rows())
    assert hit.pop("popularity") < min(hit.values())


def test_a_window_of_one_date_is_learned_from_whole_and_measured_on_nothing():
    from rs_assets_tests.models.next_item.conftest import make_events

    rows = make_events(sessions=50, days=1).with_columns(closed_on=dt.date(2024, 1, 1))
    early, later, boundary = held_back(rows)
    assert (early.height, later.height, boundary) == (rows.height, 0, None)
    assert rehearse(rows, dt.date(2024, 1, 8)).evaluation.metrics.is_empty()


def test_champion_and_challenger_answer_the_same_questions(lake: Lake):
    rows = table(lake, step.TRAINING, CUTS[-1])
    _, later, _ = held_back(rows)
    model = rehearse(rows, dt.date.fromisoformat(CUTS[-1])).model
    same = list(compare(later, model, model))
    assert {row[1] for row in same} == {"hit_rate", "mrr"}
    assert all(row[5:] == (0.0, 0.0, 0.0, True) for row in same)
    from rs_assets.models.next_item import NextItem

    lost = list(compare(later, model, NextItem(model.cut, {})))
    assert all(row[4] == 0.0 and not row[-1] for row in lost)


def test_a_gate_that_is_not_passed_keeps_the_challenger_out(lake: Lake, tmp_path: Path):
    other = Lake(str(tmp_path / "other"))
    for asset in (step.MODEL, step.EVALUATION, step.TRAINING):

        def copied(stage, asset=asset):
            for name in Path(lake.object(asset, CUTS[-1])).parent.iterdir():
                if name.name != "record.json":
                    Path(stage.path(asset, CUTS[-1], name.name)).write_bytes(name.read_bytes())
            if asset == step.EVALUATION:
                path = stage.path(asset, CUTS[-1], step.VERDICTS_TABLE)
                verdicts = pl.read_parquet(path, glob=False)
                failed = verdicts.with_columns(
                    value=pl.when(pl.col("test") == "in_cart").then(0.25).otherwise("value"),
                    passed=pl.col("test") != "in_cart",
                )
                failed.write_parquet(path)

        through(other, copied)
    found = through(
        other, lambda stage: publish_promotion(stage, [CUTS[-1]], lambda _: None, FAMILY, Decisions())
    )
    standing = found[CUTS[-1]]
    assert (standing.outcome, standing.champion) == (Outcome.REFUSED, None)
    assert standing.reasons == (
        "shop-a: in_cart is 0.25 and must be at most 0 (share of the recommendations that lie in the session's cart "
        "already)",
    )
    assert champion(other, CUTS[-1]).sites == {}


def test_lists_are_rows_by_session_in_the_order_of_their_key(lake: Lake):
    shown = table(lake, step.RECOMMENDED, EVERY[-1])
    assert shown.columns == ["log_date", *step.LISTS]
    assert_frame_equal(shown, shown.sort("session_id", "position"))
