"""What the rules hold against the rows of a frame, and why.

Belongs here: evaluating rules and listing violations. Does not belong here: where rows come from (`parse`)
or go (`split`).
"""

from __future__ import annotations

import polars as pl

from rs_assets.contract.rules import Rule

VIOLATION = pl.Struct(
    {name: pl.String for name in ("code", "path", "message", "expected", "observed")},
)
FAILURES = {
    "row": pl.UInt32,
    "rule": pl.UInt32,
    **{name: pl.String for name in ("code", "path", "message", "expected", "observed")},
}
OBSERVED_CHARS = 200


def failures(frame: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    """Every violation of every rule: one line each, as `FAILURES`; `row` counts the frame's rows from 0.

    All rules are one `select`, so that what they share is computed once; words are made for failing rows only.
    """
    sent = {name for name in frame.columns if frame[name].null_count() < frame.height}
    asked = [(i, rule) for i, rule in enumerate(rules) if rule.spares is None or rule.spares in sent]
    first = {i: rule.holds if rule.quick is None else rule.quick for i, rule in asked}
    held = frame.lazy().select(holds.alias(str(i)) for i, holds in first.items()).collect()
    found = [
        _describe(frame, rows, rule, i)
        for i, rule in asked
        if not held[str(i)].all() and len(rows := _failing(frame, (~held[str(i)]).arg_true(), rule))
    ]
    return pl.concat(found) if found else pl.DataFrame(schema=FAILURES)


def _failing(frame: pl.DataFrame, rows: pl.Series, rule: Rule) -> pl.Series:
    if rule.quick is None:
        return rows
    return rows.filter(
        ~frame.select(pl.col(rule.holds.meta.root_names()).gather(rows)).select(rule.holds).to_series()
    )


def _describe(frame: pl.DataFrame, rows: pl.Series, rule: Rule, order: int) -> pl.DataFrame:
    failing = pl.DataFrame({"row": rows.cast(pl.UInt32)})
    observed = pl.Series("observed", [None], pl.String)
    if rule.column is not None and frame.schema[rule.column] == pl.String:
        observed = frame[rule.column].gather(rows).str.slice(0, OBSERVED_CHARS)
    return failing.select(
        "row",
        rule=pl.lit(order, pl.UInt32),
        code=pl.lit(rule.code),
        path=pl.lit(rule.path),
        message=pl.lit(f"{rule.path} {rule.message}".strip()),
        expected=pl.lit(rule.expected),
        observed=observed if len(observed) == len(rows) else pl.lit(None, pl.String),
    )
