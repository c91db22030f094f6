"""The registry: which models there are, who served when. It is the lake itself, read.

Belongs here: reading promotions and models of an environment, and turning a person's wish into a decision. Does not
belong here: how it is shown (the command `model`).
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from rs_assets.errors import UserError
from rs_assets.lake.paths import Lake
from rs_assets.lake.tables import digest
from rs_assets.models.cuts import cut_of
from rs_assets.models.promotion.decisions import Decision
from rs_assets.models.promotion.publish import ARTIFACT, COMPARISON_TABLE, Family, standing_of
from rs_assets.models.promotion.standing import Standing

FAMILIES = ("next_item", "purchase_intent")


@dataclass(frozen=True)
class Turn:
    """A stretch of log dates, from `first` to `last`, on which one standing held."""

    first: str
    last: str
    standing: Standing


@dataclass(frozen=True)
class Version:
    """A model of a cut: the log dates that have it, and its artifact's SHA-256."""

    cut: str
    first: str
    last: str
    digest: str


def family_of(name: str) -> Family:
    """A model by its name.

    Raises:
        UserError: there is none.
    """
    if name not in FAMILIES:
        raise UserError(f"There is no model {name!r}.", f"It is one of {', '.join(FAMILIES)}.")
    found: Family = importlib.import_module(f"rs_assets.models.{name}.promotion").FAMILY
    return found


def versions(lake: Lake, family: Family) -> list[Version]:
    """Every model that was trained, a cut each, oldest first."""
    found: dict[str, list[str]] = {}
    for log_date in lake.log_dates(family.model):
        found.setdefault(cut_of(dt.date.fromisoformat(log_date)).isoformat(), []).append(log_date)
    return [
        Version(cut, dates[0], dates[-1], digest(lake.object(family.model, dates[0], ARTIFACT)))
        for cut, dates in found.items()
        if os.path.exists(lake.object(family.model, dates[0], ARTIFACT))
    ]


def turns(lake: Lake, family: Family) -> list[Turn]:
    """Who served, and who tried to, oldest first."""
    found: list[Turn] = []
    for log_date, standing in _standings(lake, family):
        if found and found[-1].standing == standing:
            found[-1] = Turn(found[-1].first, log_date, standing)
        else:
            found.append(Turn(log_date, log_date, standing))
    return found


def comparison(lake: Lake, family: Family, log_date: str) -> pl.DataFrame:
    """COMPARISON of the challenger and the champion of a log date."""
    path = lake.object(family.promotion, log_date, COMPARISON_TABLE)
    return pl.read_parquet(path, glob=False)


def promote(
    lake: Lake, family: Family, cut: str, *, log_date: str | None, by: str, why: str, at: dt.datetime
) -> Decision:
    """The decision that the model of a cut serves from a log date on.

    Args:
        log_date: the day after the last promotion that is published, if None.

    Raises:
        UserError: there is no such model, it knows nothing, or it has seen the log date.
    """
    known = {version.cut: version for version in versions(lake, family)}
    there = f"There are {', '.join(known)}." if known else "None was trained yet: `rs-assets replay`."
    if cut not in known:
        raise UserError(f"There is no {family.name} of cut {cut!r} in {lake.environment}.", there)
    with open(lake.object(family.model, known[cut].first, ARTIFACT), "rb") as file:
        reason = family.untrained(file.read())
    if reason:
        raise UserError(f"The {family.name} of cut {cut} cannot serve: {reason}.", there)
    return _decision(lake, family, "promote", cut, log_date, by, why, at)


def rollback(
    lake: Lake, family: Family, *, log_date: str | None, by: str, why: str, at: dt.datetime
) -> Decision:
    """The decision that the champion before the present one serves again.

    Raises:
        UserError: there is no champion, or none before it.
    """
    held = turns(lake, family)
    if not held or held[-1].standing.previous is None:
        raise UserError(
            f"There is no champion of {family.name} to roll back to in {lake.environment}.",
            f"`rs-assets model show {family.name}` has its history.",
        )
    return _decision(lake, family, "rollback", held[-1].standing.previous.isoformat(), log_date, by, why, at)


def _standings(lake: Lake, family: Family) -> Iterator[tuple[str, Standing]]:
    for log_date in lake.log_dates(family.promotion):
        standing = standing_of(lake, family, log_date)
        if standing is not None:
            yield log_date, standing


def _decision(
    lake: Lake,
    family: Family,
    action: str,
    cut: str,
    log_date: str | None,
    by: str,
    why: str,
    at: dt.datetime,
) -> Decision:
    if log_date is None:
        dates = lake.log_dates(family.promotion)
        after = dt.date.fromisoformat(dates[-1]) if dates else at.date()
        log_date = (after + dt.timedelta(days=1)).isoformat()
    try:
        return Decision(log_date, family.name, action, cut, by, why, at.isoformat(timespec="seconds"))
    except ValueError as problem:
        raise UserError(f"That cannot be decided: {problem}.", "See `rs-assets model --help`.") from None
