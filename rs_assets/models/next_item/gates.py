"""Gates: measured values against declared thresholds.

Belongs here: reading `thresholds.toml`, and the verdict. Does not belong here: measuring (`behaviour`, `leaks`), or
what follows from a verdict (promotion).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl

VERDICTS: dict[str, pl.DataType] = {
    "test": pl.String(),
    "value": pl.Float64(),
    "at_least": pl.Float64(),
    "at_most": pl.Float64(),
    "passed": pl.Boolean(),
    "says": pl.String(),
}
"""One row a test: its `value` (null where it could not be measured, which passes), the bounds it has, and what the
value is."""


@dataclass(frozen=True)
class Gate:
    """A test's bounds, inclusive, and what is measured, in words. One of the bounds at least is there."""

    test: str
    says: str
    at_least: float | None = None
    at_most: float | None = None

    def passes(self, value: float | None) -> bool:
        """Whether the value is within the bounds; NaN is not."""
        low, high = (-float("inf") if self.at_least is None else self.at_least), self.at_most
        return value is None or low <= value <= (float("inf") if high is None else high)


@cache
def gates() -> tuple[Gate, ...]:
    """The gates that `thresholds.toml` declares, in its order."""
    text = files("rs_assets.models.next_item").joinpath("thresholds.toml").read_text()
    return tuple(Gate(test, **fields) for test, fields in tomllib.loads(text).items())


def judge(values: Mapping[str, float | None]) -> pl.DataFrame:
    """VERDICTS of values by test, in the order of the gates.

    Raises:
        ValueError: a gate has no value, or a value no gate: a test that nobody judges cannot fail.
    """
    declared = gates()
    odd = {gate.test for gate in declared} ^ set(values)
    if odd:
        raise ValueError(f"Values and gates do not match: {', '.join(sorted(odd))}.")
    rows = [
        (gate.test, values[gate.test], gate.at_least, gate.at_most, gate.passes(values[gate.test]), gate.says)
        for gate in declared
    ]
    return pl.DataFrame(rows, schema=VERDICTS, orient="row")


def refusals(verdicts: pl.DataFrame) -> list[str]:
    """The gates that were not passed, in words.

    Args:
        verdicts: `site` and VERDICTS.
    """
    failed = verdicts.filter(~pl.col("passed"))
    return [
        f"{row['site']}: {row['test']} is {row['value']:.3g} and must be {_bound(row)} ({row['says']})"
        for row in failed.iter_rows(named=True)
    ]


def _bound(row: Mapping[str, Any]) -> str:
    bounds = (("at least", row["at_least"]), ("at most", row["at_most"]))
    return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
