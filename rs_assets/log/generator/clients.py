"""The people who come to one site, and come back.

Belongs here: who they are, what is known of them from one day to the next, and who starts which session. Does
not belong here: what they do in a session (`walk`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from rs_assets.log.generator import words
from rs_assets.log.generator.vocabulary import DAY, SECOND, Bools, Floats, Ints

APART = 31 * 60 * SECOND
"""Silence that a client keeps between two sessions: more than the 30 minutes that end one."""
RETURNING = 0.45
"""Share of sessions by a client who has been there before."""
MEMBERS = 0.3


@dataclass
class Clients:
    """The clients of one site, as arrays by client number. It grows by the new ones of each day.

    Args:
        first_seen: seconds since 1970; the second half of a `client_id`.
        leaning: towards buying, about a standard normal.
        favourite: category.
        member: whether they have an account, so at times a `user_id`.
        last_time: of their last event, in microseconds.
    """

    first_seen: Ints
    leaning: Floats
    favourite: Ints
    member: Bools
    last_time: Ints

    @classmethod
    def before(cls, rng: np.random.Generator, count: int, start: int) -> Clients:
        """The clients that were there before the log starts, at `start` microseconds."""
        first_seen = start // SECOND - (1 + rng.random(count) * 90 * 86_400).astype(np.int64)
        return cls(first_seen, *_traits(rng, count), np.full(count, start - DAY))

    def choose(self, rng: np.random.Generator, starts: Ints) -> Ints:
        """A client for each session that starts at `starts`: returning ones, or new ones who join here."""
        old = len(self.first_seen)
        returning = (rng.random(len(starts)) < RETURNING) & (old > 0)
        client = np.zeros(len(starts), dtype=np.int64)
        client[returning] = (old * rng.random(int(returning.sum())) ** 1.4).astype(np.int64)
        new = int((~returning).sum())
        client[~returning] = old + np.arange(new)
        joined = Clients(starts[~returning] // SECOND, *_traits(rng, new), starts[~returning] - DAY)
        self._extend(joined)
        return client

    def keep_apart(self, client: Ints, starts: Ints, ends: Ints) -> Ints:
        """The clients of sessions; where one would be back too soon, a new one of the same traits instead."""
        sessions = pl.DataFrame({"client": client, "start": starts, "end": ends}).with_row_index()
        sessions = sessions.sort("client", "start", "index").with_columns(
            before=pl.col("end").cum_max().shift(1).over("client"),
            known=pl.Series(self.last_time[np.sort(client)]),
        )
        too_soon = pl.col("start") < pl.max_horizontal("before", "known") + APART
        soon = sessions.filter(too_soon)["index"].sort().to_numpy().astype(np.int64)
        kept = client.copy()
        kept[soon] = len(self.first_seen) + np.arange(len(soon))
        twin = client[soon]
        traits = self.leaning[twin], self.favourite[twin], self.member[twin]
        self._extend(Clients(starts[soon] // SECOND, *traits, starts[soon]))
        np.maximum.at(self.last_time, kept, ends)
        return kept

    def _extend(self, others: Clients) -> None:
        for field in fields(self):
            joined = np.concatenate([getattr(self, field.name), getattr(others, field.name)])
            setattr(self, field.name, joined)


def _traits(rng: np.random.Generator, count: int) -> tuple[Floats, Ints, Bools]:
    favourite = rng.integers(0, len(words.CATEGORIES), count)
    return rng.standard_normal(count), favourite, rng.random(count) < MEMBERS
