"""The contract's pandera schemas: the envelope, the event, the event types, the item."""

import pandera.polars as pa

from rs_assets.contract.schemas.declared import brought, by_name
from rs_assets.contract.schemas.envelope import ENVELOPE
from rs_assets.contract.schemas.event import BODY, GA4_PARAMS, event, event_micros, event_name
from rs_assets.contract.schemas.items import ITEM
from rs_assets.contract.schemas.shape import SHAPE
from rs_assets.extending import declared

# Columns that rows have besides the parameters, in `valid_events` or on their way there.
OURS = {
    *map(str, ENVELOPE.columns),
    *BODY,
    *("items", "event", "event_id", "event_index", "event_micros", "event_name", "event_time", "fingerprint"),
    *(
        "flags",
        "folder_log_date",
        "folder_site",
        "is_late",
        "is_object",
        "k",
        "keys",
        "length",
        "line",
        "log_date",
    ),
    *("of_event", "of_items", "of_params", "params", "raw", "received_at", "received_time", "repairs", "row"),
    *("segment", "session_ref", "shape", "user_agent", "item_ids", "item_prices"),
}

EVENT_TYPES = by_name(declared("events", pa.DataFrameSchema))
PARAMS = {**GA4_PARAMS, **brought(EVENT_TYPES.values(), GA4_PARAMS, OURS)}
EVENT = event(PARAMS)
EVENT_NAME = event_name(tuple(EVENT_TYPES))

__all__ = [
    "BODY",
    "ENVELOPE",
    "EVENT",
    "EVENT_NAME",
    "EVENT_TYPES",
    "ITEM",
    "PARAMS",
    "SHAPE",
    "event_micros",
]
