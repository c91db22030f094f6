"""Promotion: a challenger becomes the champion only when it is shown to be no worse.

The front of the package: decisions that persons make, what a model's own rules must say (`Family`), and the step
that follows both through the log dates (`publish_promotion`).
"""

from rs_assets.models.promotion.decisions import Decision, Decisions
from rs_assets.models.promotion.judgement import COMPARISON, Judgement, compared
from rs_assets.models.promotion.publish import (
    CHAMPION,
    COMPARISON_TABLE,
    Family,
    promotion_reads,
    publish_promotion,
    standing_of,
)
from rs_assets.models.promotion.standing import GATE, Outcome, Standing

__all__ = [
    "CHAMPION",
    "COMPARISON",
    "COMPARISON_TABLE",
    "GATE",
    "Decision",
    "Decisions",
    "Family",
    "Judgement",
    "Outcome",
    "Standing",
    "compared",
    "promotion_reads",
    "publish_promotion",
    "standing_of",
]
