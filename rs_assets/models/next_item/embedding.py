"""An item embedding: items are alike when they keep the same company, though they never met.

Belongs here: PMI of items in sessions, and its truncated SVD. Does not belong here: who is near whom in that space
(`near`), or how a session is answered (`item_items`).

The neighbours are found once, in fitting: an answer then costs no more than a rule's, and there is no product of
vectors in it whose last digit would depend on how many sessions are asked about at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from rs_assets.models.next_item.item_items import ItemItems
from rs_assets.models.next_item.limits import ROW_ITEMS, SEED
from rs_assets.models.next_item.matrices import rows_of, shares
from rs_assets.models.next_item.near import Vectors, near
from rs_assets.models.next_item.rules import following
from rs_assets.models.next_item.sessions import Sessions


@dataclass(eq=False)
class ItemEmbedding(ItemItems):
    """Items by cosine in the space of a PMI matrix's strongest components, the popular ones somewhat ahead.

    No item calls for itself: how often people come back to one is a fact of its own (`rules`, `revisits`), which
    closeness would drown.

    Args:
        components: of the SVD.
        smoothing: exponent of the context's count, below 1 so that rare items do not look all alike.
        sharpness: a neighbour weighs exp(sharpness * cosine) * count ** popularity.
        popularity: see `sharpness`.
        most_items: the most popular ones; rarer ones have no place in the space, whose neighbours cost the square
            of its items. What little is known of those, rules say.
    """

    fading: float = 0.6
    components: int = 64
    smoothing: float = 0.75
    sharpness: float = 7.0
    popularity: float = 0.3
    most_items: int = 25_000

    def _matrix(self, sessions: Sessions) -> csr_array:
        counts = sessions.catalog.counts
        enough = min(counts.size, self.most_items)  # codes are by popularity
        pairs = csr_array(following(sessions, returns=False)[:enough, :enough])
        vectors = embed(pmi(pairs, self.smoothing), self.components)
        lift = counts[:enough].astype(np.float64) ** self.popularity
        found = near(vectors, self.sharpness, lift, ROW_ITEMS)
        found.resize(counts.size, counts.size)
        return shares(found)


def pmi(following: csr_array, smoothing: float) -> csr_array:
    """Positive pointwise mutual information of items near each other, in either order: (items, items), in nats.

    Args:
        following: how often the column's item came after the row's.
        smoothing: exponent of the column's total.
    """
    near = csr_array(following + following.T)
    total = near.sum(axis=1).astype(np.float64)
    context = total**smoothing
    context /= max(float(np.sum(context)), 1e-300)
    information = np.log(near.data / (total[rows_of(near)] * context[near.indices]))
    found = csr_array((np.maximum(information, 0), near.indices, near.indptr), shape=near.shape)
    found.eliminate_zeros()
    return found


def embed(matrix: csr_array, components: int) -> Vectors:
    """A unit vector for each item, (items, components); of zeros for an item that the matrix says nothing of.

    On one thread: BLAS adds up in another order with another number of them.
    """
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits

    components = min(components, matrix.shape[0] - 1)
    if components < 1 or not matrix.nnz:
        return np.zeros((matrix.shape[0], 1), dtype=np.float32)
    with threadpool_limits(limits=1):
        svd = TruncatedSVD(components, n_iter=4, random_state=SEED).fit(matrix.astype(np.float32))
    vectors = svd.components_.T.astype(np.float64) * np.sqrt(svd.singular_values_)
    length: npt.NDArray[np.float64] = np.sqrt(np.sum(vectors**2, axis=1, keepdims=True))
    return np.where(length > 1e-6, vectors / np.maximum(length, 1e-6), 0).astype(np.float32)
