"""Which of the sealed segments are read to be verified.

Belongs here: the choices. Does not belong here: verifying. Sizes and listing are always verified, of all.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Choice: TypeAlias = Callable[[Sequence[str]], Collection[str]]
"""From the places of all sealed segments to the places of those to read."""


def everything(places: Sequence[str]) -> Collection[str]:
    """All of them."""
    return frozenset(places)


def nothing(places: Sequence[str]) -> Collection[str]:
    """None of them."""
    return frozenset()


@dataclass(frozen=True)
class Sample:
    """Some of them: a number, or a share, rounded up. The same places and seed give the same sample."""

    count: int | None = None
    percent: float | None = None
    seed: int = 0

    def __call__(self, places: Sequence[str]) -> Collection[str]:
        """Those whose digests come first."""
        wanted = math.ceil(len(places) * self.percent / 100) if self.percent is not None else self.count
        return frozenset(sorted(places, key=self._rank)[:wanted])

    def _rank(self, place: str) -> bytes:
        return hashlib.sha256(f"{self.seed} {place}".encode("utf-8", "surrogatepass")).digest()
