"""What the rules hold against the rows of a frame, and why.

Belongs here: evaluating rules and listing violations. Does not belong here: where rows come from (`parse`)
or go (`split`).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
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
NOTHING_SEEN = pl.Series([None], dtype=pl.String)
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.uint32]


def failures(frame: pl.DataFrame, rules: list[Rule], void: Mask | None = None) -> pl.DataFrame:
    """Every violation of every rule: one line each, as `FAILURES`; `row` counts the frame's rows from 0.

    All rules are one `select`, so that what they share is computed once; words are made for failing rows only.

    Args:
        frame: a row an event, an item or a shape.
        rules: the rules of such rows.
        void: rows of which nothing is said; None where there are none.
    """
    asked, held = first_answers(frame, rules)
    broken = [(i, rule) for i, rule in asked if not held[str(i)].all()]
    # One query for all of them: each by itself costs more than what it does.
    suspects = held.select(pl.col(str(i)).not_().arg_true().implode() for i, _ in broken)
    found = [
        (i, rule, rows)
        for (i, rule), of_rule in zip(broken, suspects, strict=True)
        if len(rows := _failing(frame, of_rule.item().to_numpy(), rule, void))
    ]
    return _described(frame, found) if found else pl.DataFrame(schema=FAILURES)


def first_answers(frame: pl.DataFrame, rules: list[Rule]) -> tuple[list[tuple[int, Rule]], pl.DataFrame]:
    """The rules that have something to say, and a Boolean column each, called by its number: its quick answer, or its
    only one.
    """
    sent = {name for name in frame.columns if frame[name].null_count() < frame.height}
    asked = [(i, rule) for i, rule in enumerate(rules) if rule.spares is None or rule.spares in sent]
    first = ((rule.holds if rule.quick is None else rule.quick).alias(str(i)) for i, rule in asked)
    return asked, frame.lazy().select(first).collect()


def _failing(frame: pl.DataFrame, rows: Rows, rule: Rule, void: Mask | None) -> Rows:
    """Which of the rows that its first answer suspects a rule does not hold for."""
    rows = rows if void is None else rows[~void[rows]]
    if rule.quick is None or not len(rows):
        return rows
    asked = pl.DataFrame([frame[name][rows] for name in dict.fromkeys(rule.holds.meta.root_names())])
    broken: Mask = ~asked.select(rule.holds).to_series().to_numpy()
    return rows[broken]


def _described(frame: pl.DataFrame, found: list[tuple[int, Rule, Rows]]) -> pl.DataFrame:
    """Rows that fail, rule by rule, in words; a rule's words are made once."""
    words = pl.DataFrame(
        [
            (rule.code, rule.path, f"{rule.path} {rule.message}".strip(), rule.expected)
            for _, rule, _ in found
        ],
        schema={name: pl.String for name in ("code", "path", "message", "expected")},
        orient="row",
    )
    counts = [len(rows) for *_, rows in found]
    observed = pl.concat([_observed(frame, rule, rows) for _, rule, rows in found])
    return words[np.repeat(np.arange(len(found), dtype=np.uint32), counts)].select(
        pl.Series("row", np.concatenate([rows for *_, rows in found])),
        pl.Series("rule", np.repeat(np.array([i for i, *_ in found], np.uint32), counts)),
        "code",
        "path",
        "message",
        "expected",
        observed.str.slice(0, OBSERVED_CHARS).alias("observed"),
    )


def _observed(frame: pl.DataFrame, rule: Rule, rows: Rows) -> pl.Series:
    # Not `frame.schema`, which is made anew of all columns each time it is asked for.
    if rule.column is not None and frame[rule.column].dtype == pl.String:
        return frame[rule.column][rows]
    return NOTHING_SEEN[np.zeros(len(rows), np.uint32)]
