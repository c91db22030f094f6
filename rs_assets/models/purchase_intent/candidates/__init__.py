"""The candidates: what may become the purchase_intent model, from the simplest to the most complex.

Belongs here: each candidate's scikit-learn pipeline, and the one way to fit it and to score with it; one that is more
than a few lines is a module of its own (`rs-assets new model NAME`), found by being here. Does not belong here:
choosing between them (`choice`). scikit-learn is imported when a function is called.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from rs_assets.errors import UserError
from rs_assets.extending import declared
from rs_assets.models.purchase_intent.candidate import Candidate
from rs_assets.models.purchase_intent.limits import NGRAMS, NGRAMS_KEPT, SEED
from rs_assets.models.purchase_intent.scoring import Scoring
from rs_assets.models.purchase_intent.training import NUMERIC, RECENT

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.float64]


def _columns(numeric: Any, *more: tuple[str, Any, Any]) -> ColumnTransformer:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    # A site that opened after the cut has no column of its own: it is scored as the mean site.
    sites = ("site", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["site"])
    return ColumnTransformer([("numeric", numeric, list(NUMERIC)), sites, *more])


def linear(*more: tuple[str, Any, Any], C: float = 1.0) -> Pipeline:
    """Logistic regression on the numbers and the site; `more` are blocks besides, `C` is scikit-learn's."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    # Counts, seconds and prices have long tails. arcsinh is the logarithm that knows zero and
    # negative numbers; without it one crawler's session sets the scale for all.
    medians = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    prepared = Pipeline(
        [("impute", medians), ("compress", FunctionTransformer(np.arcsinh)), ("scale", StandardScaler())]
    )
    model = LogisticRegression(C=C, max_iter=1000)
    return Pipeline([("columns", _columns(prepared, *more)), ("model", model)])


def trees(**settings: Any) -> Pipeline:
    """Gradient boosting on the numbers and the site; `settings` are those of HistGradientBoostingClassifier."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline

    # Missing values have branches of their own. No early stopping: its random hold-out would put
    # snapshots of one session on both sides.
    usual = {"max_iter": 100, "learning_rate": 0.08, "max_leaf_nodes": 15, "l2_regularization": 1.0}
    model = HistGradientBoostingClassifier(**{**usual, **settings}, early_stopping=False, random_state=SEED)
    return Pipeline([("columns", _columns("passthrough")), ("model", model)])


def _constant() -> Pipeline:
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import Pipeline

    return Pipeline([("model", DummyClassifier(strategy="prior"))])


def _event_ngrams() -> Pipeline:
    from sklearn.feature_extraction.text import CountVectorizer

    # What came right after what, which no count says: a word an event, and each of them once.
    words = CountVectorizer(
        token_pattern=r"\S+",
        lowercase=False,
        ngram_range=(1, NGRAMS),
        binary=True,
        max_features=NGRAMS_KEPT,
    )
    return linear(("ngrams", words, RECENT))


OURS = (
    Candidate("constant", _constant),
    Candidate("logistic", linear),
    Candidate("event_ngrams", _event_ngrams),
    Candidate("gradient_boosting", trees),
)


def known() -> dict[str, Candidate]:
    """Every candidate by its name: ours by simplicity, then those of companies' projects.

    Raises:
        UserError: two have one name.
    """
    found: dict[str, Candidate] = {}
    for one in declared("candidates", Candidate):
        if one.name in found:
            raise UserError(f"Two candidates are called {one.name}.", "Rename one.")
        found[one.name] = one
    return found


CANDIDATES = tuple(known())
"""By simplicity: where two are as good as each other, the one that stands first is chosen."""


def unfitted(candidate: str) -> Pipeline:
    """The pipeline of one of CANDIDATES, from the columns INPUTS to the probability of buying.

    Raises:
        ValueError: there is no such candidate.
    """
    if candidate not in CANDIDATES:
        raise ValueError(f"There is no candidate {candidate!r}; there are {', '.join(CANDIDATES)}.")
    return known()[candidate].unfitted()


def fit(candidate: str, rows: pl.DataFrame) -> Pipeline:
    """Fit a candidate on `rows` (INPUTS and `will_buy`), on one thread whatever the box has.

    The fitted trees remember the number of threads they were fitted with, and BLAS adds up in another order
    with another number: on one thread equal rows give equal bytes in every box. It costs little (half a
    million rows: 2 seconds on one thread, 1.3 on two).
    """
    from threadpoolctl import threadpool_limits

    pipeline = unfitted(candidate)
    with threadpool_limits(limits=1):
        return pipeline.fit(_with_something(inputs(rows)), rows["will_buy"].to_numpy())


def _with_something(inputs: pl.DataFrame) -> pl.DataFrame:
    """The same, a number that no row has as 0: nothing is learned of it, and scikit-learn's trees fail without one.

    A log without prices, as Taobao's, has none at all.
    """
    nowhere = [name for name in NUMERIC if inputs[name].is_nan().all()]
    return inputs.with_columns(pl.lit(0.0).alias(name) for name in nowhere)


def score(scoring: Scoring, rows: pl.DataFrame, threads: int = 1) -> Floats:
    """The probability for each of `rows`, before recalibration; of length `rows.height`.

    Each row is scored on its own, so that no result depends on the number of threads.
    """
    columns = inputs(rows)
    sites, recent = columns["site"].to_list(), columns[RECENT].to_list()
    numeric = np.ascontiguousarray(columns.select(NUMERIC).to_numpy())
    size = max(1, -(-rows.height // threads))
    parts = range(0, rows.height, size)

    def part(at: int) -> Floats:
        return scoring(sites[at : at + size], recent[at : at + size], numeric[at : at + size])

    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(part, parts)
        return np.concatenate([np.empty(0), *found])


def inputs(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns INPUTS of `rows` as scikit-learn takes them: numbers as Float64, with NaN for null."""
    numeric = (pl.col(name).cast(pl.Float64).fill_null(np.nan) for name in NUMERIC)
    return rows.select("site", RECENT, *numeric)
