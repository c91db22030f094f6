"""How a challenger of next_item is judged, and who the champion is.

Belongs here: this model's side of `models.promotion`. Does not belong here: the rule, the log dates, the rehearsal.

Challenger and champion answer the same questions: those of the sessions that the rehearsal held back, which the
champion, of an earlier cut, has not seen either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from rs_assets.lake.lineage import Reads
from rs_assets.lake.paths import Lake
from rs_assets.models.next_item.artifact import dump, load, read_cards
from rs_assets.models.next_item.bootstrap import UNIT, credits, resampled
from rs_assets.models.next_item.gates import refusals
from rs_assets.models.next_item.measuring import slices
from rs_assets.models.next_item.model import NextItem
from rs_assets.models.next_item.publish import (
    ARTIFACT,
    EVALUATION,
    MODEL,
    REHEARSAL,
    TRAINING,
    VERDICTS_TABLE,
)
from rs_assets.models.next_item.questions import questions, ranks
from rs_assets.models.next_item.ragged import Flags, Ints
from rs_assets.models.next_item.rehearsal import held_back
from rs_assets.models.promotion import CHAMPION, Decisions, Judgement, compared, promotion_reads
from rs_assets.models.promotion.judgement import judged

PROMOTION = "next_item_promotion"
PROTECTED = ("all", "length=2", "length=3-4", "length=5-9", "length=10+")
"""Of each site; a challenger may be worse on none of them."""

MIN_QUESTIONS = 50
"""Of a protected slice: with fewer, nothing is shown."""


class NextItemFamily:
    """next_item, as promotion sees it."""

    name = "next_item"
    promotion = PROMOTION
    model = MODEL
    training = TRAINING

    def judge(self, lake: Lake, log_date: str, champion: bytes | None) -> Judgement:
        """The gate: something to recommend, every behaviour within its threshold, no worse than the champion."""
        if reason := self.untrained(_read(lake, MODEL, log_date, ARTIFACT)):
            return Judgement((reason,), there=False)
        verdicts = pl.read_parquet(lake.object(EVALUATION, log_date, VERDICTS_TABLE), glob=False)
        refused = tuple(refusals(verdicts))
        if champion is None:
            return Judgement(refused)
        (path,) = lake.require(TRAINING, [log_date])
        _, later, _ = held_back(pl.read_parquet(path))
        rehearsed = load(_read(lake, EVALUATION, log_date, REHEARSAL))
        against = judged(compare(later, load(champion), rehearsed))
        return Judgement((*refused, *against.refused), against.comparison)

    def untrained(self, artifact: bytes) -> str | None:
        """Why it knows no site; None where it does."""
        if read_cards(artifact):
            return None
        return "not trained yet, because no session of the window looked at an item"

    def nobody(self, cut: dt.date, reasons: Sequence[str]) -> bytes:
        """A model of no site, which recommends nothing."""
        return dump(NextItem(cut, {}))


FAMILY = NextItemFamily()


def reads(decisions: Decisions) -> Reads:
    """What a promotion is made of."""
    return promotion_reads(FAMILY, decisions, EVALUATION, TRAINING)


def champion(lake: Lake, log_date: str) -> NextItem:
    """The model that serves on a log date.

    Raises:
        UserError: no promotion is published for it.
    """
    lake.require(PROMOTION, [log_date])
    return load(_read(lake, PROMOTION, log_date, CHAMPION))


def compare(later: pl.DataFrame, serving: NextItem, challenger: NextItem) -> Iterator[tuple[object, ...]]:
    """HR@20 and MRR@20 of both on each protected slice of each site that the champion knows, as rows of `compared`.

    Args:
        later: ITEM_EVENTS of sessions that neither has seen.
    """
    for site in serving.sites:
        own = later.filter(pl.col("site") == site)
        asked = questions(serving.sites[site].recommender.catalog, own).rows
        placed = [_ranks(model, site, own, asked.height) for model in (serving, challenger)]
        for name, where in slices(asked):
            if name in PROTECTED and int(where.sum()) >= MIN_QUESTIONS:
                yield from _compared(
                    f"site={site}" if name == "all" else f"site={site} {name}", asked, where, placed
                )


def _ranks(model: NextItem, site: str, events: pl.DataFrame, questions_asked: int) -> Ints:
    """What a model that does not know the site shows is nothing, and never right."""
    known = model.sites.get(site)
    if known is None:
        return np.zeros(questions_asked, np.int64)
    return ranks(known.recommender, questions(known.recommender.catalog, events))


def _compared(
    name: str, asked: pl.DataFrame, where: Flags, placed: list[Ints]
) -> Iterator[tuple[object, ...]]:
    session = (asked["session_id"].rank("dense").to_numpy().astype(np.int64) - 1)[where]
    worth = [column for ranked in placed for column in credits(ranked[where])]
    draws = resampled(session, np.stack([np.ones(session.size), *worth], axis=1))
    draws = draws[draws[:, 0] > 0]
    for metric, column, unit in (("hit_rate", 1, 1), ("mrr", 2, UNIT)):
        one, other = (float(np.sum(worth[column - 1 + shift])) / session.size / unit for shift in (0, 2))
        difference = (draws[:, column + 2] - draws[:, column]) / draws[:, 0] / unit
        yield compared(name, metric, int(np.unique(session).size), (one, other), difference)


def _read(lake: Lake, asset: str, log_date: str, name: str) -> bytes:
    with open(lake.object(asset, log_date, name), "rb") as file:
        return file.read()
