"""The sessions that start on one UTC day at one site, event by event.

Belongs here: when sessions start, how long each thing is looked at, which page it is on, what numbers it
gets. Does not belong here: which event follows which (`walk`), or when the collector received it
(`delivery`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.log.generator import behaviour
from rs_assets.log.generator import pages as at
from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.catalog import Catalog
from rs_assets.log.generator.site import Site
from rs_assets.log.generator.vocabulary import DAY, SECOND, Floats, Ints
from rs_assets.log.generator.walk import Shoppers, Walk

_SECONDS = behaviour.by_event(behaviour.SECONDS_AFTER)
_ITEM_PAGE = v.member((v.VIEW, v.ADD, v.WISH))
_OWN_PAGE = behaviour.by_event(
    {v.REMOVE: at.BASKET, v.CART: at.BASKET, v.BEGIN: at.CHECKOUT, v.SHIP: at.SHIPPING,
     v.PAY: at.PAYMENT, v.BUY: at.THANKS, v.LOGIN: at.LOG_IN, v.SIGN_UP: at.SIGN_UP}
).astype(np.int64)  # fmt: skip


def sessions(rng: np.random.Generator, site: Site, day_start: int, weekday: int, count: int) -> pl.DataFrame:
    """The events of `count` sessions that start on the day which begins at `day_start` microseconds.

    The frame is sorted by session and time. Besides the columns of `Walk.events` it has `client`, `started`
    (seconds), `time`, `gap` (microseconds to the next event), `engagement` (milliseconds), `page`, `order`
    (number of a purchase, else -1), `signed_in`, `discounted`.
    """
    starts = day_start + _within_day(rng, site.shape.hours_east, count)
    client = site.clients.choose(rng, starts)
    weekend = behaviour.WEEKEND_INTENT if weekday >= 5 else 0.0
    intent = 0.8 * rng.standard_normal(count) + 0.6 * site.clients.leaning[client] + weekend
    mood = rng.random(count) < 0.5
    elsewhere = site.catalog.category[site.catalog.popular(rng.random(count))]
    category = np.where(mood, site.clients.favourite[client], elsewhere)
    signed_in = site.clients.member[client] & (rng.random(count) < 0.7)
    walk = Walk(rng, site.catalog, Shoppers(intent, category, signed_in))
    while walk.step():
        pass
    events = walk.events()
    session, event = events["session"].to_numpy(), events["event"].to_numpy().astype(np.int64)
    first = (
        np.concatenate([[True], session[1:] != session[:-1]]) if len(session) else np.zeros(0, dtype=np.bool_)
    )
    gap = _gaps(rng, event, intent[session])
    time = _times(starts[session], gap, first)
    last = np.concatenate([first[1:], [True]])[: len(first)]
    client = site.clients.keep_apart(client, starts, _per_session(session, time, last, starts))
    looked = np.concatenate([[0], gap[:-1]])[: len(gap)]
    engagement = np.where(
        first, rng.random(len(event)) * 300, looked / 1000 * (0.35 + 0.65 * rng.random(len(event)))
    )
    bought = event == v.BUY
    order = np.where(bought, site.orders + np.cumsum(bought), -1)
    site.orders += int(bought.sum())
    return events.with_columns(
        client=pl.Series(client[session]),
        started=pl.Series(starts[session] // SECOND),
        first=pl.Series(first),
        time=pl.Series(time),
        gap=pl.Series(gap),
        engagement=pl.Series(1 + engagement.astype(np.int64)),
        page=pl.Series(_pages(rng, site.catalog, events, event)),
        order=pl.Series(order),
        signed_in=pl.Series(signed_in[session]),
        discounted=pl.Series((rng.random(count) < 0.15)[session]),
    )


def _within_day(rng: np.random.Generator, hours_east: int, count: int) -> Ints:
    """Sorted microseconds since midnight, by the rhythm of the site's own day."""
    weights = np.roll(np.array(behaviour.HOURS, dtype=np.float64), -hours_east)
    reach = np.concatenate([[0.0], np.cumsum(weights / weights.sum())])
    hours = np.interp(rng.random(count), reach, np.arange(25.0))
    return np.sort(np.minimum((hours * 3_600 * SECOND).astype(np.int64), DAY - 1))


def _gaps(rng: np.random.Generator, event: Ints, intent: Floats) -> Ints:
    dwell = np.exp(behaviour.SPREAD_OF_SECONDS * rng.standard_normal(len(event)))
    dwell *= _SECONDS[event] * np.exp(behaviour.DWELL_BENT_BY_INTENT * intent)
    away = behaviour.LONGEST_GAP * (0.1 + 0.9 * rng.random(len(event)))
    dwell = np.where(rng.random(len(event)) < behaviour.DISTRACTED, away, dwell)
    return (np.clip(dwell, behaviour.SHORTEST_GAP, behaviour.LONGEST_GAP) * SECOND).astype(np.int64)


def _times(start: Ints, gap: Ints, first: v.Bools) -> Ints:
    since = np.concatenate([[0], np.cumsum(gap)[:-1]])[: len(gap)]
    origin = np.maximum.accumulate(np.where(first, since, 0))
    times: Ints = start + since - origin
    return times


def _per_session(session: Ints, time: Ints, last: v.Bools, starts: Ints) -> Ints:
    ends = starts.copy()
    ends[session[last]] = time[last]
    return ends


def _pages(rng: np.random.Generator, catalog: Catalog, events: pl.DataFrame, event: Ints) -> Ints:
    category = at.CATEGORIES + events["category"].to_numpy().astype(np.int64)
    item = at.ITEMS + events["item0"].to_numpy().astype(np.int64)
    search = at.ITEMS + len(catalog.cents) + events["term"].to_numpy().astype(np.int64)
    chance = rng.random(len(event))
    plain = np.where(chance < 0.5, at.HOME, np.where(chance < 0.65, at.SALE, category))
    page = np.where(event == v.PAGE, plain, _OWN_PAGE[event])
    page = np.where((event == v.LIST) | (event == v.SELECT), category, page)
    page = np.where(_ITEM_PAGE[event], item, page)
    return np.where(event == v.SEARCH, search, page)
