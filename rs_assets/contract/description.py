"""The contract as data: what its declarations say, read from them.

Belongs here: fields, event types, conditions and codes as dataclasses, for the page, the JSON and the JSON Schema of
`rs-assets contract`. Does not belong here: any fact of the contract (`schemas/`), or how one is written down
(`json_schema`, the command).

What a check holds is read from its statistics. One that asks only which fields are there (`presence`) is tried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pandera.polars as pa
import polars as pl

from rs_assets.contract import schemas
from rs_assets.contract.codes import CONTRACT_VERSION, FLAG_MEANINGS, MEANINGS, Code
from rs_assets.contract.exact import MAX_EVENTS
from rs_assets.contract.rules import compile_schema

WORDS = ("says", "quick", "on_null", "path")  # statistics that are no limits


@dataclass(frozen=True)
class Demand:
    """One check: its reason code, what it expects in its own words, and what of that is a number or a pattern."""

    code: str
    expected: str
    limits: Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field of the payload."""

    path: str
    kind: str
    required: bool
    demands: list[Demand]


@dataclass(frozen=True)
class Condition:
    """Where all of `given` are there, one of `needs` must be, too."""

    given: list[str]
    needs: list[str]

    def __str__(self) -> str:
        needs = " or ".join(self.needs)
        return f"{needs} where there is {' and '.join(self.given)}" if self.given else needs


@dataclass(frozen=True)
class Rule:
    """A check over several fields. `conditions` is empty where it asks for more than which of them are there."""

    code: str
    path: str
    expected: str
    limits: Mapping[str, Any]
    conditions: list[Condition] = field(default_factory=list)


@dataclass(frozen=True)
class EventType:
    """An event type: the fields it requires, and the rules that hold for it between fields."""

    name: str
    requires: list[Field]
    rules: list[Rule]


@dataclass(frozen=True)
class Contract:
    """All of it. `event` has the fields of the body, too: a path that starts with `body.` is one."""

    version: str
    max_events: int
    envelope: list[Field]
    envelope_rules: list[Rule]
    event: list[Field]
    item: list[Field]
    item_rules: list[Rule]
    shape_rules: list[Rule]
    event_types: list[EventType]
    codes: Mapping[str, str]
    flags: Mapping[str, str]


def describe(event_types: Iterable[str] = schemas.EVENT_TYPES) -> Contract:
    """The contract, of the given event types."""
    return Contract(
        version=CONTRACT_VERSION,
        max_events=MAX_EVENTS,
        envelope=_fields(schemas.ENVELOPE),
        envelope_rules=list(_rules(schemas.ENVELOPE)),
        event=_fields(schemas.EVENT_NAME) + _fields(schemas.EVENT),
        item=_fields(schemas.ITEM),
        item_rules=list(_rules(schemas.ITEM)),
        shape_rules=list(_rules(schemas.SHAPE)),
        event_types=[
            EventType(name, _fields(schemas.EVENT_TYPES[name]), list(_rules(schemas.EVENT, name)))
            for name in event_types
        ],
        codes={str(code): meaning for code, meaning in MEANINGS.items()},
        flags={str(flag): meaning for flag, meaning in FLAG_MEANINGS.items()},
    )


def _fields(schema: pa.DataFrameSchema) -> list[Field]:
    return [_field(column) for column in schema.columns.values()]


def _field(column: pa.Column) -> Field:
    metadata = column.metadata or {}
    demands = [Demand(str(c.name), c.statistics["says"].expected, _limits(c)) for c in column.checks]
    required = any(demand.limits.get("required") for demand in demands)
    said = [d for d in demands if d.code != Code.TYPE_MISMATCH and set(d.limits) != {"required"}]
    return Field(str(metadata["path"]), str(metadata["kind"]), required, said)


def _limits(check: pa.Check) -> dict[str, Any]:
    return {name: limit for name, limit in (check.statistics or {}).items() if name not in WORDS}


def _rules(schema: pa.DataFrameSchema, event_name: str = "") -> Iterator[Rule]:
    compiled = (rule for rule in compile_schema(schema) if rule.column is None)
    for check, rule in zip(schema.checks, compiled, strict=True):
        limits = _limits(check)
        conditions = list(_conditions(rule.holds, event_name)) if limits.pop("presence", False) else []
        yield Rule(rule.code, rule.path, rule.expected, limits, conditions)


def _conditions(holds: pl.Expr, event_name: str) -> Iterator[Condition]:
    """What an expression asks that sees nothing but which columns are there: what it refuses, turned."""
    names = [name for name in dict.fromkeys(holds.meta.root_names()) if name != "event_name"]
    for there in product((True, False), repeat=len(names)):
        row = {name: '"x"' if is_there else None for name, is_there in zip(names, there, strict=True)}
        frame = pl.DataFrame([row], schema=dict.fromkeys(names, pl.String))
        if not frame.with_columns(event_name=pl.lit(f'"{event_name}"')).select(holds).item():
            given = [name for name in names if row[name]]
            yield Condition(given, [name for name in names if name not in given])
