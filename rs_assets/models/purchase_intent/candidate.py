"""What a candidate of purchase_intent is: a name and a pipeline that is not fitted.

Belongs here: the declaration. Does not belong here: ours (`candidates`), how a fitted one scores (`scoring`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Candidate:
    """One that may become the model.

    Attributes:
        name: what evaluations and the card call it.
        unfitted: its pipeline, from the columns INPUTS to the probability of buying. It is one that `Scoring.of` can
            read: `candidates.trees` or `candidates.linear`, with whatever settings. Import scikit-learn inside.
    """

    name: str
    unfitted: Callable[[], Pipeline] = field(compare=False)
