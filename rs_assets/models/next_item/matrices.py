"""Sparse matrices of items, sessions and queries: what scipy has not.

Belongs here: arithmetic on rows of any CSR matrix. Does not belong here: what a row or a column is.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from rs_assets.models.next_item.ragged import Ints, largest, lengths_of, starts_of


def rows_of(matrix: csr_array) -> Ints:
    """The row of each entry of a CSR matrix."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), lengths_of(matrix.indptr))


def strongest(matrix: csr_array, k: int) -> csr_array:
    """The k largest entries of each row; of equal ones those of lower columns.

    Args:
        matrix: with sorted indices and entries above 0.
        k: at least 1.

    Returns:
        A matrix of the same shape, of Float64, with sorted indices.
    """
    row, value = rows_of(matrix), matrix.data.astype(np.float64)
    keep = largest(row, value, matrix.shape[0], k)
    starts = starts_of(np.bincount(row[keep], minlength=matrix.shape[0]))
    return csr_array((value[keep], matrix.indices[keep], starts), shape=matrix.shape)


def shares(matrix: csr_array) -> csr_array:
    """Each row divided by its sum; a row of nothing stays so."""
    row = rows_of(matrix)
    total = np.bincount(row, weights=matrix.data, minlength=matrix.shape[0])
    return csr_array((matrix.data / total[row], matrix.indices, matrix.indptr), shape=matrix.shape)
