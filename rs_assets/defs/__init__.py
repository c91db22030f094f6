"""Dagster's side: declarations only. What they declare is done by the packages beside this one.

Modules whose functions take a `context` do without `from __future__ import annotations`: Dagster checks the
annotation itself.
"""

import warnings

import dagster as dg

# Observable source assets and mappings that reach before the first date are "beta" in name only, for years now.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
