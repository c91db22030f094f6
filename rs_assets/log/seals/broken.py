"""What is wrong under a seal.

Belongs here: its kinds, and the sentence. Does not belong here: finding it (`chain`, `verify`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "segment_changed",
    "segment_missing",
    "segment_added",
    "segment_unreadable",
    "lines_wrong",
    "seal_changed",
    "seal_missing",
    "seal_malformed",
    "chain_start",
    "head_unknown",
    "history_broken",
]

NOTHING = "nothing"


@dataclass(frozen=True, order=True)
class Broken:
    """One thing that is not as it was sealed.

    Attributes:
        log_date: whose seal says otherwise.
        kind: what it is, for scripts.
        place: the segment, or the seal's own file, below the root of the raw log.
        sealed: what was sealed.
        found: what is there.
    """

    log_date: str
    kind: Kind
    place: str
    sealed: str
    found: str

    def __str__(self) -> str:
        return f"{self.place}: sealed {self.sealed}; found {self.found}."
