"""The keywords of JSON Schema for what a check holds.

Belongs here: one field, one limit, one condition. Does not belong here: how they are put together (`json_schema`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from rs_assets.contract.description import Condition, Field, Rule
from rs_assets.contract.fields import INTEGER, NUMBER, OBJECT, SCALAR, TEXT

Schema: TypeAlias = dict[str, Any]

TYPES = {
    TEXT: ["string"],
    NUMBER: ["number"],
    INTEGER: ["integer"],
    SCALAR: ["string", "integer"],
    OBJECT: ["object"],
    "items": ["array"],
}
LEAST = {
    TEXT: "minLength",
    NUMBER: "minimum",
    INTEGER: "minimum",
    "items": "minItems",
    OBJECT: "minProperties",
}
MOST = {
    TEXT: "maxLength",
    NUMBER: "maximum",
    INTEGER: "maximum",
    "items": "maxItems",
    OBJECT: "maxProperties",
}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""What the contract takes for an integer."""


def field(one: Field, kind: str = "") -> Schema:
    """A field: its type, what its checks limit, and what they expect in their words.

    Args:
        one: the field.
        kind: of the field, where `one` is one that an event type requires and does not say it.
    """
    kind = kind or one.kind
    types = [*TYPES[kind], *([] if one.required else ["null"])]
    made: Schema = {"type": types[0] if len(types) == 1 else types}
    if kind in (INTEGER, SCALAR):
        made |= INT64
    for demand in one.demands:
        limit(made, demand.limits, kind)
    expected = "; ".join(demand.expected for demand in one.demands)
    return made | ({"description": expected} if expected else {})


def limit(made: Schema, limits: Mapping[str, Any], kind: str) -> None:
    """Add a check's limits, as those of a field of this kind."""
    for name, value in limits.items():
        match name:
            case "at_least":
                made[LEAST[kind]] = _plain(value)
            case "at_most":
                made[MOST[kind]] = _plain(value)
            case "pattern":
                made["pattern"] = value
            case "members":
                made["patternProperties"] = {of: {"type": "string", "pattern": a} for of, a in value.items()}
            case "names":
                made.setdefault("propertyNames", {})["pattern"] = value
            case "no_names":
                made.setdefault("propertyNames", {})["not"] = {"pattern": value}


def _plain(limit: float) -> float:
    """`1000000`, not `1000000.0`."""
    return int(limit) if limit == int(limit) else limit


def between(rules: Iterable[Rule]) -> Schema:
    """Which fields must be there where others are."""
    asked = [_condition(condition) for rule in rules for condition in rule.conditions]
    return {"allOf": asked} if asked else {}


def _condition(condition: Condition) -> Schema:
    needed: Schema = {"anyOf": [_there([name]) for name in condition.needs]}
    needed = needed["anyOf"][0] if len(condition.needs) == 1 else needed
    return {"if": _there(condition.given), "then": needed} if condition.given else needed


def _there(names: list[str]) -> Schema:
    return {"required": names, "properties": {name: {"not": {"type": "null"}} for name in names}}


def comment(rules: Iterable[Rule]) -> Schema:
    """What is asked that no keyword says."""
    unsaid = [f"{rule.code}: {rule.expected}" for rule in rules if not rule.limits and not rule.conditions]
    return {"$comment": "; ".join(unsaid)} if unsaid else {}
