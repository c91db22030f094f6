"""Features that know the label too well, found by looking at a table alone.

Belongs here: `suspicious`. Does not belong here: proof. A strong feature may be honest (having reached the
checkout, say); `leaks` takes the future away and sees, where the function that makes the feature is at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Suspicion:
    """A feature that alone tells the label apart better than anything honest is expected to."""

    feature: str
    roc_auc: float
    rows: int

    def __str__(self) -> str:
        return (
            f"{self.feature} alone has a ROC-AUC of {self.roc_auc:.3f} over {self.rows} rows: check that "
            "it is known before the label is."
        )


def suspicious(
    rows: pl.DataFrame, label: str, features: Sequence[str], limit: float = 0.98
) -> list[Suspicion]:
    """The features that alone order `label` with a ROC-AUC above `limit`, in either direction.

    A null is tried as the smallest and as the largest value, since being null may be what gives it away.

    Args:
        rows: one row an example.
        label: a Boolean column without nulls. With one class only there is nothing to suspect.
        features: numeric or Boolean columns.
        limit: between 0.5 and 1.
    """
    found = []
    for feature in features:
        values = rows[feature].cast(pl.Float64)
        roc_auc = max(_roc_auc(values.fill_null(end), rows[label]) for end in (float("-inf"), float("inf")))
        if roc_auc > limit:
            found.append(Suspicion(feature, roc_auc, rows.height))
    return found


def _roc_auc(values: pl.Series, label: pl.Series) -> float:
    """The area by the ranks' sum (ties count half), for the better direction; 0.5 with one class only."""
    positives = int(label.sum())
    negatives = label.len() - positives
    if positives == 0 or negatives == 0:
        return 0.5
    ranks = float(values.rank("average").filter(label).sum())
    area = (ranks - positives * (positives + 1) / 2) / (positives * negatives)
    return max(area, 1 - area)
