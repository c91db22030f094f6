"""dagster-dbt's translator and project, loaded without dbt.

Belongs here: that one import. Does not belong here: assets (`dbt`).

dagster-dbt imports dbt when it is imported, for the names of statuses that only its own invocations ask for: 1.5 s
of each start of a run, a step or the UI. It works without dbt as well, and says so by an ImportError that it
catches; ours runs dbt itself (`transform.dbt`), where a model is built. What needs dbt inside dagster-dbt
(`@dbt_assets` with a selection, `DbtCliResource`) is thereby not to be had in this code location: `dbt_models` is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _unless_loaded(name: str) -> Iterator[None]:
    """A package that has not been imported yet is not to be found."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


with _unless_loaded("dbt"):
    from dagster_dbt import DagsterDbtTranslator, DbtProject

__all__ = ["DagsterDbtTranslator", "DbtProject"]
