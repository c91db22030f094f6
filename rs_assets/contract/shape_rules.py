"""What the rules on keys hold against shapes, worked out once a shape.

Belongs here: those rules, and remembering their verdicts. Does not belong here: which event has which shape
(`shapes`).

A log date has the shapes of the one before, so that hardly any is judged anew after the first batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock

import polars as pl

from rs_assets.contract import schemas
from rs_assets.contract.rules import compile_schema
from rs_assets.contract.shapes import Shape
from rs_assets.contract.verdict import FAILURES, failures

SHAPE_RULES = compile_schema(schemas.SHAPE)

REMEMBERED = 10_000
"""Shapes at most; a sender whose every event has other keys must not fill the memory."""

_WORDS = [name for name in FAILURES if name != "row"]
_Row = tuple[object, ...]


class _Verdicts:
    def __init__(self) -> None:
        self._known: dict[Shape, list[_Row]] = {}
        self._lock = Lock()

    def of(self, shapes: Iterable[Shape]) -> list[list[_Row]]:
        """For each shape, the rules that it breaks: `rule` and a violation's fields."""
        asked = list(shapes)
        with self._lock:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            if new := [shape for shape in dict.fromkeys(asked) if shape not in self._known]:
                self._known |= {shape: [] for shape in new}
                for row, *said in (
                    failures(shape_table(dict(enumerate(new))), SHAPE_RULES)
                    .select("row", *_WORDS)
                    .iter_rows()
                ):
                    self._known[new[row]].append(tuple(said))
            return [self._known[shape] for shape in asked]


_VERDICTS = _Verdicts()


def shape_failures(shapes: Mapping[int, Shape | None]) -> pl.DataFrame:
    """Every violation of every rule on keys: a line each, as `FAILURES`, with the number `shape` in place of `row`.

    Args:
        shapes: by number; of one that is None nothing is said.
    """
    known = {of: shape for of, shape in shapes.items() if shape is not None}
    verdicts = zip(sorted(known), _VERDICTS.of(known[of] for of in sorted(known)), strict=True)
    rows = [(of, *said) for of, found in verdicts for said in found]
    return pl.DataFrame(rows, schema={"shape": pl.UInt64, **{n: FAILURES[n] for n in _WORDS}}, orient="row")


def shape_table(shapes: Mapping[int, Shape | None]) -> pl.DataFrame:
    """Shapes as the rules look at them, those that are known: `shape` (its number), `keys`, `params` and `items`."""
    names = pl.List(pl.String)
    return pl.DataFrame(
        [(of, shape.keys, shape.params, shape.items) for of, shape in shapes.items() if shape is not None],
        schema={"shape": pl.UInt64, "keys": names, "params": names, "items": pl.List(names)},
        orient="row",
    )
