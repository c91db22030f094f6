"""Pandera schemas, compiled: every check as one polars expression.

Belongs here: turning the checks of a `DataFrameSchema` into `Rule`s that are evaluated together, as one
columnar pass. Does not belong here: the rules themselves (`schemas/`), or what happens to rows that fail
(`verdict`). Plain `schema.validate(frame, lazy=True)` is the judge: tests hold this module to it.

A check's function is called once, with a stand-in that records the expression it selects. Whatever is not
exactly one expression (an element-wise function, say) cannot be part of the pass and is refused at import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from rs_assets.contract.fields import Expectation


@dataclass(frozen=True)
class Rule:
    """One check. `holds` is true where a row is fine; it is never null.

    `quick` is cheaper and only true where `holds` is, which need not be asked there.
    `spares` is the column without which the rule has nothing to say: where that is null, it holds.
    """

    code: str
    path: str
    holds: pl.Expr
    expected: str
    message: str
    column: str | None
    spares: str | None = None
    quick: pl.Expr | None = None


class _Recorder:
    """Stands in for the LazyFrame a check is given and keeps the expression it selects."""

    def __init__(self) -> None:
        self.selected: list[pl.Expr] = []

    def select(self, expr: pl.Expr) -> _Recorder:
        self.selected.append(expr)
        return self


def compile_schema(schema: pa.DataFrameSchema) -> list[Rule]:
    """The rules of a schema, columns first, in the order of their declaration.

    Raises:
        TypeError: a check is not one polars expression, or was not declared through `fields`.
    """
    return [*_column_rules(schema), *(_rule(check, schema, None, "") for check in schema.checks)]


def for_event_types(schemas: Mapping[str, pa.DataFrameSchema], name: str = "event_name") -> list[Rule]:
    """The rules of the event types, each applied to the events of its name.

    Types that ask for the same (a `value`, say) share one rule.
    """
    asked: dict[tuple[str, str, str], tuple[Rule, list[str]]] = {}
    for event_name, schema in schemas.items():
        for rule in compile_schema(schema):
            same = asked.setdefault((rule.code, rule.path, rule.expected), (rule, []))
            same[1].append(f'"{event_name}"')
    return [
        replace(rule, spares=None, holds=~_is_one_of(pl.col(name), names).fill_null(False) | rule.holds)
        for rule, names in asked.values()
    ]


def _is_one_of(name: pl.Expr, names: Sequence[str]) -> pl.Expr:
    return name == names[0] if len(names) == 1 else name.is_in(names)


def looked_at(rules: Iterable[Rule]) -> frozenset[str]:
    """The columns that must be there, if only with nulls, for the rules that no null spares."""
    return frozenset(name for rule in rules if rule.spares is None for name in rule.holds.meta.root_names())


def _column_rules(schema: pa.DataFrameSchema) -> Iterator[Rule]:
    for name, column in schema.columns.items():
        for check in column.checks:
            yield _rule(check, schema, name, str((column.metadata or {})["path"]))


def _rule(check: pa.Check, schema: pa.DataFrameSchema, column: str | None, path: str) -> Rule:
    recorder = _Recorder()
    says = (check.statistics or {}).get("says")
    if not isinstance(says, Expectation):
        raise TypeError(f"{schema.name}: the check {check.name} of {column} was not made by contract.fields.")
    # The stand-in has all of a LazyFrame that a check made by `fields` touches; others fail in ways of their own.
    with suppress(AttributeError, TypeError):
        check._check_fn(PolarsData(cast("pl.LazyFrame", recorder), column or "*"))
    if check.element_wise or len(recorder.selected) != 1 or not isinstance(recorder.selected[0], pl.Expr):
        raise TypeError(f"{schema.name}: the check {check.name} of {column} is not one polars expression.")
    statistics: dict[str, Any] = check.statistics or {}
    holds = recorder.selected[0]
    return Rule(
        code=str(check.name),
        path=str(statistics.get("path", path)),
        holds=holds,
        expected=says.expected,
        message=says.message,
        column=column,
        quick=_quick(statistics.get("quick"), column, statistics.get("on_null", True)),
        spares=column if column is not None and _holds_on_null(holds, column, schema) else None,
    )


def _quick(cheaper: Callable[[pl.Expr], pl.Expr] | None, column: str | None, on_null: bool) -> pl.Expr | None:
    return cheaper(pl.col(column)).fill_null(on_null) if cheaper is not None and column is not None else None


def _holds_on_null(holds: pl.Expr, column: str, schema: pa.DataFrameSchema) -> bool:
    """Whether a null in the column is enough for the rule to hold, whatever the others are: it asks for no other."""
    if set(holds.meta.root_names()) != {column} or schema.columns[column].dtype is None:
        return False
    return bool(pl.DataFrame({column: [None]}, schema={column: pl.String}).select(holds).item())
