"""From events to requests: what is sent together, and when the collector receives it.

Belongs here: batches, delays, late sessions. Does not belong here: what a request looks like (`fields`,
`requests`).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from rs_assets.log.generator.vocabulary import DAY, SECOND, Bools, Ints

_TOGETHER = 60 * SECOND
"""A batch is sent after this much silence, whatever it holds."""
_SENT_EARLIER = 0.4
"""Chance that a batch is sent after an event although it could hold more."""
_LATEST = 3 * DAY
_AWAY_FOR_DAYS = 0.2
"""Share of late sessions whose client is offline for more than a day."""
_HOUR = 3_600 * SECOND


def deliver(rng: np.random.Generator, events: pl.DataFrame, batch: int, late: float) -> pl.DataFrame:
    """Events (sorted by session and time) with `request` (ascending), `received` and `late`.

    A late session's client went offline at its start or at some event of it, and sends the rest when it is
    back, on a later day. A batch never straddles that moment.
    """
    time, gap = events["time"].to_numpy(), events["gap"].to_numpy()
    first = events["first"].to_numpy()
    session = np.cumsum(first) - 1
    offline = _offline(rng, session, late)
    turns = np.concatenate([[False], offline[1:] != offline[:-1]])[: len(first)]
    opens = _opens(rng, first | turns, gap, batch)
    request = np.cumsum(opens) - 1
    closes = np.concatenate([opens[1:], [True]])[: len(opens)]
    sent = time[closes]
    seconds = 0.04 + np.minimum(-0.25 * np.log1p(-rng.random(len(sent))), 4.0)
    back = _back_online(rng, sent, offline[closes], session[closes])
    received = np.where(offline[closes], back, sent + (seconds * SECOND).astype(np.int64))
    return events.drop("gap", "session").with_columns(
        request=pl.Series(request), received=pl.Series(received[request]), late=pl.Series(offline)
    )


def _offline(rng: np.random.Generator, session: Ints, late: float) -> Bools:
    """The events of late sessions from where their client went offline."""
    if len(session) == 0:
        return np.zeros(0, dtype=np.bool_)
    size = np.bincount(session)
    place = np.arange(len(session)) - np.concatenate([[0], np.cumsum(size)[:-1]])[session]
    whole = rng.random(len(size)) < 0.5
    since = np.where(whole, 0, (rng.random(len(size)) * size).astype(np.int64))
    is_late = rng.random(len(size)) < late
    offline: Bools = is_late[session] & (place >= since[session])
    return offline


def _opens(rng: np.random.Generator, breaks: Bools, gap: Ints, batch: int) -> Bools:
    """Which events open a request."""
    if batch == 1:
        return np.ones(len(breaks), dtype=np.bool_)
    silence = np.concatenate([[True], gap[:-1] > _TOGETHER])[: len(breaks)]
    opens = breaks | silence | (rng.random(len(breaks)) < _SENT_EARLIER)
    row = np.arange(len(opens))
    opened = np.maximum.accumulate(np.where(opens, row, 0))
    full: Bools = opens | ((row - opened) % batch == 0)
    return full


def _back_online(rng: np.random.Generator, sent: Ints, afterwards: Bools, session: Ints) -> Ints:
    """When requests of late sessions are received: one after the other, from one moment on a later day."""
    sessions = int(session.max(initial=-1)) + 1
    hours, morning = -8 * np.log1p(-rng.random(sessions)), 12 * rng.random(sessions)
    hours += np.where(rng.random(sessions) < _AWAY_FOR_DAYS, 24 + 24 * rng.random(sessions), 0)
    latest = np.zeros(sessions, dtype=np.int64)
    np.maximum.at(latest, session, sent)
    midnight = (latest // DAY + 1) * DAY
    back = np.minimum(latest + ((2 + hours) * _HOUR).astype(np.int64), latest + _LATEST - _HOUR)
    back = np.maximum(back, midnight + (morning * _HOUR).astype(np.int64))
    steps = np.cumsum(afterwards)
    before = np.full(sessions, np.iinfo(np.int64).max)
    np.minimum.at(before, session, steps)
    moment: Ints = back[session] + (steps - before[session]) * (SECOND // 5)
    return moment
