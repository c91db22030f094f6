"""Whether an expression may be part of a repair.

Belongs here: that it gives the right type for any JSON text, for one event alone what it gives among others, and
the same whenever it is asked. Does not belong here: what it is for (`repair`).

An expression is looked at (no Python, no chance, no neighbours, no time that somebody's clock may have told) and
tried on texts of every kind: polars knows of most of its functions whether they look at one row, not of all. What
nobody can see is a constant that was worked out when the module was loaded; do not do that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl
from polars.exceptions import ColumnNotFoundError, PolarsError

from rs_assets.contract.schemas import BODY, ENVELOPE, PARAMS
from rs_assets.contract.schemas import ITEM as ITEM_SCHEMA

_TEXTS = (
    None, '""', '"a"', '"12.5"', '"-3"', '" 1"', '"1e3"', '"EUR"', '"eur"', '"ä\\n\\""',
    '"2024-01-02T10:00:00.000000Z"', '"purchase"', "0", "-1", "12.0", "12.5", "1e400",
    "1704189600", "1704189600000", "1704189600000000",
    "123456789012345678901234567890", "true", "false", "{}", "[]", '{"a":[1]}',
)  # fmt: skip
"""JSON text of every kind."""
_NEIGHBOURS = ("looks at other events", "What becomes of an event follows from that event alone.")
_FORBIDDEN = {
    "AnonymousFunction": ("runs Python", "Say it in polars' own expressions."),
    "Random": ("is left to chance", "A replay must find what was found before."),
    "Hash": ("is another one in other versions of polars", "A replay must find what was found before."),
    "Filter": _NEIGHBOURS,
    "Explode": _NEIGHBOURS,
    **dict.fromkeys(
        ("Datetime", "Date", "Time", "Duration"),
        ("holds a time, which may be from a clock", "Compare the text: received_at < '\"2024-01-02T10:00'."),
    ),
}
Fault = tuple[str, str]


def _texts(names: Iterator[str]) -> pl.DataFrame:
    """A row a text, another one in each column, and all in the same."""
    count = len(_TEXTS)
    turned = {name: [_TEXTS[(i + 5 * n) % count] for i in range(count)] for n, name in enumerate(names)}
    return pl.DataFrame(
        {name: [*texts, *_TEXTS] for name, texts in turned.items()}, dict.fromkeys(turned, pl.String)
    )


ITEM = _texts(map(str, ITEM_SCHEMA.columns))
"""Items to try an expression on."""
_ITEMS = ITEM.to_struct("items")
EVENT = _texts(map(str, (*ENVELOPE.columns, "event_name", *BODY, *PARAMS))).with_columns(
    items=pl.Series([None, [], [None], *([_ITEMS[i], _ITEMS[i - 1]] for i in range(3, len(_ITEMS)))],
                    dtype=pl.List(_ITEMS.dtype))
)  # fmt: skip
"""Candidate events to try an expression on."""


def fault(expr: pl.Expr, probe: pl.DataFrame, dtype: pl.DataType) -> Fault | None:
    """Why an expression cannot be part of a repair and what to do about it, or None.

    Args:
        expr: over the columns of `probe`.
        probe: `EVENT` or `ITEM`.
        dtype: what it must give.
    """
    if not isinstance(expr, pl.Expr):
        return "is no polars expression", "Use pl.col, pl.lit and the like."
    try:
        kinds = set(_kinds(_tree(expr)))
        for kind, problem in _FORBIDDEN.items():
            if kind in kinds:
                return problem
        if not _row_by_row(expr):
            return _NEIGHBOURS
        given = _alone(expr, probe)
        among = probe.select(pl.first(), result=expr)["result"]
        reverse = probe.reverse().select(pl.first(), result=expr)["result"].reverse()
    except ColumnNotFoundError as problem:
        return f"asks for what is not there ({_line(problem)})", f"There are: {', '.join(probe.columns)}."
    except (PolarsError, ValueError) as problem:
        return f"fails for some JSON text ({_line(problem)})", "Casts take strict=False."
    if given.dtype != dtype or among.dtype != dtype:
        return f"gives {among.dtype}, not {dtype}", 'Columns hold JSON text: 12.5 or "a", quotes included.'
    if not given.equals(among) or not given.equals(reverse):
        return _NEIGHBOURS
    return None


def _alone(expr: pl.Expr, probe: pl.DataFrame) -> pl.Series:
    """What it gives for each row when there is no other."""
    rows = [probe[i].lazy().select(pl.first(), result=expr) for i in range(probe.height)]
    return pl.concat([one["result"] for one in pl.collect_all(rows)])


def _row_by_row(expr: pl.Expr) -> bool:
    """Whether no part of it is known to look at several rows; what is done within a list may."""
    if next(iter(_kinds(_tree(expr))), None) == "Eval":
        return True
    try:
        alone = expr.meta.is_row_separable()
    except ColumnNotFoundError:  # polars' answer wherever there is an Eval further down
        alone = True
    return alone and all(_row_by_row(part) for part in expr.meta.pop(schema=EVENT.schema | ITEM.schema))


def _tree(expr: pl.Expr) -> object:
    return json.loads(expr.meta.serialize(format="json"))


def _kinds(node: object) -> Iterator[str]:
    """The kinds of node in a serialized expression."""
    if isinstance(node, dict):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for member in node:
            yield from _kinds(member)


def _line(problem: Exception) -> str:
    return str(problem).partition("\n")[0]
