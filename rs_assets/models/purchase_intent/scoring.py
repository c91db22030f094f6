"""Scoring: a fitted pipeline as arithmetic on a matrix, each row on its own.

Belongs here: from a site, numbers and the latest events to a probability, for many rows and for one, in the same way.
Does not belong here: fitting (`candidates`), recalibration (`calibration`), frames of snapshots, walking trees
(`trees`).

scikit-learn takes a row as a data frame, for milliseconds; and it has BLAS add up, whose order, and so the last bit,
depends on how many rows are beside it. Here a sum is taken column by column: what is served for one session equals
what is computed in batch, to the bit, on any machine. And a pipeline that is nothing but arrays can be written and
read without running anything, and outlives the version of scikit-learn that fitted it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from rs_assets.models.purchase_intent import trees
from rs_assets.models.purchase_intent.limits import NGRAMS

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[Any]]

LINEAR = ("medians", "told_missing", "mean", "scale", "weights", "intercept")
KINDS = {
    "constant": ("chance",),
    "linear": LINEAR,
    "ngrams": (*LINEAR, "ngrams", "ngram_weights"),
    "trees": trees.ARRAYS,
}
"""The ways of scoring, and the arrays of each."""


class Scoring:
    """What a fitted pipeline of one of CANDIDATES says, without the pipeline.

    Args:
        kind: one of KINDS.
        sites: those that were there to be fitted, in the order of their columns.
        arrays: those of the kind.

    Raises:
        ValueError: there is no such kind, or not all of its arrays.
    """

    def __init__(self, kind: str, sites: Sequence[str], arrays: Arrays) -> None:
        if set(KINDS.get(kind, ())) != set(arrays):
            raise ValueError(f"A scoring of the kind {kind!r} is not made of {', '.join(sorted(arrays))}.")
        self.kind, self.sites, self.arrays = kind, tuple(sites), dict(arrays)
        self._place = {site: place for place, site in enumerate(self.sites)}
        names = self.arrays["ngrams"].tolist() if kind == "ngrams" else []
        weights = self.arrays["ngram_weights"].tolist() if kind == "ngrams" else []
        self._weights = dict(zip(names, weights, strict=True))

    @classmethod
    def of(cls, pipeline: Pipeline) -> Self:
        """The scoring of a pipeline as `candidates.fit` returns it."""
        model, columns = pipeline.named_steps["model"], pipeline.named_steps.get("columns")
        if columns is None:
            return cls("constant", (), {"chance": np.asarray(model.class_prior_[1:], np.float64)})
        (sites,) = columns.named_transformers_["site"].categories_
        prepared = columns.named_transformers_["numeric"]
        if not hasattr(prepared, "named_steps"):
            return cls("trees", sites.tolist(), trees.arrays_of(model))
        words = columns.named_transformers_.get("ngrams")
        arrays = _arrays_of_linear(prepared, model)
        if words is None:
            return cls("linear", sites.tolist(), arrays)
        names = words.get_feature_names_out()
        rest, its = np.split(arrays["weights"], [-len(names)])
        ngrams = {"ngrams": np.asarray(names, np.str_), "ngram_weights": its}
        return cls("ngrams", sites.tolist(), {**arrays, "weights": rest, **ngrams})

    def __call__(self, sites: Sequence[str | None], recent: Sequence[str], numeric: Floats) -> Floats:
        """The probability of each row, before recalibration.

        Args:
            sites: one a row; of one that was not there to be fitted, no column is set.
            recent: one a row, RECENT: names of events apart by spaces.
            numeric: (rows, NUMERIC), with NaN for what is not known. It is left as it is.
        """
        if self.kind == "constant":
            return np.full(len(numeric), self.arrays["chance"][0])
        told = self._one_hot(sites)
        if self.kind == "trees":
            return _sigmoid(trees.log_odds(self.arrays, np.concatenate([numeric, told], axis=1)))
        total = _weighted(self.arrays, numeric, told)
        if self.kind == "ngrams":
            total += self._of_ngrams(recent)
        return _sigmoid(total + self.arrays["intercept"][0])

    def _of_ngrams(self, recent: Sequence[str]) -> Floats:
        """What the runs of events add, each run once; the few paths there are, are looked at once each."""
        found = {path: sum(self._weights.get(one, 0.0) for one in ngrams(path)) for path in set(recent)}
        return np.array([found[path] for path in recent], np.float64)

    def _one_hot(self, sites: Sequence[str | None]) -> Floats:
        found = np.zeros((len(sites), len(self.sites)))
        for row, site in enumerate(sites):
            place = self._place.get(site) if site is not None else None
            if place is not None:
                found[row, place] = 1.0
        return found


def _arrays_of_linear(prepared: Pipeline, model: Any) -> Arrays:
    impute, scale = prepared.named_steps["impute"], prepared.named_steps["scale"]
    return {
        "medians": np.asarray(impute.statistics_, np.float64),
        "told_missing": np.asarray(impute.indicator_.features_, np.int64),
        "mean": np.asarray(scale.mean_, np.float64),
        "scale": np.asarray(scale.scale_, np.float64),
        "weights": np.asarray(model.coef_[0], np.float64),
        "intercept": np.asarray(model.intercept_, np.float64),
    }


def ngrams(path: str) -> list[str]:
    """The runs of up to NGRAMS events of a path, each once, in an order that depends on nothing but them."""
    names = path.split()
    runs = {
        " ".join(names[at : at + length])
        for length in range(1, NGRAMS + 1)
        for at in range(len(names) - length + 1)
    }
    return sorted(runs)


def _weighted(arrays: Arrays, numeric: Floats, sites: Floats) -> Floats:
    """Impute, compress, scale, and sum up by weight."""
    missing = np.isnan(numeric)
    filled = np.where(missing, arrays["medians"], numeric)
    told = missing[:, arrays["told_missing"]].astype(np.float64)
    scaled = (np.arcsinh(np.concatenate([filled, told], axis=1)) - arrays["mean"]) / arrays["scale"]
    total = np.zeros(len(numeric))
    columns = np.concatenate([scaled, sites], axis=1).T
    for column, weight in zip(columns, arrays["weights"].tolist(), strict=True):
        total += column * weight
    return total


def _sigmoid(log_odds: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(log_odds), dtype=np.float64)
