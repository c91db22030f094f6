"""The model: one recommender a site, and what is known of each.

Belongs here: `NextItem`, its sites and their cards. Does not belong here: how it is trained (`training`), bytes
(`artifact`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from rs_assets.models.next_item.limits import SHOWN
from rs_assets.models.next_item.recommender import Recommendation, Recommender

RECOMMENDATIONS: dict[str, pl.DataType] = {
    "site": pl.String(),
    "session_id": pl.String(),
    "rank": pl.Int64(),
    "item_id": pl.String(),
    "score": pl.Float64(),
    "model": pl.String(),
}
"""One row an item recommended to a session: `rank` from 1, `score` 0 for what only fills the list, `model` the
candidate that the site's recommender is."""


@dataclass(frozen=True, eq=False)
class SiteCard:
    """What is known of a site's recommender apart from its arrays.

    Attributes:
        chosen: one of CANDIDATES.
        reason: why there was no choice, in a sentence with its numbers; None where there was.
        sessions, steps, items: of two steps or more, all, and distinct, in what it was finally fitted on.
        learned_until: when the last of those sessions ended, UTC.
        boundary: when the first of the validation sessions ended; None where there was no choice.
        weights: of a blend's parts, by name; empty for others.
        metrics: METRICS of every candidate, fitted on sessions from before the boundary and measured on later ones.
            The choice and the weights come from the same sessions, so the chosen one's are a little kind to it.
    """

    chosen: str
    reason: str | None
    sessions: int
    steps: int
    items: int
    learned_until: dt.datetime
    boundary: dt.datetime | None
    weights: dict[str, float]
    metrics: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Site:
    """A site's recommender with its card."""

    card: SiteCard
    recommender: Recommender


@dataclass(frozen=True, eq=False)
class NextItem:
    """The next_item model of a cut: what each site's sessions may look at next. Sites share nothing.

    Attributes:
        cut: it has learned from sessions that closed before it, and from nothing else.
        sites: by name, rising. A site without a step in the training window is not among them.
    """

    cut: dt.date
    sites: dict[str, Site]

    def recommend(
        self, site: str, session: Sequence[str], k: int = SHOWN, *, barred: Sequence[str] = ()
    ) -> list[Recommendation]:
        """See `Recommender.recommend`; nothing for a site that the model does not know."""
        known = self.sites.get(site)
        return known.recommender.recommend(session, k, barred=barred) if known else []

    def recommend_many(self, events: pl.DataFrame, k: int = SHOWN, *, threads: int = 1) -> pl.DataFrame:
        """RECOMMENDATIONS for each session of ITEM_EVENTS, by site, session and rank; see `Recommender`."""
        found = [pl.DataFrame(schema=RECOMMENDATIONS)]
        for name, site in self.sites.items():
            own = events.filter(pl.col("site") == name)
            shown = site.recommender.recommend_many(own, k, threads=threads)
            labels = (pl.lit(name).alias("site"), pl.lit(site.card.chosen).alias("model"))
            found.append(shown.with_columns(labels).select(*RECOMMENDATIONS))
        return pl.concat(found)
