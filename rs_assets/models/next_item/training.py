"""Training next_item: for each site split, fit the candidates, weigh, choose, and fit the chosen one on everything.

Belongs here: `train`. Does not belong here: which events there are (`events`), what is measured (`measuring`).

Too little to learn from is an ordinary state of a young shop, not an error: such a site is recommended what is
popular there, and its card says why.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.models.next_item.blend import Blend
from rs_assets.models.next_item.candidates import OnStep, fit_all, unfitted
from rs_assets.models.next_item.choice import choose
from rs_assets.models.next_item.events import steps
from rs_assets.models.next_item.limits import MIN_SESSIONS, VALIDATION_SESSIONS
from rs_assets.models.next_item.measuring import METRICS, measure
from rs_assets.models.next_item.model import NextItem, Site, SiteCard
from rs_assets.models.next_item.questions import questions, ranks
from rs_assets.models.next_item.recommender import Recommender
from rs_assets.models.next_item.sessions import encode
from rs_assets.models.next_item.split import Split, refuse_leaks, temporal_split


def train(events: pl.DataFrame, *, cut: dt.date, on_step: OnStep = lambda _: None) -> NextItem:
    """The model of a cut.

    Args:
        events: ITEM_EVENTS of the sessions that closed in the cut's training window.
        cut: see `cuts`; it is only noted.
        on_step: told what begins, for whoever shows progress.

    Returns:
        A model that depends on the rows of `events` alone, not on their order or on the number of threads.
    """
    looked = steps(events)
    sites = {}
    for name in looked["site"].unique().sort():
        sites[name] = _train_site(looked.filter(pl.col("site") == name), name, on_step)
    return NextItem(cut, sites)


def _train_site(events: pl.DataFrame, name: str, on_step: OnStep) -> Site:
    split = temporal_split(events)
    reason = _too_little(split)
    if reason:
        recommender, chosen, metrics = unfitted("popularity"), "popularity", pl.DataFrame(schema=METRICS)
    else:
        recommender, chosen, metrics = _choice(split, name, on_step)
    on_step(f"{name}: {chosen}, of all sessions")
    sessions = encode(events)
    recommender.learn(sessions)
    card = SiteCard(
        chosen=chosen,
        reason=reason or None,
        sessions=_askable(events).len(),
        steps=events.height,
        items=len(sessions.catalog),
        learned_until=events["event_time"].sort()[-1],
        boundary=None if reason else split.boundary,
        weights=recommender.weights if isinstance(recommender, Blend) else {},
        metrics=metrics,
    )
    return Site(card, recommender)


def _choice(split: Split, name: str, on_step: OnStep) -> tuple[Recommender, str, pl.DataFrame]:
    """The chosen candidate, not fitted but weighed, its name, and the METRICS of all."""
    refuse_leaks(split)
    sessions = encode(split.training)
    fitted = fit_all(sessions, lambda candidate: on_step(f"{name}: {candidate}"))
    asked = questions(sessions.catalog, _sampled(split.validation))
    on_step(f"{name}: {len(asked)} questions to {len(fitted)} candidates")
    blend = fitted["blend"]
    assert isinstance(blend, Blend)
    blend.weigh(asked.queries, asked.targets)
    placed = {candidate: ranks(recommender, asked) for candidate, recommender in fitted.items()}
    chosen = choose(asked.rows, placed)
    recommender = unfitted(chosen)
    if isinstance(recommender, Blend):
        recommender.weights = blend.weights
    return recommender, chosen, measure(asked.rows, placed)


def _askable(events: pl.DataFrame) -> pl.Series:
    """The ids of sessions of two steps or more, by the time they ended."""
    ends = events.group_by("session_id").agg(pl.len(), ended_at=pl.col("event_time").max())
    return ends.filter(pl.col("len") > 1).sort("ended_at", "session_id")["session_id"]


def _sampled(events: pl.DataFrame) -> pl.DataFrame:
    """The events of VALIDATION_SESSIONS sessions at most, evenly spread."""
    session_ids = _askable(events)
    kept = session_ids.gather_every(-(-len(session_ids) // VALIDATION_SESSIONS))
    return events.join(kept.to_frame(), on="session_id", how="semi", maintain_order="left")


def _too_little(split: Split) -> str:
    """Why there is too little to choose by, with the numbers; empty if there is enough."""
    for side, role in ((split.training, "to learn from"), (split.validation, "to validate on")):
        count = _askable(side).len()
        if count < MIN_SESSIONS:
            return f"there are {count} sessions of two steps or more {role} ({MIN_SESSIONS} are needed)"
    return ""
