"""How an event type is declared: a name, what it requires, and the parameters that only it has brought.

Belongs here: the call that ours and a company's event types are declared by. Does not belong here: the types, which
are modules in a room of events (`events`, or a project's own); putting them together (`declared`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandera.polars as pa

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import check, column, required


def event_type(
    name: str, *requires: str, params: Mapping[str, pa.Column] | None = None
) -> pa.DataFrameSchema:
    """The schema of the events called `name`, on top of the event's own.

    Args:
        name: GA4's event name, or one of your own.
        requires: parameters that must be there. `items` must then hold at least one item.
        params: those that GA4 does not have, as `fields` declares them: `{"seats": integer("params.seats")}`. Each
            is a column of `valid_events`, and any event may send it.
    """
    columns = {
        field: _items() if field == "items" else column(f"params.{field}", "any", [required()])
        for field in requires
    }
    return pa.DataFrameSchema(columns, name=name, metadata={"params": dict(params or {})})


def _items() -> pa.Column:
    checks = [
        required(),
        check(
            Code.ITEMS_MALFORMED,
            lambda c: c.list.len() > 0,
            "at least one item",
            "is empty",
            at_least=1,
        ),
    ]
    return pa.Column(None, checks, nullable=True, metadata={"path": "params.items", "kind": "items"})
