"""The evaluation: how a model does on sessions that ended after it was trained, and whether it may serve.

Belongs here: putting metrics, behaviours and leaks of every site into two tables. Does not belong here: each of
them, or what follows from a failed gate (promotion).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.models.next_item import behaviour, leaks
from rs_assets.models.next_item.candidates import unfitted
from rs_assets.models.next_item.events import prices
from rs_assets.models.next_item.gates import VERDICTS, gates, judge
from rs_assets.models.next_item.limits import BEHAVIOUR_QUESTIONS, SHOWN, SHUFFLED_SESSIONS
from rs_assets.models.next_item.measuring import METRICS, measure
from rs_assets.models.next_item.model import NextItem, Site
from rs_assets.models.next_item.questions import Questions, questions, ranks
from rs_assets.models.next_item.ragged import Floats, Ints
from rs_assets.models.next_item.split import across, latest


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured on later sessions.

    Attributes:
        metrics: `site`, and METRICS of the site's model and of `popularity`, by site.
        verdicts: `site`, and VERDICTS. Sites that are recommended what is popular for want of data have no row:
            there is no behaviour to judge.
    """

    metrics: pl.DataFrame
    verdicts: pl.DataFrame

    @property
    def passed(self) -> bool:
        """Whether every gate of every site is passed."""
        return bool(self.verdicts["passed"].all())


def evaluate(model: NextItem, training: pl.DataFrame, later: pl.DataFrame) -> Evaluation:
    """Measure a model on later sessions. Sites without any, and sites that the model does not know, have no rows.

    Of the later sessions, those that ended before the model's last one are left out: they are few (events that
    arrived days after they happened), and the gate `from_the_past` sees to it.

    Args:
        model: to be measured.
        training: the ITEM_EVENTS that it learned from.
        later: ITEM_EVENTS of sessions that closed after all of those.
    """
    metrics, verdicts = [_empty(METRICS)], [_empty(VERDICTS)]
    for name, site in model.sites.items():
        label = pl.lit(name).alias("site")
        learned, given = (side.filter(pl.col("site") == name) for side in (training, later))
        fresh = _since(given, site.card.learned_until)
        asked = questions(site.recommender.catalog, fresh)
        if len(asked):
            placed = {"popularity": popular_ranks(asked), site.card.chosen: ranks(site.recommender, asked)}
            metrics.append(measure(asked.rows, placed).select(label, *METRICS))
        if not given.is_empty() and site.card.reason is None:
            verdicts.append(judge(_values(site, asked, learned, given, fresh)).select(label, *VERDICTS))
    return Evaluation(pl.concat(metrics), pl.concat(verdicts))


def popular_ranks(asked: Questions) -> Ints:
    """The ranks of what came next when everybody is shown the most popular items: codes are by popularity."""
    codes = asked.targets.astype(np.int64)
    return np.where((codes >= 0) & (codes < SHOWN), codes + 1, 0)


def _values(
    site: Site, asked: Questions, learned: pl.DataFrame, given: pl.DataFrame, fresh: pl.DataFrame
) -> dict[str, float | None]:
    """What each gate judges."""
    ids = given["session_id"].n_unique()
    values: dict[str, float | None] = {
        "from_the_past": 1 - fresh["session_id"].n_unique() / ids,
        "across_split": float(across(learned, given)),
        "shuffled_label": leaks.shuffled_label(
            unfitted("vector_session_knn"), latest(learned, SHUFFLED_SESSIONS), fresh
        ),
    }
    if not len(asked):
        return dict.fromkeys((gate.test for gate in gates()), None) | values
    some = asked.take(np.arange(0, len(asked), -(-len(asked) // BEHAVIOUR_QUESTIONS)))
    recommender, items = site.recommender, len(site.recommender.catalog)
    codes, _ = recommender.top(some.queries)
    placed = ranks(recommender, some)
    return values | {
        "beats_popularity": behaviour.beats_popularity(placed, some.targets),
        "popularity_bias": behaviour.popularity_bias(codes, some.targets, items),
        "coverage": behaviour.coverage(codes, items),
        "last_item_sensitivity": behaviour.last_item_sensitivity(recommender, some.queries),
        "in_cart": behaviour.in_cart(recommender, fresh),
        "unknown_items": behaviour.unknown_items(recommender, some.queries),
        "price_homogeneity": behaviour.price_homogeneity(codes, some.queries.last(), _price(site, learned)),
    }


def _price(site: Site, learned: pl.DataFrame) -> Floats:
    """The price of each item by code, NaN where it is not known."""
    items = site.recommender.catalog.item_ids.to_frame("item_id")
    known = items.join(prices(learned), on="item_id", how="left", maintain_order="left")
    return known["price"].fill_null(np.nan).to_numpy()


def _since(events: pl.DataFrame, time: dt.datetime) -> pl.DataFrame:
    ended = pl.col("event_time").max().over("session_id")
    return events.filter(ended > time)


def _empty(schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(schema={"site": pl.String(), **schema})
