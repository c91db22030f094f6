"""Splits, questions, metrics, the choice, behaviours, leaks and gates."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rs_assets.errors import UserError
from rs_assets.models.next_item import NextItem, Site, behaviour, evaluate
from rs_assets.models.next_item.bootstrap import UNIT, credits, resampled
from rs_assets.models.next_item.candidates import unfitted
from rs_assets.models.next_item.choice import choose
from rs_assets.models.next_item.events import ITEM_EVENTS, steps
from rs_assets.models.next_item.gates import Gate, gates, judge
from rs_assets.models.next_item.leaks import shuffled, shuffled_label
from rs_assets.models.next_item.limits import RESAMPLES, SHOWN
from rs_assets.models.next_item.measuring import measure, slices
from rs_assets.models.next_item.popularity import Popularity
from rs_assets.models.next_item.questions import questions, ranks
from rs_assets.models.next_item.revisits import Revisits
from rs_assets.models.next_item.sessions import encode
from rs_assets.models.next_item.split import Split, across, latest, refuse_leaks, temporal_split
from rs_assets.models.next_item.training import train

CUT = dt.date(2024, 1, 29)
NOON = dt.datetime(2024, 1, 1, 12)


def of(*sessions: tuple[str, str, int]) -> pl.DataFrame:
    """ITEM_EVENTS of sessions: id, a letter an item looked at, and the hour of the last look."""
    rows = [
        ("s", name, at + 1, item, "view_item", NOON + dt.timedelta(hours=hour, seconds=at - len(items)), None)
        for name, items, hour in sessions
        for at, item in enumerate(items)
    ]
    return pl.DataFrame(rows, schema=ITEM_EVENTS, orient="row")


# The split


def test_the_split_is_by_the_time_at_which_sessions_ended_and_leaves_nobody_out(shop):
    split = temporal_split(shop)
    ends = shop.group_by("session_id").agg(pl.col("event_time").max())
    late = set(ends.filter(pl.col("event_time") >= split.boundary)["session_id"])
    assert set(split.validation["session_id"]) == late
    assert split.training.height + split.validation.height == shop.height
    assert len(late) == pytest.approx(len(ends) / 7, abs=1)
    assert split.training["event_time"].max() < split.boundary
    refuse_leaks(split)


def test_a_session_that_straddles_the_boundary_is_validated_on_whole():
    first = [(f"s{n}", "ab", n) for n in range(13)]
    straddling = of(("long", "abcdef", 13)).with_columns(
        event_time=pl.when(pl.col("position") < 6).then(NOON).otherwise(pl.col("event_time"))
    )
    split = temporal_split(pl.concat([of(*first), straddling]))
    assert split.validation["session_id"].unique().sort().to_list() == ["long", "s12"]
    assert split.validation.filter(pl.col("session_id") == "long").height == 6


def test_a_session_across_the_split_is_refused(shop):
    split = temporal_split(shop)
    one = split.validation.filter(pl.col("session_id") == split.validation["session_id"][0])
    leaking = Split(split.boundary, pl.concat([split.training, one.head(1)]), split.validation)
    assert across(leaking.training, leaking.validation) == 1
    with pytest.raises(UserError, match="1 sessions are on both sides"):
        refuse_leaks(leaking)


def test_training_on_what_ended_later_is_refused(shop):
    split = temporal_split(shop)
    moved = split.validation.with_columns(pl.col("session_id") + "-moved")
    with pytest.raises(UserError, match="the training side goes on until 2024-01-2"):
        refuse_leaks(Split(split.boundary, pl.concat([split.training, moved]), split.validation))


def test_the_latest_sessions_are_whole():
    events = of(("a", "xy", 1), ("b", "xyz", 3), ("c", "x", 2))
    assert set(latest(events, 2)["session_id"]) == {"b", "c"}
    assert latest(events, 1).height == 3


# Questions and metrics


def test_every_step_but_a_sessions_first_is_asked_for_with_the_steps_before():
    catalog = encode(of(("t", "aab", 0))).catalog
    asked = questions(catalog, of(("1", "abz", 1), ("2", "b", 2), ("3", "za", 3)))
    assert asked.rows.rows() == [
        ("1", 2, 3, 1.0, "b"),
        ("1", 3, 3, 1.0, "z"),
        ("3", 2, 2, 0.0, "a"),
    ]
    assert asked.targets.tolist() == [1, -1, 0]
    before = [asked.queries.chunk(n, 1).items.tolist() for n in range(len(asked))]
    assert before == [[0], [0, 1], [-1]]
    assert asked.queries.last().tolist() == [0, 1, -1]
    taken = asked.take(np.array([2, 0]))
    assert taken.rows["session_id"].to_list() == ["3", "1"] and taken.queries.items.tolist() == [-1, 0]


def test_what_training_has_not_seen_is_a_miss_and_the_rest_has_its_place():
    recommender = Popularity().fit(of(("t", "aaabbc", 0)))
    asked = questions(recommender.catalog, of(("1", "abzca", 1)))
    assert ranks(recommender, asked).tolist() == [2, 0, 3, 1]
    assert ranks(recommender, asked, shown=1).tolist() == [0, 0, 0, 1]


def test_metrics_are_shares_of_questions_and_means_of_reciprocal_places():
    asked = [("1", 2, 3, 1.0), ("1", 3, 3, 0.5), ("2", 2, 12, 1.0), ("2", 11, 12, 0.0)]
    rows = pl.DataFrame(asked, schema=["session_id", "position", "length", "known"], orient="row")
    found = measure(rows, {"a": np.array([1, 0, 4, 20]), "b": np.array([0, 0, 0, 0])})
    columns = found.select("candidate", "slice", "questions", "hit_rate", "mrr").rows()
    by = {(candidate, name): figures for candidate, name, *figures in columns}
    assert by["a", "all"] == [4, 0.75, pytest.approx((1 + 1 / 4 + 1 / 20) / 4)]
    assert by["a", "position=2"] == [2, 1.0, pytest.approx(0.625)]
    assert by["a", "length=10+"][0] == 2 and by["a", "known=some"] == [1, 0.0, 0.0]
    assert by["b", "all"] == [4, 0.0, 0.0]
    assert found["candidate"].to_list() == ["a"] * (found.height // 2) + ["b"] * (found.height // 2)
    inside = (pl.col("hit_rate_low") <= pl.col("hit_rate")) & (pl.col("hit_rate") <= pl.col("hit_rate_high"))
    assert found.filter(pl.col("sessions") > 1).select(inside.all()).item()


def test_slices_of_a_kind_part_the_questions_between_them(model, later):
    site = later.filter(pl.col("site") == "shop-a")
    asked = questions(model.sites["shop-a"].recommender.catalog, site)
    for kind in ("length", "position", "known"):
        parts = [where for name, where in slices(asked.rows) if name.startswith(kind)]
        assert (np.sum(parts, axis=0) == 1).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, SHOWN), min_size=1, max_size=30))
def test_credits_are_whole_numbers_whose_sums_are_exact(places):
    hits, worth = credits(np.array(places))
    assert hits.tolist() == [float(place > 0) for place in places]
    assert all(value == int(value) for value in worth)
    assert worth.sum() / UNIT == pytest.approx(sum(1 / place for place in places if place))


def test_resamples_draw_whole_sessions_and_the_same_ones_each_time():
    session = np.repeat(np.arange(200), 5)
    values = np.stack([np.ones(1000), (session % 2).astype(np.float64)], axis=1)
    draws = resampled(session, values)
    assert draws.shape == (RESAMPLES, 2)
    assert (draws[:, 0] % 5 == 0).all()
    assert draws[:, 0].std() == pytest.approx(5 * np.sqrt(200), rel=0.15)
    assert (resampled(session, values) == draws).all()


def test_an_interval_of_95_percent_holds_the_truth_in_about_95_of_100_samples():
    draws, held = np.random.default_rng(2), 0
    session = pl.Series("session_id", np.repeat(np.arange(300), 3))
    rows = session.to_frame().with_columns(position=pl.lit(2), length=pl.lit(2), known=pl.lit(1.0))
    for _ in range(200):
        chance = np.repeat(draws.beta(2, 2, 300), 3)
        hit = (draws.random(900) < chance).astype(np.int64)
        low, high = measure(rows, {"x": hit}).select("hit_rate_low", "hit_rate_high").row(0)
        held += low <= 0.5 <= high
    assert 180 <= held <= 199


def test_of_candidates_as_good_as_each_other_the_simplest_is_chosen():
    draws = np.random.default_rng(0)
    rows = pl.DataFrame({"session_id": [f"{n // 2}" for n in range(2000)]})
    good = np.where(draws.random(2000) < 0.5, 1, 0)
    near = good.copy()
    near[:3] = 1 - near[:3]
    better = np.maximum(good, np.where(draws.random(2000) < 0.1, 1, 0))
    assert (
        choose(rows, {"simple": good, "other": near})
        == choose(rows, {"simple": near, "other": good})
        == "simple"
    )
    assert choose(rows, {"simple": good, "complex": better}) == "complex"
    assert choose(rows, {"late": good * 10, "early": good}) == "early"


# Behaviours


def test_recommending_what_is_popular_fails_the_gates_that_ask_for_more(shop, later):
    recommender = unfitted("popularity").fit(shop)
    asked = questions(recommender.catalog, later.filter(pl.col("site") == "shop-a"))
    codes, _ = recommender.top(asked.queries)
    items = len(recommender.catalog)
    by = {gate.test: gate for gate in gates()}
    found = {
        "beats_popularity": behaviour.beats_popularity(ranks(recommender, asked), asked.targets),
        "popularity_bias": behaviour.popularity_bias(codes, asked.targets, items),
        "last_item_sensitivity": behaviour.last_item_sensitivity(recommender, asked.queries),
    }
    assert found["last_item_sensitivity"] == 0
    assert [test for test, value in found.items() if by[test].passes(value)] == []
    assert behaviour.coverage(codes, items * 100) < by["coverage"].at_least


def test_what_is_shown_to_everybody_covers_little_and_what_differs_covers_much():
    same, apart = np.tile(np.arange(5), (20, 1)), np.arange(100).reshape(20, 5)
    assert behaviour.coverage(same, 1000) == 0.05
    assert behaviour.coverage(apart, 1000) == behaviour.coverage(apart, 100) == 1
    assert behaviour.coverage(np.full((2, 5), -1), 10) is None


def test_a_recommender_of_revisits_alone_changes_with_the_last_item(shop):
    recommender = Revisits().fit(shop)
    asked = questions(recommender.catalog, shop)
    changed = behaviour.last_item_sensitivity(recommender, asked.queries)
    assert 0 < changed < 0.3, "one item of twenty, and the popular ones fill up"


def test_a_recommender_that_knows_no_cart_is_found_out(model, later):
    recommender, site = model.sites["shop-a"].recommender, later.filter(pl.col("site") == "shop-a")

    class Blind:
        def recommend_many(self, events: pl.DataFrame) -> pl.DataFrame:
            return recommender.recommend_many(events.filter(pl.col("event_name") == "view_item"))

    assert behaviour.in_cart(recommender, site) == 0
    assert behaviour.in_cart(Blind(), site) > 0.01
    assert behaviour.in_cart(recommender, steps(site)) is None


def test_unknown_items_leave_no_session_with_less(model, later):
    recommender = model.sites["shop-a"].recommender
    asked = questions(recommender.catalog, later.filter(pl.col("site") == "shop-a"))
    assert behaviour.unknown_items(recommender, asked.queries) == 1

    class Silent(Popularity):
        def recommend(self, *_, **__):
            return []

    silent = Silent().fit(later.filter(pl.col("site") == "shop-a"))
    assert behaviour.unknown_items(silent, asked.queries.chunk(0, 1)) == 0.5


def test_prices_are_homogeneous_when_recommendations_are_near_in_price():
    price = np.exp(np.arange(40) / 4)
    last = np.arange(1, 39)
    near = np.stack([last - 1, last + 1], axis=1)
    assert behaviour.price_homogeneity(near, last, price) < 0.1
    assert behaviour.price_homogeneity(np.tile([3, 30], (38, 1)), last, price) == pytest.approx(1.0)
    assert behaviour.price_homogeneity(near, last, np.full(40, np.nan)) is None
    assert behaviour.price_homogeneity(near, last, np.ones(40)) is None


# Leaks and gates


def test_shuffling_keeps_what_is_popular_and_gives_a_row_on_two_sides_one_item(shop):
    split = temporal_split(shop)
    left, right = shuffled(pl.concat([split.training, split.validation]), split.validation)
    before, after = (frame["item_id"].value_counts().sort("item_id") for frame in (steps(shop), left))
    assert_frame_equal(before, after)
    key = ["session_id", "position"]
    both = left.join(right, on=key)
    assert both.height == right.height and (both["item_id"] == both["item_id_right"]).all()
    moved = steps(shop).join(left, on=key)
    assert (moved["item_id"] == moved["item_id_right"]).mean() < 0.1


def test_order_in_shuffled_sessions_is_seen_by_nobody_but_a_leak(shop):
    split, gate = temporal_split(shop), next(gate for gate in gates() if gate.test == "shuffled_label")
    honest = shuffled_label(unfitted("vector_session_knn"), split.training, split.validation)
    leaking = shuffled_label(unfitted("vector_session_knn"), shop, split.validation)
    assert gate.passes(honest) and not gate.passes(leaking)


def test_a_question_that_contains_its_answer_is_seen_when_labels_are_shuffled(shop, monkeypatch):
    from rs_assets.models.next_item import leaks

    def telling(catalog, events):
        asked = questions(catalog, events)
        asked.queries.items[asked.queries.starts[1:] - 1] = asked.targets
        return asked

    monkeypatch.setattr(leaks, "questions", telling)
    split, gate = temporal_split(shop), next(gate for gate in gates() if gate.test == "shuffled_label")
    assert not gate.passes(shuffled_label(unfitted("vector_session_knn"), split.training, split.validation))


def test_a_model_of_good_sessions_passes_every_gate(model, events, later):
    evaluation = evaluate(model, events, later)
    assert evaluation.passed, evaluation.verdicts.filter(~pl.col("passed"))
    assert evaluation.verdicts["value"].null_count() == 0
    assert evaluation.verdicts.group_by("site").len().sort("site").rows() == [
        ("shop-a", len(gates())),
        ("shop-b", len(gates())),
    ]
    whole = evaluation.metrics.filter(pl.col("slice") == "all")
    for _, site in whole.group_by("site"):
        rates = dict(site.select("candidate", "hit_rate_low").rows())
        assert rates.pop("popularity") * 1.5 < next(iter(rates.values()))


def test_a_model_of_shuffled_labels_fails_the_gate(events, later):
    shops = [events.filter(pl.col("site") == site) for site in ("shop-a", "shop-b")]
    garbage = pl.concat([shuffled(shop)[0] for shop in shops])
    verdicts = evaluate(train(garbage, cut=CUT), garbage, later).verdicts
    failed = verdicts.filter((pl.col("test") == "beats_popularity") & ~pl.col("passed"))
    assert failed["site"].to_list() == ["shop-a", "shop-b"]


def test_a_model_that_learned_from_what_it_is_asked_fails_the_gates(events, later):
    seen = pl.concat([events, later])
    verdicts = evaluate(train(seen, cut=CUT), seen, later).verdicts
    failed = set(verdicts.filter(~pl.col("passed"))["test"])
    assert {"across_split", "from_the_past"} <= failed


def test_sessions_that_ended_before_the_models_last_are_not_asked_about(model, events, later):
    site = model.sites["shop-a"]
    straggler = later.filter(pl.col("site") == "shop-a").filter(
        pl.col("session_id") == pl.col("session_id").first()
    )
    straggler = straggler.with_columns(
        pl.lit(site.card.learned_until).alias("event_time"), session_id=pl.lit("old")
    )
    assert straggler.height > 1
    with_it = evaluate(model, events, pl.concat([later, straggler]))
    assert_frame_equal(with_it.metrics, evaluate(model, events, later).metrics)
    assert with_it.passed


def test_a_site_without_later_sessions_has_no_rows(model, events, later):
    evaluation = evaluate(model, events, later.filter(pl.col("site") == "shop-b"))
    assert set(evaluation.metrics["site"]) == set(evaluation.verdicts["site"]) == {"shop-b"}
    nothing = evaluate(NextItem(CUT, {}), events, later)
    assert nothing.metrics.is_empty() and nothing.verdicts.is_empty()


def test_an_evaluation_is_the_same_whatever_the_order_of_rows(model, events, later):
    first = evaluate(model, events, later)
    again = evaluate(model, *(frame.sample(fraction=1.0, shuffle=True, seed=1) for frame in (events, later)))
    assert_frame_equal(again.metrics, first.metrics, check_exact=True)
    assert_frame_equal(again.verdicts, first.verdicts, check_exact=True)


def test_gates_have_bounds_and_words_and_judge_every_value():
    assert all(gate.says and (gate.at_least is not None or gate.at_most is not None) for gate in gates())
    with pytest.raises(ValueError, match="beauty"):
        judge({gate.test: None for gate in gates()} | {"beauty": 1.0})
    with pytest.raises(ValueError, match="coverage"):
        judge({gate.test: None for gate in gates() if gate.test != "coverage"})


VALUES = {1.0: True, 2.0: True, 0.99: False, 2.01: False, None: True, float("nan"): False}


@pytest.mark.parametrize(("value", "passed"), VALUES.items())
def test_bounds_are_inclusive_and_nan_is_within_none(value, passed):
    assert Gate("x", "says", at_least=1.0, at_most=2.0).passes(value) is passed


def test_a_site_recommended_what_is_popular_for_want_of_data_is_measured_and_not_judged(events, later):
    few = events.filter(pl.col("site") == "shop-a").head(60)
    young = train(few, cut=CUT)
    assert isinstance(young.sites["shop-a"], Site) and young.sites["shop-a"].card.reason
    evaluation = evaluate(young, few, later)
    assert evaluation.verdicts.is_empty() and evaluation.passed
    assert set(evaluation.metrics["candidate"]) == {"popularity"}
