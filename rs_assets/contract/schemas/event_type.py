"""How an event type is declared: a name and what it requires.

Adding one is a line in a family module (`commerce`, `engagement`) or a new module listed in `__init__`.
"""

from __future__ import annotations

import pandera.polars as pa

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import check, column, required


def event_type(name: str, *requires: str) -> pa.DataFrameSchema:
    """The schema of the events called `name`, on top of the event's own.

    Args:
        name: GA4's event name.
        requires: parameters that must be there. `items` must then hold at least one item.
    """
    columns = {
        field: _items() if field == "items" else column(f"params.{field}", "any", [required()])
        for field in requires
    }
    return pa.DataFrameSchema(columns, name=name)


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
