"""How a shopper goes on: the odds of the next event, and how much intent bends them.

Belongs here: numbers about behaviour, the only place to tune what the data teaches a model. Does not belong
here: the walk that uses them (`walk`) or the clock (`sessions`).

The odds were set so that 2-5 % of sessions buy, a session has about seven events, and a latent intent per
session shows in what its first events are, in how long they are looked at and in what lands in the cart, yet
never settles the outcome: a model finds signal, and not a leak.
"""

from __future__ import annotations

import numpy as np

from rs_assets.log.generator import vocabulary as v
from rs_assets.log.generator.vocabulary import Floats

EVENTS_A_SESSION = 7.02
"""Mean events of a session under these odds (a test holds it): turns a plan's events into sessions."""
LONGEST = 40
"""Most events of a session."""

# fmt: off
FOLLOWS: dict[int, dict[int, float]] = {
    v.END: {v.PAGE: 0.62, v.LIST: 0.13, v.SEARCH: 0.05, v.VIEW: 0.20},
    v.PAGE: {
        v.PAGE: 0.14, v.LIST: 0.30, v.SEARCH: 0.13, v.VIEW: 0.16, v.CART: 0.03, v.LOGIN: 0.05,
        v.SIGN_UP: 0.015, v.END: 0.17,
    },
    v.LIST: {
        v.PAGE: 0.05, v.LIST: 0.20, v.SEARCH: 0.06, v.SELECT: 0.38, v.VIEW: 0.08, v.CART: 0.02, v.END: 0.135,
    },
    v.SEARCH: {v.LIST: 0.62, v.SEARCH: 0.14, v.VIEW: 0.10, v.END: 0.095},
    v.SELECT: {v.VIEW: 0.93, v.LIST: 0.03, v.END: 0.03},
    v.VIEW: {
        v.PAGE: 0.05, v.LIST: 0.17, v.SEARCH: 0.06, v.VIEW: 0.30, v.ADD: 0.065, v.WISH: 0.04, v.CART: 0.03,
        v.END: 0.15,
    },
    v.ADD: {
        v.PAGE: 0.04, v.LIST: 0.17, v.VIEW: 0.27, v.CART: 0.26, v.BEGIN: 0.10, v.REMOVE: 0.03, v.END: 0.09,
    },
    v.REMOVE: {v.LIST: 0.20, v.VIEW: 0.30, v.CART: 0.20, v.PAGE: 0.05, v.END: 0.17},
    v.CART: {v.BEGIN: 0.28, v.REMOVE: 0.12, v.LIST: 0.14, v.VIEW: 0.16, v.PAGE: 0.05, v.END: 0.17},
    v.WISH: {v.VIEW: 0.40, v.LIST: 0.25, v.PAGE: 0.05, v.ADD: 0.06, v.END: 0.16},
    v.BEGIN: {
        v.SHIP: 0.58, v.CART: 0.10, v.LOGIN: 0.12, v.PAGE: 0.04, v.SIGN_UP: 0.04, v.VIEW: 0.03, v.END: 0.10,
    },
    v.SHIP: {v.PAY: 0.68, v.CART: 0.07, v.PAGE: 0.03, v.END: 0.15},
    v.PAY: {v.BUY: 0.66, v.SHIP: 0.05, v.CART: 0.07, v.END: 0.15},
    v.BUY: {v.PAGE: 0.25, v.LIST: 0.07, v.END: 0.55},
    v.SIGN_UP: {v.PAGE: 0.30, v.LIST: 0.20, v.VIEW: 0.20, v.BEGIN: 0.15, v.CART: 0.05, v.END: 0.07},
    v.LOGIN: {v.PAGE: 0.30, v.LIST: 0.25, v.VIEW: 0.20, v.BEGIN: 0.20, v.CART: 0.10, v.END: 0.07},
}
"""Odds of the next event (inner) after one (outer); those that make no sense just then are struck out."""

BENT_BY_INTENT = {
    v.END: -0.30, v.SELECT: 0.10, v.VIEW: 0.10, v.ADD: 0.60, v.CART: 0.20, v.REMOVE: -0.30, v.BEGIN: 0.50,
    v.SHIP: 0.30, v.PAY: 0.30, v.BUY: 0.30,
}
"""An event's odds are multiplied by exp(this * intent); intent is about a standard normal."""

SECONDS_AFTER = {
    v.PAGE: 12, v.LIST: 18, v.SEARCH: 9, v.SELECT: 3, v.VIEW: 32, v.ADD: 11, v.REMOVE: 7, v.CART: 13,
    v.WISH: 8, v.BEGIN: 28, v.SHIP: 30, v.PAY: 24, v.BUY: 20, v.SIGN_UP: 25, v.LOGIN: 10,
}
# fmt: on
"""Median seconds until the next event."""
DWELL_BENT_BY_INTENT = 0.28
SPREAD_OF_SECONDS = 1.0
DISTRACTED = 0.015
"""Share of gaps in which the shopper does something else: minutes, not seconds."""
SHORTEST_GAP, LONGEST_GAP = 1.0, 1_500.0
"""Seconds between two events of a session: well under the 30 minutes that would end it."""

HOURS = (14, 9, 6, 4, 4, 6, 11, 20, 30, 36, 39, 41, 44, 42, 40, 39, 41, 46, 54, 62, 66, 58, 42, 25)
"""Relative number of sessions that start in each hour of a site's day."""
WEEKDAYS = (1.0, 0.96, 0.95, 0.98, 1.04, 1.26, 1.31)
"""Relative number of sessions, Monday first."""
WEEKEND_INTENT = -0.15
"""At weekends there is more looking and less buying."""


def odds() -> Floats:
    """`FOLLOWS` as a table: row, the event before; column, the next."""
    table = np.zeros((v.END + 1, v.END + 1))
    for before, nexts in FOLLOWS.items():
        for after, weight in nexts.items():
            table[before, after] = weight
    return table


def by_event(values: dict[int, float] | dict[int, int]) -> Floats:
    """A table of numbers to look an event up in; 0 where none is given."""
    table = np.zeros(v.END + 1)
    for event, value in values.items():
        table[event] = value
    return table
