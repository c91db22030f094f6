"""Training set, temporal split, choice and evaluation of purchase_intent."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent import FEATURES, NotTrained, Trained, dump, train, training_set
from rs_assets.models.purchase_intent.calibration import Sigmoid, fit_isotonic, fit_sigmoid, trial
from rs_assets.models.purchase_intent.candidates import CANDIDATES, unfitted
from rs_assets.models.purchase_intent.choice import choose
from rs_assets.models.purchase_intent.metrics import METRICS, calibration_bins, curve, score_metrics
from rs_assets.models.purchase_intent.promotion import not_shown
from rs_assets.models.purchase_intent.split import temporal_split


def test_only_a_purchase_after_the_snapshot_counts(frames) -> None:
    features, labels = frames
    one = features.filter(pl.col("session_id") == "s00000").head(1)
    for bought_at, expected in ((None, False), (2, False), (3, False), (4, True)):
        label = labels.head(1).with_columns(last_purchase_position=pl.lit(bought_at, dtype=pl.Int64))
        assert one["position"].item() == 3
        assert training_set(one, label)["will_buy"].to_list() == [expected]


def test_a_session_that_is_still_open_has_no_label_and_is_left_out(frames) -> None:
    features, labels = frames
    rows = training_set(features, labels.filter(pl.col("session_id") != "s00001"))
    left = set(features["session_id"]) - set(rows["session_id"])
    assert left == {"s00001"}


def test_the_training_set_is_the_same_whatever_the_order_of_its_inputs(frames, rows) -> None:
    shuffled = (frame.sample(fraction=1.0, shuffle=True, seed=3) for frame in frames)
    assert_frame_equal(training_set(*shuffled), rows)
    assert {"log_date", "session_id", "site", "position", "as_of", "will_buy", *FEATURES} <= set(rows.columns)


def test_a_visitor_returns_where_the_window_has_an_earlier_session_of_the_client(frames) -> None:
    features, labels = frames
    seen = labels.sort("started_at").with_columns(visit=pl.int_range(pl.len()).over("site", "client_id"))
    first = set(seen.filter(pl.col("visit") == 0)["session_id"])
    rows = training_set(features, labels)
    by = {key: set(part["session_id"]) for (key,), part in rows.partition_by("visitor", as_dict=True).items()}
    assert by["new"] and by["new"] <= first
    assert by["returning"] and not by["returning"] & first


def test_what_was_open_at_midnight_is_not_learned_from_unless_it_stood_at_a_position(frames, rows) -> None:
    features, labels = frames
    at_midnight = features.filter(pl.col("position") == 5).with_columns(position=7, is_open=True)
    also = features.with_columns(is_open=pl.col("position") == 10)
    more = pl.concat([also, at_midnight.cast(dict(also.schema))])
    assert_frame_equal(training_set(more, labels), rows)


def test_where_only_the_order_of_events_tells_the_runs_of_events_are_chosen(rows, cut) -> None:
    draws = np.random.default_rng(4)
    forward = draws.random(rows.height) < 0.5
    bought = draws.random(rows.height) < np.where(forward, 0.5, 0.05)
    paths = np.where(forward, "search view_item page_view", "page_view view_item search")
    model = train(
        rows.with_columns(recent_events=pl.Series(paths.tolist()), will_buy=pl.Series(bought)), cut=cut
    )
    assert isinstance(model, Trained)
    assert model.card.chosen == "event_ngrams"
    assert model.card.evaluation.importances["input"][0] == "recent_events"
    assert model.card.evaluation.value("lift") > 1.5  # type: ignore[operator]  # it is measured


@pytest.mark.parametrize("seed", [6, 8, 11])
def test_the_best_candidate_on_labels_that_mean_nothing_is_not_shown_to_be_better_than_a_constant(
    shop, cut, seed
) -> None:
    rows = training_set(*shop(600))
    lucky = train(rows.with_columns(rows["will_buy"].shuffle(seed=seed)), cut=cut)
    assert isinstance(lucky, Trained)
    assert lucky.card.chosen != "constant", "this draw is no longer a lucky one: take another"
    assert "is not shown to be better than a constant" in not_shown(lucky.card)
    model = train(rows, cut=cut)
    assert isinstance(model, Trained)
    assert not_shown(model.card) == ""


def test_two_labels_of_one_session_are_refused(frames) -> None:
    features, labels = frames
    with pytest.raises(pl.exceptions.ComputeError):
        training_set(features, pl.concat([labels, labels.head(1)]))


def check_split(rows: pl.DataFrame) -> None:
    split = temporal_split(rows)
    assert not set(split.training["session_id"]) & set(split.validation["session_id"])
    assert all(day < split.boundary for day in split.training["log_date"])
    assert all(day < split.boundary for day in split.training["closed_on"])
    assert all(day >= split.boundary for day in split.validation["log_date"])
    assert split.training.height + split.validation.height + split.left_out == rows.height


def test_no_session_is_on_both_sides_and_validation_is_later(rows) -> None:
    check_split(rows)
    split = temporal_split(rows)
    assert split.boundary == dt.date(2024, 1, 22)
    assert split.left_out > 0, "the shop has sessions over midnight, so some must straddle"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_sessions_of_any_length_never_straddle(sessions: list[tuple[int, int, int]]) -> None:
    start = dt.date(2024, 1, 1)
    snapshots = [
        (start + dt.timedelta(first + day), f"s{n}", position, start + dt.timedelta(first + longer + more))
        for n, (first, longer, more) in enumerate(sessions)
        for position, day in ((3, 0), (5, longer))
    ]
    rows = pl.DataFrame(snapshots, ["log_date", "session_id", "position", "closed_on"], orient="row")
    if rows["log_date"].n_unique() > 1:
        check_split(rows)


def test_a_model_beats_the_constant_where_there_is_something_to_learn(trained) -> None:
    evaluation = trained.card.evaluation
    assert trained.card.chosen in ("logistic", "gradient_boosting")
    assert evaluation.value("lift") > 1.5
    assert evaluation.value("roc_auc") > 0.65
    assert evaluation.value("brier") < evaluation.value("brier", "constant")
    assert evaluation.value("pr_auc", "constant") == pytest.approx(evaluation.positive_rate)
    assert evaluation.value("lift", "constant") == pytest.approx(1.0)


def test_trees_are_chosen_where_a_straight_line_cannot_tell(curved, cut) -> None:
    model = train(curved, cut=cut)
    assert isinstance(model, Trained)
    assert model.card.chosen == "gradient_boosting"
    assert model.card.evaluation.importances["input"][0] == "seconds_since_previous"
    assert model.card.evaluation.value("lift") > 2 > model.card.evaluation.value("lift", "logistic")


def test_where_there_is_nothing_to_learn_the_constant_is_chosen_and_published(shop, cut) -> None:
    features, labels = shop(sessions=900, signal=0.0, seed=5)
    noise = np.random.default_rng(5)
    mute = features.with_columns(pl.lit(noise.normal(size=features.height)).alias(name) for name in FEATURES)
    model = train(training_set(mute, labels), cut=cut)
    assert isinstance(model, Trained)
    assert model.card.chosen == "constant"
    assert len(set(model.probabilities(mute))) == 1


def test_shuffled_rows_give_the_same_bytes(rows, trained, cut) -> None:
    again = train(rows.sample(fraction=1.0, shuffle=True, seed=11), cut=cut)
    assert isinstance(again, Trained)
    assert dump(again) == dump(trained)


def test_the_chosen_model_is_refitted_on_all_rows(rows, trained) -> None:
    card = trained.card
    assert (card.rows, card.positives) == (rows.height, rows["will_buy"].sum())
    assert (
        card.evaluation.training_rows + card.evaluation.validation_rows + card.evaluation.left_out
        == card.rows
    )


def few(rows: pl.DataFrame, buyers: int) -> pl.DataFrame:
    """The rows with the label taken from all but the first so many buyers."""
    nth = pl.col("will_buy").cast(pl.Int64).cum_sum()
    return rows.with_columns(will_buy=pl.col("will_buy") & (nth <= buyers))


def test_too_little_gives_a_reason_with_its_numbers(rows, cut) -> None:
    one_date = rows.filter(pl.col("log_date") == dt.date(2024, 1, 3))
    no_buyer_lately = rows.with_columns(
        will_buy=pl.col("will_buy") & (pl.col("log_date") < dt.date(2024, 1, 22))
    )
    split = temporal_split(rows)
    before, after = split.training.height, split.validation.height
    expected = {
        "there are 0 snapshots of closed sessions (20 that bought are needed)": rows.clear(),
        f"all {one_date.height} snapshots are of 1 log date, 2024-01-03 (2 are needed": one_date,
        f"only 0 of {before} snapshots (closed before 2024-01-22, to train on) bought (20 are": few(rows, 0),
        f"only 3 of {before} snapshots (closed before 2024-01-22, to train on) bought (20 are": few(rows, 3),
        f"only 0 of {before} snapshots (closed before 2024-01-22, to train on) did not buy (20 are": (
            rows.with_columns(will_buy=pl.lit(True))
        ),
        f"only 0 of {after} snapshots (from 2024-01-22 on, to validate on) bought (5 are": no_buyer_lately,
    }
    for reason, little in expected.items():
        model = train(little, cut=cut)
        assert isinstance(model, NotTrained)
        assert model.reason.startswith(f"not trained yet, because {reason}"), model.reason
        assert (model.cut, model.rows) == (cut, little.height)


def test_a_model_that_would_have_seen_its_own_week_is_refused(rows) -> None:
    with pytest.raises(UserError, match=r"closed on or after the cut 2024-01-22, the first on 2024-01-22"):
        train(rows, cut=dt.date(2024, 1, 22))


def test_the_evaluation_is_one_tidy_frame_with_every_slice(trained) -> None:
    frame = trained.card.evaluation.to_frame()
    assert frame.schema == {
        "candidate": pl.String,
        "slice": pl.String,
        "metric": pl.String,
        "value": pl.Float64,
    }
    assert not frame.select("candidate", "slice", "metric").is_duplicated().any()
    assert set(frame.filter(pl.col("slice") == "all")["metric"]) == {*METRICS, "pr_auc_error"}
    slices = {
        "site=shop-a",
        "position=10",
        "device=unknown",
        "device=mobile",
        "visitor=new",
        "visitor=returning",
    }
    assert {*slices, "input=cart_value", "input=recent_events"} <= set(frame["slice"])
    assert {*CANDIDATES} <= set(frame["candidate"])
    sizes = frame.filter(pl.col("slice").str.starts_with("site=") & (pl.col("metric") == "n"))
    assert sizes["value"].sum() == trained.card.evaluation.validation_rows * len(CANDIDATES)


def test_a_slice_with_too_few_buyers_has_a_null(rows, cut) -> None:
    rare = pl.when(pl.col("session_id") < "s01490").then("site").otherwise(pl.lit("shop-z"))
    model = train(rows.with_columns(site=rare), cut=cut)
    assert isinstance(model, Trained)
    rarely = model.card.evaluation.slices.filter(pl.col("slice") == "site=shop-z")
    assert rarely["n"].to_list() == [rarely["n"][0]] * len(CANDIDATES)
    assert rarely["pr_auc"].to_list() == [None] * len(CANDIDATES)


def test_what_the_shop_was_made_of_is_what_the_model_leans_on(trained) -> None:
    importances = trained.card.evaluation.importances
    assert set(importances["input"].head(4)) & {"add_to_carts", "cart_value", "transactions", "checkouts"}
    assert importances["pr_auc_drop"][0] > 0


def test_pr_auc_of_the_choice_is_scikit_learns_with_ties_and_all(rows) -> None:
    some = rows.head(400)
    scores = {"coarse": np.round(np.random.default_rng(1).random(some.height), 1)}
    measured = dict(choose(some, scores).pr_auc)["coarse"]
    assert measured == pytest.approx(score_metrics(some["will_buy"].to_numpy(), scores["coarse"])["pr_auc"])


def test_the_simpler_candidate_wins_within_noise_and_loses_beyond_it(rows) -> None:
    some = rows.head(1000)
    noise = np.random.default_rng(2)
    good = some["will_buy"].to_numpy() + noise.normal(size=some.height)
    as_good = good + noise.normal(size=some.height) * 0.01
    assert choose(some, {"simple": good, "complex": as_good}).chosen == "simple"
    assert choose(some, {"simple": as_good, "complex": good}).chosen == "simple"
    bad = noise.normal(size=some.height)
    assert choose(some, {"simple": bad, "complex": good}).chosen == "complex"


def skewed(rows: pl.DataFrame, wrong: float) -> tuple[pl.DataFrame, np.ndarray]:
    """Rows that buy with a known probability, and that probability with its log-odds too large by `wrong`."""
    draws = np.random.default_rng(3)
    odds = draws.normal(-1.5, 1.0, rows.height)
    bought = draws.random(rows.height) < 1 / (1 + np.exp(-odds))
    return rows.with_columns(will_buy=pl.Series(bought)), 1 / (1 + np.exp(-(odds * 2 + wrong)))


def test_recalibration_is_kept_where_it_helps_on_later_dates_and_not_elsewhere(rows) -> None:
    some, score = skewed(rows, wrong=1.0)
    tried = trial(some, score)
    assert tried is not None
    assert tried.helps
    mended = fit_sigmoid(some["will_buy"].to_numpy(), score)
    assert mended.slope == pytest.approx(0.5, abs=0.1)
    assert np.all(np.diff(mended(np.linspace(0, 1, 50))) >= 0)
    already = trial(some, Sigmoid(0.5, -0.5)(score))
    assert already is not None
    assert not already.helps
    assert trial(few(some, 3), score) is None, "3 buyers prove nothing"


def test_steps_that_no_sigmoid_fits_are_isotonic_where_there_are_buyers_enough(rows) -> None:
    draws = np.random.default_rng(5)
    score = draws.random(rows.height)
    truth = np.where(score < 0.3, 0.02, np.where(score < 0.6, 0.4, 0.45))
    some = rows.with_columns(will_buy=pl.Series(draws.random(rows.height) < truth))
    tried = trial(some, score)
    assert tried is not None
    assert (tried.way, tried.helps) == ("isotonic", True)
    steps = fit_isotonic(some["will_buy"].to_numpy(), score)
    line = steps(np.linspace(0, 1, 200))
    assert np.all(np.diff(line) >= 0)
    assert np.all((line > 0) & (line < 1))
    assert steps(np.array([0.1, 0.5])) == pytest.approx([0.02, 0.4], abs=0.05)
    fifth = pl.col("will_buy") & (pl.col("will_buy").cast(pl.Int64).cum_sum() % 5 == 0)
    few_buyers = trial(some.with_columns(will_buy=fifth), score)
    assert few_buyers is not None
    assert few_buyers.way == "sigmoid"


def test_calibration_bins_hold_every_row_once_and_never_part_equal_scores(rows) -> None:
    bought = rows["will_buy"].to_numpy()
    for score in (np.full(rows.height, 0.25), np.random.default_rng(4).random(rows.height)):
        bins = calibration_bins(bought, score)
        assert bins["n"].sum() == rows.height
        assert bins.height == (1 if len(set(score)) == 1 else 10)
        assert bins["predicted"].is_sorted()


def test_a_curve_is_thin_and_goes_from_none_to_all(rows) -> None:
    drawn = curve(rows["will_buy"].to_numpy(), np.random.default_rng(4).random(rows.height))
    assert drawn.height <= 200
    assert (drawn["recall"][0], drawn["recall"][-1]) == (0.0, 1.0)
    assert drawn["recall"].is_sorted()


def test_an_unknown_candidate_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no candidate 'oracle'; there are constant, logistic"):
        unfitted("oracle")
