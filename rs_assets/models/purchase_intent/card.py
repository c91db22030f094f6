"""The card: what is known of a trained model apart from its arrays, and how that is written as JSON.

Belongs here: `Card`, both ways between it and JSON. Does not belong here: the arrays' bytes (`artifact`),
or the card as a page to read (the graph's `model_card`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import polars as pl

from rs_assets.models.purchase_intent.calibration import Calibration, Isotonic, Sigmoid
from rs_assets.models.purchase_intent.evaluation import SCHEMAS, Evaluation

PACKAGES = ("numpy", "scikit-learn")
"""The packages that fitted it; another version of them may fit other numbers, and reads these all the same."""


@dataclass(frozen=True, eq=False)
class Card:
    """What is known of a trained model apart from its arrays.

    Attributes:
        cut: the model has seen what closed before it, and nothing else.
        chosen: one of CANDIDATES.
        inputs: the columns the model sees, in order.
        rows, positives: snapshots it was finally fitted on, and how many of them bought later.
        versions: (package, version) of PACKAGES.
        calibration: what goes over its scores, where that was shown to help, else None.
        evaluation: measured before the final fit, on the window's latest dates.
    """

    cut: dt.date
    chosen: str
    inputs: tuple[str, ...]
    rows: int
    positives: int
    versions: tuple[tuple[str, str], ...]
    calibration: Calibration | None
    evaluation: Evaluation


def installed() -> tuple[tuple[str, str], ...]:
    """The versions of PACKAGES here, as a card holds them."""
    return tuple((package, version(package)) for package in PACKAGES)


def card_to_json(card: Card) -> dict[str, Any]:
    """The card as what JSON can hold, but for dates, which `json.dumps` is told to write as ISO 8601."""
    evaluation = dict(vars(card.evaluation))
    for name in SCHEMAS:
        evaluation[name] = evaluation[name].to_dict(as_series=False)
    calibration = None if card.calibration is None else asdict(card.calibration)
    return vars(card) | {"calibration": calibration, "evaluation": evaluation}


def card_from_json(fields: dict[str, Any]) -> Card:
    """The card whose JSON `fields` is; every Float64 is the one that was written."""
    measured = dict(fields["evaluation"])
    for name, schema in SCHEMAS.items():
        measured[name] = pl.DataFrame(measured[name], schema=schema)
    for name in ("first_date", "boundary", "last_date"):
        measured[name] = dt.date.fromisoformat(measured[name])
    mended = {
        "cut": dt.date.fromisoformat(fields["cut"]),
        "inputs": tuple(fields["inputs"]),
        "versions": tuple((package, number) for package, number in fields["versions"]),
        "calibration": _calibration(fields["calibration"]),
        "evaluation": Evaluation(**measured),
    }
    return Card(**fields | mended)


def _calibration(fields: dict[str, Any] | None) -> Calibration | None:
    if fields is None:
        return None
    if "slope" in fields:
        return Sigmoid(**fields)
    return Isotonic(tuple(fields["scores"]), tuple(fields["shares"]))
