"""One step after another through a shop, for all sessions of a day at once.

Belongs here: which event comes next, which item it is about, what is in the cart. Does not belong here: the
odds (`behaviour`), or when (`sessions`).

The loop is over steps, at most 40 of them; within a step everything is an array over the sessions that go on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from rs_assets.log.generator import behaviour
from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.carts import Carts
from rs_assets.log.generator.catalog import Catalog
from rs_assets.log.generator.pages import TERMS_EACH
from rs_assets.log.generator.vocabulary import Bools, Floats, Ints

_ODDS = behaviour.odds()
_BEND = behaviour.by_event(behaviour.BENT_BY_INTENT)
_OF_CART = v.member(v.WITH_CART)
_OF_ONE = v.member((v.SELECT, v.VIEW, v.ADD, v.WISH))
_NEEDS_CART = [v.REMOVE, v.CART, v.BEGIN]
_PICKED = np.cumsum([0.34, 0.22, 0.16, 0.12, 0.09, 0.07])


@dataclass(frozen=True)
class Shoppers:
    """Who walks: one entry a session."""

    intent: Floats
    category: Ints
    signed_in: Bools


class Walk:
    """The state of all sessions, and what they have done so far.

    Call `step` until it returns False, then `events`.
    """

    def __init__(self, rng: np.random.Generator, catalog: Catalog, shoppers: Shoppers) -> None:
        n = len(shoppers.intent)
        self._rng, self._catalog, self._intent = rng, catalog, shoppers.intent
        self._going = np.arange(n)
        self._last = np.full(n, v.END)
        self._item = np.full(n, -1)
        self._category = shoppers.category.copy()
        self._term = np.full(n, 0)
        self._shown = np.full((n, v.SLOTS), -1)
        self._carts = Carts(n)
        self._may_sign = shoppers.signed_in.copy()
        self._bought = np.zeros(n, dtype=np.bool_)
        self._steps: list[tuple[Ints, ...]] = []

    def step(self) -> bool:
        """Let each session that goes on do one more thing, or end. False when none goes on."""
        event = self._next(self._going)
        on = event != v.END
        s, event = self._going[on], event[on]
        if len(s) == 0 or len(self._steps) == behaviour.LONGEST:
            return False
        self._browse(s, event)
        items = np.full((len(s), v.SLOTS), -1)
        counts = np.ones((len(s), v.SLOTS), dtype=np.int64)
        self._carts.put(s[event == v.ADD], self._item[s[event == v.ADD]])
        listed, single, of_cart = event == v.LIST, _OF_ONE[event], _OF_CART[event]
        items[listed] = self._shown[s[listed]]
        items[single, 0] = self._item[s[single]]
        items[of_cart, : v.CART_SLOTS] = self._carts.items[s[of_cart]]
        counts[of_cart, : v.CART_SLOTS] = self._carts.counts[s[of_cart]]
        removed = event == v.REMOVE
        items[removed, 0], counts[removed, 0] = self._carts.take_last(s[removed])
        self._carts.clear(s[event == v.BUY])
        self._bought[s[event == v.BUY]] = True
        self._may_sign[s[(event == v.LOGIN) | (event == v.SIGN_UP)]] = False
        self._last[s] = event
        self._going = s
        self._steps.append((s, event, self._category[s], self._term[s], items, counts))
        return True

    def events(self) -> pl.DataFrame:
        """All events by session and step.

        Columns: `session, event, category, term, item0.., count0..`, and `cents`, what the items cost in all.
        """
        steps = [np.concatenate(part) for part in zip(*self._steps, strict=True)]
        order = np.argsort(steps[0], kind="stable")
        session, event, category, term, items, counts = (part[order] for part in steps)
        columns = {
            "session": session,
            "event": event.astype(np.int8),
            "category": category.astype(np.int8),
            "term": term.astype(np.int16),
            **{f"item{k}": items[:, k].astype(np.int16) for k in range(v.SLOTS)},
            **{f"count{k}": counts[:, k].astype(np.int8) for k in range(v.SLOTS)},
            "cents": np.where(items >= 0, self._catalog.cents[items] * counts, 0).sum(axis=1),
        }
        return pl.DataFrame(columns)

    def _next(self, s: Ints) -> Ints:
        filled = self._carts.filled(s)
        odds = _ODDS[self._last[s]] * np.exp(self._intent[s, None] * _BEND)
        odds[:, _NEEDS_CART] *= (filled > 0)[:, None]
        odds[:, v.ADD] *= (filled < v.CART_SLOTS) * self._catalog.appeal[self._item[s]]
        odds[:, v.BEGIN] *= ~self._bought[s]
        odds[:, [v.SIGN_UP, v.LOGIN]] *= self._may_sign[s][:, None]
        reach = np.cumsum(odds, axis=1)
        chance = self._rng.random(len(s))[:, None] * reach[:, -1:]
        chosen: Ints = np.minimum((reach <= chance).sum(axis=1), v.END)
        return chosen

    def _browse(self, s: Ints, event: Ints) -> None:
        rng, catalog = self._rng, self._catalog
        looks = s[(event == v.VIEW) & (self._last[s] != v.SELECT)]
        how, which = rng.random(len(looks)), rng.random(len(looks))
        before = self._item[looks]
        chosen = np.where(
            (before >= 0) & (how < 0.62),
            catalog.related_to(before, which),
            np.where(how < 0.93, catalog.popular_in(self._category[looks], which), catalog.popular(which)),
        )
        self._item[looks] = chosen
        self._category[looks] = catalog.category[chosen]
        turns = s[((event == v.LIST) & (self._last[s] != v.SEARCH)) | (event == v.SEARCH)]
        turns = turns[rng.random(len(turns)) < 0.22]
        self._category[turns] = catalog.category[catalog.popular(rng.random(len(turns)))]
        types = s[event == v.SEARCH]
        self._term[types] = self._category[types] * TERMS_EACH
        self._term[types] += (rng.random(len(types)) ** 1.5 * TERMS_EACH).astype(np.int64)
        lists = s[event == v.LIST]
        self._shown[lists] = catalog.page_of_list(self._category[lists], rng.random(len(lists)))
        picks = s[event == v.SELECT]
        place = np.minimum(np.searchsorted(_PICKED, rng.random(len(picks)), side="right"), v.SLOTS - 1)
        self._item[picks] = self._shown[picks, place]
