"""What came out of a replay, in numbers.

Belongs here: reading the published objects of a range. Does not belong here: how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from rs_assets.lake import Lake


@dataclass(frozen=True)
class Summary:
    """The lake over a range of log dates.

    Attributes:
        quarantined_by_reason: events by reason code, most first; one with two reasons counts for both.
        sessions: that closed in the range.
        model: a sentence on the model in force on the last date.
        metrics: candidate, PR-AUC, lift, Brier of the candidates on the model's validation dates.
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


def summarize(lake: Lake, log_dates: list[str]) -> Summary:
    """Count what is published for these log dates; what is not published counts as nothing."""
    reasons = _scan(lake, "quarantined_events", log_dates).select(pl.col("reasons").explode()).collect()
    counted = reasons["reasons"].value_counts().sort(["count", "reasons"], descending=[True, False])
    sessions = _scan(lake, "sessions", log_dates).select(
        pl.len().alias("n"), pl.col("purchased").sum(), pl.col("revenue").sum()
    )
    closed = sessions.collect().row(0, named=True)
    return Summary(
        first=log_dates[0],
        last=log_dates[-1],
        valid=_rows(lake, "valid_events", log_dates),
        quarantined=_rows(lake, "quarantined_events", log_dates),
        quarantined_by_reason=dict(counted.iter_rows()),
        sessions=closed["n"],
        sessions_with_purchase=closed["purchased"],
        revenue=closed["revenue"],
        model=_model(lake, log_dates[-1]),
        metrics=_metrics(lake, log_dates[-1]),
        predictions=_rows(lake, "purchase_intent_predictions", log_dates),
    )


SHAPES: dict[str, dict[str, pl.DataType]] = {
    "quarantined_events": {"reasons": pl.List(pl.String())},
    "sessions": {"purchased": pl.Boolean(), "revenue": pl.Float64()},
}


def _scan(lake: Lake, asset: str, log_dates: list[str]) -> pl.LazyFrame:
    objects = lake.objects(asset, log_dates)
    return pl.scan_parquet(objects) if objects else pl.LazyFrame(schema=SHAPES[asset])


def _rows(lake: Lake, asset: str, log_dates: list[str]) -> int:
    objects = lake.objects(asset, log_dates)
    return int(pl.scan_parquet(objects).select(pl.len()).collect().item()) if objects else 0


def _model(lake: Lake, log_date: str) -> str:
    if not lake.has("purchase_intent_model", log_date):
        return "no model"
    row = pl.read_parquet(lake.object("purchase_intent_model", log_date)).row(0, named=True)
    if row["model"] is None:
        return str(row["reason"])
    return f"{row['model']}, trained on {row['rows']:,} snapshots closed before {row['cut']}"


def _metrics(lake: Lake, log_date: str) -> list[dict[str, str | float | None]]:
    if not lake.has("purchase_intent_evaluation", log_date):
        return []
    found = pl.read_parquet(lake.object("purchase_intent_evaluation", log_date)).filter(
        pl.col("slice") == "all"
    )
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
        for (candidate,), rows in found.group_by("candidate", maintain_order=True)
    ]
