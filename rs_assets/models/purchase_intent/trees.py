"""Boosted trees as arrays: taken from a fitted scikit-learn model, and asked without it.

Belongs here: walking down trees, for many rows and all trees at once. Does not belong here: growing them.

What comes out is what scikit-learn says, to the bit: the same comparisons, and the trees' values added up in the same
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

Floats = npt.NDArray[np.float64]

ARRAYS = ("feature", "threshold", "left", "right", "value", "is_leaf", "missing_left", "roots", "baseline")
CHUNK = 2_048
"""Rows walked at a time: their places in 100 trees fit a cache."""


def arrays_of(model: HistGradientBoostingClassifier) -> dict[str, npt.NDArray[Any]]:
    """A fitted binary classifier as ARRAYS: the nodes of all trees, one behind the other.

    Raises:
        TypeError: a tree splits by categories, which are not read here.
    """
    trees = [trees_of_step[0].nodes for trees_of_step in model._predictors]
    nodes = np.concatenate(trees)
    if nodes["is_categorical"].any():
        raise TypeError("A tree splits by categories: encode them first.")
    roots = np.cumsum([0, *map(len, trees)])[:-1].astype(np.int32)
    shift = np.repeat(roots, list(map(len, trees)))
    return {
        "feature": nodes["feature_idx"].astype(np.int32),
        "threshold": nodes["num_threshold"].astype(np.float64),
        "left": (nodes["left"] + shift).astype(np.int32),
        "right": (nodes["right"] + shift).astype(np.int32),
        "value": nodes["value"].astype(np.float64),
        "is_leaf": nodes["is_leaf"].astype(np.bool_),
        "missing_left": nodes["missing_go_to_left"].astype(np.bool_),
        "roots": roots,
        "baseline": np.asarray(model._baseline_prediction, np.float64).reshape(-1),
    }


def log_odds(trees: Mapping[str, npt.NDArray[Any]], matrix: Floats) -> Floats:
    """What the trees add up to for each row of (rows, features), NaN where a feature is not known."""
    total = np.full(len(matrix), trees["baseline"][0])
    for first in range(0, len(matrix), CHUNK):
        rows = slice(first, first + CHUNK)
        for leaf in _leaves(trees, matrix[rows]).T:
            total[rows] += trees["value"][leaf]
    return total


def _leaves(trees: Mapping[str, npt.NDArray[Any]], matrix: Floats) -> npt.NDArray[np.int32]:
    """The leaf that each row ends in, in each tree: (rows, trees)."""
    at = np.broadcast_to(trees["roots"], (len(matrix), len(trees["roots"]))).copy()
    row = np.arange(len(matrix))[:, None]
    while not (leaf := trees["is_leaf"][at]).all():
        value = matrix[row, np.where(leaf, 0, trees["feature"][at])]
        goes_left = np.where(np.isnan(value), trees["missing_left"][at], value <= trees["threshold"][at])
        at = np.where(leaf, at, np.where(goes_left, trees["left"][at], trees["right"][at]))
    return at
