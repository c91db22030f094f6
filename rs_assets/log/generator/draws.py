"""Chance and identity: seeded random streams and numbers that look random but never repeat.

Belongs here: what makes the same plan give the same bytes. Does not belong here: anything that is drawn.

Each (site, log date, purpose) has a stream of its own, so that no part of the work depends on the order in
which another was done.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.log.generator.vocabulary import Ints

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

CATALOG, CLIENTS, SESSIONS, DELIVERY, PLANTING = range(5)
"""Purposes."""

_HEX = pl.Series([f"{n:04x}" for n in range(65536)])


def stream(seed: int, site: int, day: int, purpose: int) -> np.random.Generator:
    """The random stream of one purpose at one site on one day of the plan."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, site, day, purpose])))


def mix(numbers: Ints) -> Words:
    """Well-spread 64-bit words, one for each number and no two alike (the finaliser of splitmix64)."""
    x = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def request_ids(seed: int, site: int, day: int, first: int, count: int) -> pl.Series:
    """Ids of the requests number `first` and on of a site's log date: 16 hex digits, unique in the log."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    words = mix(
        (mix((np.int64(site) << 52) | (np.int64(day) << 36) | numbers) ^ np.uint64(seed & 0xFFFFFFFF)).view(
            np.int64
        )
    )
    quarters = [pl.Series((words >> np.uint64(s)) & np.uint64(0xFFFF)) for s in (48, 32, 16, 0)]
    parts = pl.DataFrame({str(n): _HEX.gather(quarter) for n, quarter in enumerate(quarters)})
    return parts.select(pl.concat_str(pl.all())).to_series()
