"""Scoring: a fitted pipeline as arithmetic on a matrix, each row on its own.

Belongs here: from a site and numbers to a probability, for many rows and for one, in the same way. Does not belong
here: fitting (`candidates`), recalibration (`calibration`), frames of snapshots.

scikit-learn takes a row as a data frame, for milliseconds; and it has BLAS add up, whose order, and so the last bit,
depends on how many rows are beside it. Here a sum is taken column by column: what is served for one session equals
what is computed in batch, to the bit, on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.float64]


class Scoring:
    """What a fitted pipeline of one of CANDIDATES says, without the pipeline's way to it.

    Args:
        pipeline: as `candidates.fit` returns it.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._model = pipeline.named_steps["model"]
        self._columns = pipeline.named_steps.get("columns")
        self._sites: dict[str, int] = {}
        if self._columns is not None:
            (known,) = self._columns.named_transformers_["site"].categories_
            self._sites = {site: place for place, site in enumerate(known)}
        self._of_matrix = self._way()

    def __call__(self, sites: Sequence[str | None], numeric: Floats) -> Floats:
        """The probability of each row, before recalibration.

        Args:
            sites: one a row; of one that was not there to be fitted, no column is set.
            numeric: (rows, NUMERIC), with NaN for what is not known. It is left as it is.
        """
        return self._of_matrix(numeric, self._one_hot(sites))

    def _one_hot(self, sites: Sequence[str | None]) -> Floats:
        found = np.zeros((len(sites), len(self._sites)))
        for row, site in enumerate(sites):
            place = self._sites.get(site) if site is not None else None
            if place is not None:
                found[row, place] = 1.0
        return found

    def _way(self) -> Callable[[Floats, Floats], Floats]:
        if self._columns is None:
            chance = float(self._model.class_prior_[1])
            return lambda numeric, sites: np.full(len(numeric), chance)
        prepared = self._columns.named_transformers_["numeric"]
        if prepared == "passthrough" or not hasattr(prepared, "named_steps"):
            return lambda numeric, sites: np.asarray(
                self._model.predict_proba(np.concatenate([numeric, sites], axis=1))[:, 1], dtype=np.float64
            )
        return _Logistic(prepared, self._model)


class _Logistic:
    """Impute, compress, scale, and the sigmoid of a weighted sum."""

    def __init__(self, prepared: Pipeline, model: object) -> None:
        impute, scale = prepared.named_steps["impute"], prepared.named_steps["scale"]
        self._medians = np.asarray(impute.statistics_, dtype=np.float64)
        self._told_missing = np.asarray(impute.indicator_.features_)
        self._mean, self._scale = scale.mean_, scale.scale_
        self._weights: list[float] = model.coef_[0].tolist()  # type: ignore[attr-defined]
        self._intercept = float(model.intercept_[0])  # type: ignore[attr-defined]

    def __call__(self, numeric: Floats, sites: Floats) -> Floats:
        from scipy.special import expit

        missing = np.isnan(numeric)
        filled = np.where(missing, self._medians, numeric)
        told = missing[:, self._told_missing].astype(np.float64)
        scaled = (np.arcsinh(np.concatenate([filled, told], axis=1)) - self._mean) / self._scale
        columns = np.concatenate([scaled, sites], axis=1).T
        total = np.zeros(len(numeric))
        for column, weight in zip(columns, self._weights, strict=True):
            total += column * weight
        return np.asarray(expit(total + self._intercept), dtype=np.float64)
