"""The catalogue: a site's items as numbers.

Belongs here: ids to codes and back. Does not belong here: sessions of them (`sessions`, `queries`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from rs_assets.models.next_item.ragged import Codes, Ints


@dataclass(frozen=True, eq=False)
class Catalog:
    """The items of a site that training saw, by popularity; an item's code is its place here.

    Attributes:
        item_ids: unique, by falling count, then by id.
        counts: steps of training that each item had.
    """

    item_ids: pl.Series
    counts: Ints

    def __len__(self) -> int:
        return len(self.item_ids)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {item_id: code for code, item_id in enumerate(self.item_ids)}

    @cached_property
    def _names(self) -> list[str]:
        return self.item_ids.to_list()

    def code(self, item_ids: Sequence[str]) -> Codes:
        """The code of each item, -1 for one that training did not see."""
        return np.fromiter((self._codes.get(item_id, -1) for item_id in item_ids), np.int32, len(item_ids))

    def codes(self, item_ids: pl.Series) -> Codes:
        """The same, for a column."""
        known = pl.DataFrame({"item_id": self.item_ids, "code": np.arange(len(self), dtype=np.int32)})
        asked = pl.DataFrame({"item_id": item_ids}, schema={"item_id": pl.String})
        found = asked.join(known, on="item_id", how="left", maintain_order="left")
        return found["code"].fill_null(-1).to_numpy().astype(np.int32)

    def name(self, code: int) -> str:
        """The id of the item of a code."""
        return self._names[code]
