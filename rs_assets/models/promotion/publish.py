"""Promotions in the lake, log date by log date: who serves, why, and the artifact itself.

Belongs here: following standings, decisions and artifacts through the log dates, for any model. Does not belong here:
how a model's challenger is judged (a `Family`).

A promotion's object holds the champion's artifact, so that whoever serves needs no other, and goes on from the one of
the log date before: the gate speaks at the first log date of each week, decisions on theirs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from rs_assets.errors import UserError
from rs_assets.lake.lineage import Read, Reads, days_before, reading
from rs_assets.lake.paths import Lake
from rs_assets.lake.records import PART
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.models.cuts import cut_of
from rs_assets.models.promotion.decisions import ASSET, Decision, Decisions
from rs_assets.models.promotion.judgement import COMPARISON, Judgement
from rs_assets.models.promotion.standing import Standing
from rs_assets.models.weekly import link

CHAMPION, COMPARISON_TABLE = "champion.bin", "comparison.parquet"
FILES = (PART, COMPARISON_TABLE, CHAMPION)
ARTIFACT = "model.bin"

OnDate = Callable[[str], None]


class Family(Protocol):
    """What promotion asks of a model: `next_item`, `purchase_intent`."""

    name: str
    """In the decisions log."""
    promotion: str
    """The asset of its promotions."""
    model: str
    """The asset of its challengers."""
    training: str
    """The asset that they are made of."""

    def judge(self, lake: Lake, log_date: str, champion: bytes | None) -> Judgement:
        """The gate's verdict on the challenger of a log date.

        Args:
            champion: the artifact of the champion so far.
        """

    def untrained(self, artifact: bytes) -> str | None:
        """Why the model in an artifact knows nothing; None where it does."""

    def nobody(self, cut: dt.date, reasons: Sequence[str]) -> bytes:
        """The artifact of a model that knows nothing, and why there is no better one."""


def promotion_reads(family: Family, decisions: Decisions, *inputs: str) -> Reads:
    """What a promotion is made of: `inputs` of its log date, itself on the one before, what was decided for it."""
    always = reading(family.model, *inputs, days_before(family.promotion, 1, 1))

    def reads(log_date: str) -> tuple[Read, ...]:
        decided = decisions.on(family.name, log_date)
        return (
            *always(log_date),
            *(_week(family.model, decision.cut) for decision in decided),
            *((Read(f"{ASSET}/{family.name}", log_date, log_date),) if decided else ()),
        )

    return reads


def publish_promotion(
    stage: Stage, log_dates: list[str], on_date: OnDate, family: Family, decisions: Decisions
) -> dict[str, Standing]:
    """Who serves on each log date; what a promotion changed is in the log of its date."""
    found: dict[str, Standing] = {}
    for log_date in stage.pending((family.promotion,), log_dates):
        on_date(log_date)
        day = dt.date.fromisoformat(log_date)
        eve = (day - dt.timedelta(days=1)).isoformat()
        before = standing_of(stage.lake, family, eve)
        made = decisions.on(family.name, log_date)
        if before is not None and before.cut == cut_of(day) and not made:
            for name in FILES:
                link(stage, family.promotion, eve, log_date, name)
            found[log_date] = before
        else:
            found[log_date] = _moved(stage, log_date, family, before, made)
        stage.finish(family.promotion, log_date)
    return found


def standing_of(lake: Lake, family: Family, log_date: str) -> Standing | None:
    """Who serves on a log date; None where nothing is published."""
    if not lake.has(family.promotion, log_date):
        return None
    return Standing.from_frame(pl.read_parquet(lake.object(family.promotion, log_date), glob=False))


def _moved(
    stage: Stage, log_date: str, family: Family, before: Standing | None, made: Sequence[Decision]
) -> Standing:
    lake, day = stage.lake, dt.date.fromisoformat(log_date)
    eve = (day - dt.timedelta(days=1)).isoformat()
    champion = None
    comparison = pl.DataFrame(schema=COMPARISON)
    if before is not None:
        comparison = pl.read_parquet(lake.object(family.promotion, eve, COMPARISON_TABLE), glob=False)
        if before.champion is not None:
            champion = _bytes(lake.object(family.promotion, eve, CHAMPION))
    standing = before or Standing(cut_of(day))
    if before is None or before.cut != cut_of(day):
        lake.require(family.model, [log_date])
        judgement = family.judge(lake, log_date, champion)
        comparison = judgement.comparison
        standing = standing.judged(cut_of(day), day, judgement)
        if standing.champion == cut_of(day):
            champion, standing = _taken(lake, family, log_date, standing)
    for decision in made:
        champion, standing = _taken(
            lake, family, _of_week(lake, family, decision), standing.decided(decision)
        )
    if champion is None:
        champion = family.nobody(standing.cut, standing.reasons)
    write_table(standing.to_frame(), stage.path(family.promotion, log_date))
    write_table(comparison, stage.path(family.promotion, log_date, COMPARISON_TABLE))
    with open(stage.path(family.promotion, log_date, CHAMPION), "wb") as file:
        file.write(champion)
    return standing


def _week(asset: str, cut: str) -> Read:
    """The objects of a cut: those of the log dates on which it is in force."""
    return Read(asset, cut, (dt.date.fromisoformat(cut) + dt.timedelta(days=6)).isoformat())


def _of_week(lake: Lake, family: Family, decision: Decision) -> str:
    """A log date that has the model of a decision."""
    week = _week(family.model, decision.cut)
    for log_date in lake.log_dates(family.model):
        if week.first <= log_date <= week.last:
            return log_date
    raise UserError(
        f"{decision.by} decided that the {family.name} of cut {decision.cut} serves from {decision.log_date} on, and "
        f"{family.model} has no object of that week.",
        f"Replay it first: `rs-assets replay --from {week.first} --to {week.last}`.",
    )


def _taken(lake: Lake, family: Family, log_date: str, standing: Standing) -> tuple[bytes, Standing]:
    """The artifact of a log date's model, and the standing of who took over with it, which says where it is from."""
    artifact = _bytes(lake.object(family.model, log_date, ARTIFACT))
    record = lake.record(family.model, log_date)
    made_of = {one.asset: one.digest for one in record.origin.inputs} if record else {}
    return artifact, replace(
        standing,
        artifact=hashlib.sha256(artifact).hexdigest(),
        training=made_of.get(family.training),
        code=(record.origin.code or None) if record else None,
    )


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
