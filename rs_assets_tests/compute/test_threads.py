"""The libraries inside of a step use as many threads as its box has cores."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = """
import polars as pl, sklearn.ensemble, numpy as np
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from threadpoolctl import threadpool_info
np.ones((4, 4)) @ np.ones((4, 4))
pools = {pool["num_threads"] for pool in threadpool_info()}
print(pl.thread_pool_size(), _openmp_effective_n_threads(), *pools)
"""
LIMIT = "from rs_assets.compute.threads import limit_threads\nlimit_threads({})\n"


def asked(code: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


@pytest.mark.parametrize("cpu", [1, 3])
def test_polars_openmp_and_blas_use_the_boxes_cores(cpu):
    polars, openmp, *pools = asked(LIMIT.format(cpu) + ASK)
    assert (polars, openmp) == (cpu, cpu)
    # OpenBLAS never has more threads than the machine has cores.
    assert set(pools) <= {cpu, min(cpu, os.cpu_count() or 1)}


def test_openmp_and_blas_that_were_loaded_before_the_step_follow_as_well():
    _, openmp, *pools = asked("import sklearn.ensemble, numpy, polars\n" + LIMIT.format(1) + ASK)
    assert (openmp, pools) == (1, [1])
