"""Features as pure functions on polars frames, and the checks that hold any feature to its time.

Belongs here: what is true of features of every model. Does not belong here: the features themselves, which
dbt computes (`dbt/models/`), or a model's own training set (`rs_assets.models`).
"""

from rs_assets.features.leaks import Leak, find_leaks
from rs_assets.features.suspicions import Suspicion, suspicious

__all__ = ["Leak", "Suspicion", "find_leaks", "suspicious"]
