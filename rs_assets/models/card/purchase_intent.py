"""The card of purchase_intent. Nothing else belongs here."""

from __future__ import annotations

import polars as pl

from rs_assets.lake.paths import Lake
from rs_assets.models import plots
from rs_assets.models.card.card import Card, Section, provenance
from rs_assets.models.cuts import training_window
from rs_assets.models.promotion import Standing
from rs_assets.models.promotion.registry import comparison
from rs_assets.models.purchase_intent import NotTrained, read_card
from rs_assets.models.purchase_intent import card as cards
from rs_assets.models.purchase_intent.promotion import FAMILY, PROMOTION

PURPOSE = "The probability that a session still buys something, as of its 3rd, 5th and 10th event."
LIMITS = (
    "It ranks sessions of sites that it has learned from; one that opened after its cut is scored as the mean site.",
    "Buyers are a few in a hundred: read PR-AUC and lift, not accuracy, and take a probability for a rate among many "
    "sessions, not for a statement about one.",
    "Its candidates were chosen and measured on the same validation dates, so the chosen one's metrics are a little "
    "kind to it; the comparison with the champion is not.",
    "It knows nothing of a person beyond the session: no history, no consent, no device.",
)


def card(lake: Lake, log_date: str, standing: Standing) -> Card:
    """The card of the champion of a log date."""
    with open(lake.object(PROMOTION, log_date, "champion.bin"), "rb") as file:
        known = read_card(file.read())
    if isinstance(known, NotTrained):
        nobody = provenance(standing, window="nothing")
        return Card(FAMILY.name, PURPOSE, standing, (nobody, Section("Why", known.reason)), LIMITS)
    first, last = training_window(known.cut)
    window = (
        f"{known.rows:,} snapshots of sessions that closed from {first} to {last}, {known.positives:,} bought"
    )
    return Card(
        FAMILY.name,
        PURPOSE,
        standing,
        (
            provenance(standing, window=f"{window} later"),
            _metrics(known),
            _slices(known),
            _importances(known),
            _against(lake, log_date),
        ),
        LIMITS,
    )


def _metrics(known: cards.Card) -> Section:
    found = known.evaluation
    of_all = found.metrics.filter(pl.col("slice") == "all")
    table = of_all.pivot("metric", index="candidate", values="value", maintain_order=True)
    over = known.calibration
    helped = f"{type(over).__name__.lower()}, over its scores" if over else "none, as it did not help"
    return Section(
        "Metrics",
        f"Fitted on what closed before {found.boundary}, measured on {found.validation_rows:,} snapshots from then "
        f"to {found.last_date}, {found.validation_positives:,} of which bought later.",
        (
            ("candidate", known.chosen),
            ("calibration", helped),
            ("inputs", ", ".join(known.inputs)),
            *((f"{package}", number) for package, number in known.versions),
        ),
        table,
        (
            (
                "Precision against recall of every candidate",
                plots.pr_curve(found.curves, found.positive_rate),
            ),
            ("Observed against predicted share of buyers", plots.calibration(found.calibration)),
        ),
    )


def _slices(known: cards.Card) -> Section:
    own = known.evaluation.slices.filter(pl.col("candidate") == known.chosen).drop("candidate")
    return Section(
        "Slices", "The chosen candidate; nothing is said where there are too few buyers.", table=own
    )


def _importances(known: cards.Card) -> Section:
    says = (
        "How much PR-AUC it loses when an input is shuffled; inputs that say the same share their importance."
    )
    return Section("What it leans on", says, table=known.evaluation.importances)


def _against(lake: Lake, log_date: str) -> Section:
    says = "The last challenger against the champion before it, on sessions that neither has seen."
    return Section("Challenger against champion", says, table=comparison(lake, FAMILY, log_date))
