"""A seeded synthetic raw log of a few shops, with known faults: to learn on, to test and to measure with.

Belongs here: the front that others call. Does not belong here: Dagster, or anything that reads a log.

`Plan` says what is wanted, `generate` writes it, `Summary` says what was written, `FAULTS` names the
classes of fault that can be planted.
"""

from rs_assets.log.generator.faults import FAULTS
from rs_assets.log.generator.plan import Plan, Summary
from rs_assets.log.generator.run import generate

__all__ = ["FAULTS", "Plan", "Summary", "generate"]
