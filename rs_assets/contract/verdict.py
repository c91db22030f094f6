"""What the rules hold against the rows of a frame, and why.

Belongs here: evaluating rules and listing violations. Does not belong here: where rows come from (`parse`)
or go (`split`).
"""

from __future__ import annotations

from collections.abc import Iterator
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
FEW_ROWS = 0.05
"""Share of a frame's rows up to which the suspects of all rules are looked at together."""
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.uint32]


def failures(frame: pl.DataFrame, rules: list[Rule], void: Mask | None = None) -> pl.DataFrame:
    """Every violation of every rule: one line each, as `FAILURES`; `row` counts the frame's rows from 0.

    The first answers of all rules are one `select`, so that what they share is computed once; words are made for
    failing rows only.

    Args:
        frame: a row an event, an item or a shape.
        rules: the rules of such rows.
        void: rows of which nothing is said; None where there are none.
    """
    asked, held = first_answers(frame, rules)
    broken = [(i, rule) for i, rule in asked if not held[str(i)].all()]
    # One query for all of them: each by itself costs more than what it does.
    suspects = held.select(pl.col(str(i)).not_().arg_true().implode() for i, _ in broken)
    suspected = [
        (i, rule, of_rule.item().to_numpy()) for (i, rule), of_rule in zip(broken, suspects, strict=True)
    ]
    found = [(i, rule, rows) for i, rule, rows in _failing(frame, suspected, void) if len(rows)]
    return _described(frame, found) if found else pl.DataFrame(schema=FAILURES)


def first_answers(frame: pl.DataFrame, rules: list[Rule]) -> tuple[list[tuple[int, Rule]], pl.DataFrame]:
    """The rules that have something to say, and a Boolean column each, called by its number: its quick answer, or its
    only one.
    """
    sent = present(frame)
    asked = [(i, rule) for i, rule in enumerate(rules) if rule.spares is None or rule.spares in sent]
    first = ((rule.holds if rule.quick is None else rule.quick).alias(str(i)) for i, rule in asked)
    return asked, frame.lazy().select(first).collect()


def present(frame: pl.DataFrame) -> set[str]:
    """The columns of a frame that are not null in every row; asked of all at once."""
    nulls = frame.null_count().row(0)
    return {name for name, count in zip(frame.columns, nulls, strict=True) if count < frame.height}


def _failing(
    frame: pl.DataFrame, suspected: list[tuple[int, Rule, Rows]], void: Mask | None
) -> Iterator[tuple[int, Rule, Rows]]:
    """Of the rows that its first answer suspects, those that a rule does not hold for, rule by rule."""
    if void is not None:
        suspected = [(i, rule, rows[~void[rows]]) for i, rule, rows in suspected]
    again = [(i, rule, rows) for i, rule, rows in suspected if rule.quick is not None and len(rows)]
    few = np.unique(np.concatenate([rows for *_, rows in again])) if again else np.empty(0, np.uint32)
    if together := 0 < len(few) < FEW_ROWS * frame.height:
        names = dict.fromkeys(name for _, rule, _ in again for name in rule.holds.meta.root_names())
        said = pl.DataFrame([frame[name][few] for name in names]).select(
            rule.holds.alias(str(i)) for i, rule, _ in again
        )
    for i, rule, rows in suspected:
        if rule.quick is None or not len(rows):
            yield i, rule, rows
        elif together:
            yield i, rule, rows[~said[str(i)].to_numpy()[np.searchsorted(few, rows)]]
        else:
            asked = pl.DataFrame([frame[name][rows] for name in dict.fromkeys(rule.holds.meta.root_names())])
            yield i, rule, rows[~asked.select(rule.holds).to_series().to_numpy()]


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
