"""What the server that steps are forked from has loaded before the first of them.

Belongs here: imports that every step, or every dbt step, would otherwise repeat. Does not belong here: anything
that starts threads (polars and DuckDB do when they are first used), which must not be forked.
"""

from __future__ import annotations

import importlib

from rs_assets.definitions import defs

defs.get_repository_def()  # resolved once, here, and kept by the definitions
for name in ("dbt.cli.main", "dbt.task.build", "dbt.adapters.duckdb"):
    importlib.import_module(name)
