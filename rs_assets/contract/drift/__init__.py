"""Drift: what each site sends, log date by log date, and which of them has changed it. No Dagster.

The front of the package: `publish_site_shapes` counts and compares; `told` says what was found to a person.
"""

from rs_assets.contract.drift.compare import BEFORE, DRIFTS, drifts
from rs_assets.contract.drift.publish import ASSET, ShapesPublished, publish_site_shapes
from rs_assets.contract.drift.table import SITE_SHAPES
from rs_assets.contract.drift.words import Told, told

__all__ = [
    "ASSET",
    "BEFORE",
    "DRIFTS",
    "SITE_SHAPES",
    "ShapesPublished",
    "Told",
    "drifts",
    "publish_site_shapes",
    "told",
]
