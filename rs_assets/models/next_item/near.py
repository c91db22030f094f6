"""Who is near whom: the largest inner products of vectors with each other.

Belongs here: finding them without keeping, or sorting, all products. Does not belong here: what the vectors are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from rs_assets.models.next_item.matrices import strongest
from rs_assets.models.next_item.ragged import Floats

Vectors = npt.NDArray[np.float32]

BLOCK = 512
"""Rows at a time: with 50,000 items their products take 100 MB a thread."""

EVERY = 16
"""One column in so many is looked at to guess a bound; a guess too high is made good."""

THREADS = 2
NOBODY = -1e30
"""The exponent of nobody's nearness, which is 0. Infinity would be no number as soon as BLAS fills up with zeros."""


def near(vectors: Vectors, sharpness: float, lift: Floats, most: int) -> csr_array:
    """How near items are: lift of the column * exp(sharpness * inner product), the `most` largest of each row.

    Args:
        vectors: (items, components); an item whose vector is 0 is near nobody, and nobody is near it.
        sharpness: above 0.
        lift: (items), above 0.
        most: at least 1.

    Returns:
        (items, items) with sorted indices; of equal entries the lower column is kept. Nothing is near itself.
    """
    from threadpoolctl import threadpool_limits

    there = np.any(vectors != 0, axis=1)
    # The lift as one more component: the product of the two is the exponent.
    bonus = np.where(there, np.log(lift), NOBODY).astype(np.float32)
    columns = np.concatenate([vectors, bonus[:, None]], axis=1).T
    rows = np.concatenate([sharpness * vectors, np.ones_like(bonus)[:, None]], axis=1).astype(np.float32)

    def block(first: int) -> csr_array:
        products = rows[first : first + BLOCK] @ columns
        own = np.arange(len(products))
        products[own, first + own] = -np.inf
        return _largest(products, there[first : first + BLOCK], most)

    # A block has one thread of BLAS: with more, it would add up in another order.
    with threadpool_limits(limits=1), ThreadPoolExecutor(THREADS) as pool:
        blocks = list(pool.map(block, range(0, len(vectors), BLOCK)))
    return csr_array(vstack(blocks, format="csr")) if blocks else csr_array((0, 0))


def _largest(products: Vectors, there: npt.NDArray[np.bool_], most: int) -> csr_array:
    """The entries of exp(products), but for rows that are not there."""
    width = products.shape[1]
    sample = np.ascontiguousarray(products[:, ::EVERY])
    rank = 2 * -(-most // EVERY)  # twice as far down as the bound would be if the sample were perfect
    bound = _kth(sample, rank)
    few = np.count_nonzero(products >= bound[:, None], axis=1) < min(most, width)
    bound[few] = _kth(products[few], most)
    row, column = np.nonzero((products >= bound[:, None]) & there[:, None])
    weight = np.exp(products[row, column].astype(np.float64))
    return strongest(csr_array((weight, (row, column)), shape=products.shape), most)


def _kth(values: Vectors, k: int) -> npt.NDArray[np.float32]:
    """The k-th largest of each row; the least, where there are fewer."""
    at = max(values.shape[1] - k, 0)
    return np.array(np.partition(values, at, axis=1)[:, at])
