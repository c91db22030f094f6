"""The classes of fault, and every kind of damage that stands for one.

Belongs here: the list of them all, and on which events each can stand. Does not belong here: how the damage
is done (`event_faults`, `line_faults`) or where (`planting`).
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js
from rs_assets.log.generator.event_faults import EVENT_KINDS
from rs_assets.log.generator.kinds import Kind
from rs_assets.log.generator.line_faults import LINE_KINDS
from rs_assets.log.generator.vocabulary import BUY, EVERY

FAULTS: tuple[str, ...] = (
    "JSON_MALFORMED",
    "LINE_TRUNCATED",
    "ENCODING_INVALID",
    "NUL_BYTE",
    "BODY_TOO_LARGE",
    "TOO_MANY_EVENTS",
    "CLIENT_ID_MISSING",
    "NAME_INVALID",
    "NAME_RESERVED",
    "NAME_DUPLICATED",
    "EVENT_UNKNOWN",
    "TOO_MANY_PARAMS",
    "VALUE_TOO_LONG",
    "FIELD_MISSING",
    "TYPE_MISMATCH",
    "OUT_OF_RANGE",
    "ENUM_INVALID",
    "VALUE_CURRENCY_PAIR",
    "ITEMS_MALFORMED",
    "TS_INVALID",
    "TS_FUTURE",
    "DUPLICATE",
    "TRANSACTION_REPEATED",
)
"""The reason codes that the generator can plant."""

# A page that is loaded again sends its purchase again, at another time.
_AGAIN = {"own_time": js.number(pl.col("time") + 1_000)}

KINDS: tuple[Kind, ...] = (
    *LINE_KINDS,
    *EVENT_KINDS,
    Kind("DUPLICATE", EVERY, "copy"),
    Kind("TRANSACTION_REPEATED", (BUY,), "copy", _AGAIN),
)
"""Every kind of damage; its place here is the number by which frames name it."""


def kinds_of(reason: str) -> list[int]:
    """The numbers of the kinds that stand for a reason."""
    return [number for number, kind in enumerate(KINDS) if kind.reason == reason]
