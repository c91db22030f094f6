"""Scoring against scikit-learn, and against itself: one row alone is that row among others."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from rs_assets.models.purchase_intent.candidates import CANDIDATES, fit, inputs, score
from rs_assets.models.purchase_intent.scoring import Scoring
from rs_assets.models.purchase_intent.training import NUMERIC, RECENT


@pytest.fixture(scope="module")
def asked(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with all that may be unknown, and a site that nobody knows."""
    some = rows.head(600).with_row_index("n")
    return some.with_columns(
        site=pl.when(pl.col("n") % 7 == 0).then(pl.lit("new")).otherwise("site"),
        max_price_viewed=pl.when(pl.col("n") % 3 == 0).then(None).otherwise("max_price_viewed"),
        recent_events=pl.when(pl.col("n") % 4 == 0)
        .then(pl.lit("search met_never search"))
        .otherwise("recent_events"),
        cart_value=pl.when(pl.col("n") % 5 == 0).then(None).otherwise("cart_value"),
        seconds_since_start=pl.col("seconds_since_start") * 1e9,
    ).drop("n")


@pytest.fixture(scope="module")
def empty_column(rows: pl.DataFrame) -> pl.DataFrame:
    """The training set of a shop that never knew a price."""
    return rows.with_columns(max_price_viewed=pl.lit(None, pl.Float64))


def arrays(asked: pl.DataFrame) -> tuple[list[str], list[str], np.ndarray]:
    columns = inputs(asked)
    return (
        columns["site"].to_list(),
        columns[RECENT].to_list(),
        np.ascontiguousarray(columns.select(NUMERIC).to_numpy()),
    )


@pytest.mark.parametrize(
    ("candidate", "fitted_on"), [*((name, "rows") for name in CANDIDATES), ("logistic", "empty_column")]
)
def test_it_says_what_scikit_learn_says_but_for_the_last_bits_of_a_sum(candidate, fitted_on, asked, request):
    pipeline = fit(candidate, request.getfixturevalue(fitted_on))
    theirs = pipeline.predict_proba(inputs(asked))[:, 1]
    ours = Scoring.of(pipeline)(*arrays(asked))
    if candidate in ("logistic", "event_ngrams"):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)
    else:
        assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_no_bit_of_a_row_depends_on_the_rows_beside_it(candidate, rows, asked):
    scoring, (sites, recent, numeric) = Scoring.of(fit(candidate, rows)), arrays(asked)
    together = score(scoring, asked, threads=2)
    for size in (1, 2, 7, 64):
        starts = range(0, asked.height, size)
        apart = [scoring(*(part[at : at + size] for part in (sites, recent, numeric))) for at in starts]
        assert np.concatenate(apart).tolist() == together.tolist()
    assert scoring(sites, recent, np.asfortranarray(numeric)).tolist() == together.tolist()


def test_what_is_asked_stays_as_it_was(rows, asked):
    sites, recent, numeric = arrays(asked)
    before = numeric.copy()
    for candidate in CANDIDATES:
        Scoring.of(fit(candidate, rows))(sites, recent, numeric)
    np.testing.assert_array_equal(numeric, before)


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_a_number_that_no_row_has_is_no_failure_and_says_nothing(candidate: str, rows: pl.DataFrame) -> None:
    nowhere = ("max_price_viewed", "mean_price_viewed")  # of a log without prices
    unpriced = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in nowhere)
    scoring = Scoring.of(fit(candidate, unpriced))
    priced = unpriced.with_columns(pl.lit(9.5).alias(name) for name in nowhere)
    assert np.array_equal(score(scoring, unpriced), score(scoring, priced))
    assert np.isfinite(score(scoring, unpriced)).all()
