"""What came out of a replay, in numbers.

Belongs here: reading the published objects of a range. Does not belong here: how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PanicException, PolarsError

from rs_assets.lake import Lake
from rs_assets.lake.tables import Schema

MODEL, EVALUATION = "purchase_intent_model", "purchase_intent_evaluation"
MODELS = ("next_item", "purchase_intent")


@dataclass(frozen=True)
class Damaged:
    """A published object that cannot be read, and why."""

    asset: str
    log_date: str
    path: str
    problem: str


@dataclass(frozen=True)
class Summary:
    """The lake over a range of log dates.

    Attributes:
        quarantined_by_reason: events by reason code, most first; one with two reasons counts for both.
        sessions: that closed in the range.
        model: a sentence on the purchase_intent challenger of the last date.
        metrics: candidate, PR-AUC, lift, Brier of the candidates on the model's validation dates.
        recommendations: lists, one a session and log date.
        champions: a sentence on who serves on the last date, by model.
        damaged: objects that cannot be read, which the numbers leave out; those of assets that a replay with
            `--only` did not rebuild.
    """

    first: str
    last: str
    valid: int
    quarantined: int
    quarantined_by_reason: dict[str, int]
    sessions: int
    sessions_with_purchase: int
    revenue: float
    model: str
    metrics: list[dict[str, str | float | None]]
    predictions: int
    recommendations: int
    champions: dict[str, str]
    damaged: list[Damaged]


def summarize(lake: Lake, log_dates: list[str]) -> Summary:
    """Count what is published for these log dates; what is not published, or damaged, counts as nothing."""
    read = _Reader(lake)
    refused = read.all("quarantined_events", log_dates, {"reasons": pl.List(pl.String)})
    reasons = refused.explode("reasons")["reasons"]
    counted = reasons.value_counts().sort(["count", "reasons"], descending=[True, False])
    closed = read.all("sessions", log_dates, {"purchased": pl.Boolean, "revenue": pl.Float64})
    return Summary(
        first=log_dates[0],
        last=log_dates[-1],
        valid=read.rows("valid_events", log_dates),
        quarantined=refused.height,
        quarantined_by_reason=dict(counted.iter_rows()),
        sessions=closed.height,
        sessions_with_purchase=int(closed["purchased"].sum()),
        revenue=float(closed["revenue"].sum()),
        model=_model(read, log_dates[-1]),
        metrics=_metrics(read, log_dates[-1]),
        predictions=read.rows("purchase_intent_predictions", log_dates),
        recommendations=read.rows("recommendations", log_dates),
        champions={model: said for model in MODELS if (said := _champion(read, model, log_dates[-1]))},
        damaged=read.damaged,
    )


class _Reader:
    """Reads objects one by one, and remembers those that it could not read."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.damaged: list[Damaged] = []

    def one(self, asset: str, log_date: str, columns: Iterable[str | pl.Expr]) -> pl.DataFrame | None:
        """These columns of an object, or None where there is none, or none that can be read."""
        if not self._lake.has(asset, log_date):
            return None
        path = self._lake.object(asset, log_date)
        try:
            return pl.scan_parquet(path, glob=False).select(*columns).collect()
        except (PolarsError, PanicException, OSError) as problem:
            self.damaged.append(Damaged(asset, log_date, path, str(problem).partition("\n")[0]))
            return None

    def all(self, asset: str, log_dates: list[str], schema: Schema) -> pl.DataFrame:
        """The columns of `schema` of every object that can be read."""
        columns = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
        found = (self.one(asset, log_date, columns) for log_date in log_dates)
        return pl.concat([pl.DataFrame(schema=schema), *(frame for frame in found if frame is not None)])

    def rows(self, asset: str, log_dates: list[str]) -> int:
        """How many rows the objects have that can be read."""
        found = (self.one(asset, log_date, [pl.len()]) for log_date in log_dates)
        return sum(int(frame.item()) for frame in found if frame is not None)


def _model(read: _Reader, log_date: str) -> str:
    facts = read.one(MODEL, log_date, ["model", "reason", "rows", "cut"])
    if facts is None:
        return "cannot be read" if any(one.asset == MODEL for one in read.damaged) else "no model"
    if facts.is_empty():
        return "no model"
    row = facts.row(0, named=True)
    if row["model"] is None:
        return str(row["reason"])
    return f"{row['model']}, trained on {row['rows']:,} snapshots closed before {row['cut']}"


def _champion(read: _Reader, model: str, log_date: str) -> str | None:
    found = read.one(f"{model}_promotion", log_date, ["champion", "since", "reasons"])
    if found is None or found.is_empty():
        return None
    row = found.row(0, named=True)
    if row["champion"] is None:
        return f"nobody serves: {'; '.join(row['reasons'])}"
    return f"the model of {row['champion']} serves since {row['since']}"


def _metrics(read: _Reader, log_date: str) -> list[dict[str, str | float | None]]:
    found = read.one(EVALUATION, log_date, ["candidate", "slice", "metric", "value"])
    if found is None:
        return []
    of_all = found.filter(pl.col("slice") == "all")
    names = ("pr_auc", "lift", "roc_auc", "brier", "ece")
    return [
        {
            "candidate": candidate,
            **{
                name: rows.filter(pl.col("metric") == name)["value"].to_list()[0]
                for name in names
                if name in rows["metric"]
            },
        }
        for (candidate,), rows in of_all.group_by("candidate", maintain_order=True)
    ]
