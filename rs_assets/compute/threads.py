"""How many threads the libraries inside a step use: as many as its box has cores.

Belongs here: polars, and what computes with OpenMP or BLAS (numpy, scipy, scikit-learn). Does not belong here:
DuckDB, which is told at each connection (`Box.duckdb_settings`).

A library looks at its environment variable once: polars when it first computes, OpenMP and BLAS when they are loaded.
So this is called before a step does anything. What is loaded already can be told again, except polars: with the
executor `in_process`, where all steps share a process, its threads are those of the first step.
"""

from __future__ import annotations

import os
import sys

VARIABLES = (
    "POLARS_MAX_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def limit_threads(cpu: int) -> None:
    """Give this process's libraries so many threads, and the processes that it starts as well."""
    os.environ.update(dict.fromkeys(VARIABLES, str(cpu)))
    if "numpy" in sys.modules or "sklearn" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=cpu)
