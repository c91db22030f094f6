"""The event types of all projects, put together, and the parameters that they bring.

Belongs here: what must hold between them. Does not belong here: declaring one (`event_type`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandera.polars as pa

from rs_assets.contract.schemas.event import NAME, RESERVED
from rs_assets.errors import UserError


def by_name(types: Iterable[pa.DataFrameSchema]) -> dict[str, pa.DataFrameSchema]:
    """The event types by their names, in their order.

    Raises:
        UserError: two have one name, or one has a name that no event may have.
    """
    found: dict[str, pa.DataFrameSchema] = {}
    for one in types:
        name = str(one.name)
        if name in found:
            raise UserError(f"The event type {name} is declared twice.", "Leave one of them out.")
        _require_name(f"The event type {name}", name)
        found[name] = one
    return found


def brought(
    types: Iterable[pa.DataFrameSchema], known: Mapping[str, pa.Column], taken: Iterable[str]
) -> dict[str, pa.Column]:
    """The parameters that the event types bring along, by name.

    Args:
        types: in their order.
        known: GA4's parameters, which need no declaration.
        taken: names that columns of `valid_events` and of the pass over the log have.

    Raises:
        UserError: one is declared twice, is GA4's, takes a name of ours, or is declared under another's path; or an
            event type requires what nobody has declared.
    """
    types, taken = tuple(types), frozenset(taken)
    found: dict[str, pa.Column] = {}
    for one in types:
        for name, column in (one.metadata or {}).get("params", {}).items():
            where = f"The parameter {name} of the event type {one.name}"
            if name in known or name in found:
                raise UserError(f"{where} is declared already.", "Require it, and declare it no second time.")
            if name in taken:
                raise UserError(f"{where} has the name of a column of ours.", "Call it something else.")
            _require_name(where, name)
            if (column.metadata or {}).get("path") != f"params.{name}":
                raise UserError(f"{where} is not the field params.{name}.", f'Declare it by "params.{name}".')
            found[name] = column
    for one in types:
        for name in map(str, one.columns):
            if name not in known and name not in found and name != "items":
                raise UserError(
                    f"The event type {one.name} requires {name}, which is no parameter of the contract.",
                    f'Declare it: event_type(…, params={{"{name}": text("params.{name}")}}).',
                )
    return found


def _require_name(where: str, name: str) -> None:
    if not re.fullmatch(NAME, name) or re.match(RESERVED, name):
        raise UserError(
            f"{where} has a name that GA4 would not take.",
            "Use a letter, then letters, digits and underscores, 40 at most; not ga_, google_ or firebase_.",
        )
